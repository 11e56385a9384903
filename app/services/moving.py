"""Plans for `transfer`: files and folders that are copied under their own names."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from app.domain.errors import UseError
from app.domain.transfer import MemberPlan, TransferPlan


def move_plans(sources: list[Path]) -> tuple[TransferPlan, ...]:
    """Return one plan for each source; a folder is one plan, published as one, below its own name.

    Raises UseError for a source that is not there or two that share a name.
    """
    names: dict[str, Path] = {}
    for source in sources:
        other = names.setdefault(source.name.casefold(), source)
        if other is not source:
            raise UseError("Two sources, one name", f"{other} and {source}", "Copy them to different folders")
    return tuple(_plan(source) for source in sources)


def _plan(source: Path) -> TransferPlan:
    if source.is_symlink() or not source.exists():
        raise UseError("No such file or folder", str(source), "Check the spelling; links are not followed")
    files = [source] if source.is_file() else list(_files(source))
    if not files:
        raise UseError("Nothing to copy", f"{source} is empty", "Name a folder that holds files")
    members = []
    for file in files:
        found = file.stat()
        final = file.relative_to(source.parent).as_posix()
        members.append(MemberPlan(file, final, found.st_size, found.st_mtime_ns))
    digest = hashlib.sha256()
    for member in members:
        digest.update(f"{member.final}\0{member.size_bytes}\0{member.mtime_ns}\0".encode())
    return TransferPlan(digest.hexdigest()[:16], tuple(members))


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            file = Path(parent) / name
            if file.is_symlink():
                raise UseError("A link lies among the files", str(file), "Copy the file itself; links are not followed")
            yield file
