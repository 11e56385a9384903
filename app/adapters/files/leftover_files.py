"""What ended programs of ours left on a destination: listed for people, removed one by one when a person says so."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.files import names, platform
from app.adapters.files.failures import at_destination
from app.adapters.files.site import Site
from app.domain.errors import UseError
from app.domain.share import Leftover


def list_leftovers(site: Site) -> Iterator[Leftover]:
    """Yield every file of ours that is neither a scan nor needed by a program at work, as far as the share shows."""
    with at_destination(site.tree.root):
        for contents in (*site.tree.control_folders(), *site.tree.folders()):
            for name, status in contents.entries.items():
                relative = site.tree.relative(contents.folder / name)
                kind = names.kind_of_leftover(relative)
                if kind is not None:
                    written_at = datetime.fromtimestamp(status.st_mtime, UTC)
                    yield Leftover(relative, kind, status.st_size, written_at, names.part_fingerprint(name))


def remove_leftover(site: Site, leftover: Leftover) -> None:
    """Remove one, if it is still what was listed.

    Raises UseError for any other file: not ours, not below the root, a link, or written to since it was listed.
    """
    path = _place(site, leftover.path)
    with at_destination(path):
        try:
            status = path.lstat()
        except FileNotFoundError:
            raise UseError("There is no such leftover", f"{leftover.path} is not there") from None
    if platform.is_link(status) or not stat.S_ISREG(status.st_mode):
        raise UseError("This is no leftover", f"{leftover.path} is a link or a folder", "Look at it yourself")
    written_at = datetime.fromtimestamp(status.st_mtime, UTC)
    if (status.st_size, written_at) != (leftover.size_bytes, leftover.written_at):
        raise UseError("Somebody still writes it", f"{leftover.path} has changed since it was listed", "Leave it alone")
    with at_destination(path):
        platform.remove_if_there(path)
        if names.is_new_manifest(path.parent.name):
            path.parent.rmdir()
        platform.sync_folder(path.parent if path.parent.is_dir() else path.parent.parent)


def _place(site: Site, relative: str) -> Path:
    parts = relative.split("/")
    if any(part in {"", ".", ".."} for part in parts) or names.kind_of_leftover(relative) is None:
        raise UseError("This is no leftover", relative, "`leftovers` lists what may be removed")
    folder = site.tree.root
    for part in parts[:-1]:
        folder = folder / part
        with at_destination(folder):
            try:
                is_plain = not platform.is_link(folder.lstat())
            except FileNotFoundError:
                raise UseError("There is no such leftover", f"{relative} is not there") from None
        if not is_plain:
            raise UseError("A link is in the way", f"{folder} is a link, and links there are never followed")
    return site.tree.root.joinpath(*parts)
