"""Re-reading a destination and comparing it with its manifests: all of it, or files that are named."""

import os
from collections.abc import Sequence
from pathlib import Path

from app.adapters.files import names, platform
from app.adapters.files.failures import from_destination
from app.adapters.files.lines import (
    UNREADABLE_MANIFEST,
    hashes_now,
    listed_bytes,
    manifest_folders,
    name_below,
    size_of,
)
from app.adapters.files.manifest import Manifest, load_manifest
from app.adapters.files.medium import hash_medium
from app.adapters.files.meter import Meter
from app.adapters.files.site import Site, about_the_root
from app.adapters.files.tree import FolderContents, plain_status
from app.domain.errors import DestinationError, SlideferryError, StoppedError
from app.domain.transfer import (
    BAD_MANIFEST,
    DIFFERS,
    LINK,
    MISSING,
    NOT_LISTED,
    UNREADABLE,
    ScrubFinding,
    ScrubResult,
    TransferWatch,
)

_LINES_NAMED = 5


def scrub(site: Site, watch: TransferWatch) -> ScrubResult:
    """Hash every listed file from the medium; also name what is missing and what no manifest lists.

    Ends early, with what was found so far, when the watch says so.
    """
    pass_ = None
    try:
        pass_ = _Pass(site, listed_bytes(site.tree, watch), watch)
        with about_the_root(site.tree.root):
            for contents in site.tree.folders():
                pass_.check_folder(contents)
    except StoppedError:
        return pass_.result(stopped=True) if pass_ else ScrubResult(0, 0, (), stopped=True)
    return pass_.result(stopped=False)


def scrub_files(site: Site, paths: Sequence[str], watch: TransferWatch) -> ScrubResult:
    """Hash these listed files in this order; one that no manifest lists any more may have moved, and is no finding."""
    places = [site.tree.root.joinpath(*path.split("/")) for path in paths]
    pass_ = _Pass(site, sum(size_of(site.tree, each) for each in places), watch)
    try:
        for path in places:
            pass_.check_named(path)
    except StoppedError:
        return pass_.result(stopped=True)
    return pass_.result(stopped=False)


class _Pass:
    """One reading: counts, and gathers what is not as it should be."""

    def __init__(self, site: Site, total_bytes: int, watch: TransferWatch) -> None:
        self._site = site
        self._meter = Meter(total_bytes, watch)
        self._findings: set[ScrubFinding] = set()
        self._listed_above: dict[Path, set[str]] = {}
        self._open: dict[Path, Manifest] = {}
        self._unlisted: list[str] = []
        self._files = 0
        self._bytes = 0

    def result(self, *, stopped: bool) -> ScrubResult:
        """Return what was found; raise DestinationError when the share went away meanwhile: all looks empty then."""
        self._site.require_id()
        found = tuple(sorted(self._findings, key=lambda each: (each.path, each.problem)))
        return ScrubResult(self._files, self._bytes, found, stopped, tuple(self._unlisted))

    def check_folder(self, contents: FolderContents) -> None:
        manifest = self.open_manifest(contents.folder) if names.MANIFEST_NAME in contents.entries else Manifest({})
        for path, error in contents.failed:
            if path.name not in manifest.listed:
                self._note_unreadable(path, from_destination(error, path))
        if names.is_new_manifest(contents.folder.name):
            return  # on its way out: a manifest that lists nothing any more
        for name in sorted(manifest.listed):
            self._check_line(contents, name, manifest.listed[name])
        listed = manifest.listed.keys() | self._listed_above.pop(contents.folder, set())
        for name, status in contents.entries.items():
            if name not in listed and not names.is_own(name):
                problem = LINK if platform.is_link(status) else NOT_LISTED
                self._note(contents.folder / name, None, problem)

    def _check_line(self, contents: FolderContents, name: str, sha256: str) -> None:
        path = contents.folder / name
        if "/" in name:
            self._listed_above.setdefault(path.parent, set()).add(path.name)
        if name in contents.entries:
            self._check(path, sha256, contents.entries[name])
        else:
            self._look(path, sha256)
        self._files += 1

    def check_named(self, path: Path) -> None:
        """Check a file against every manifest that lists it; those of its folders stay open for the next file."""
        try:
            folders = manifest_folders(self._site.tree, path)
        except SlideferryError as error:
            self._note_unreadable(path, error)
            folders = ()
        self._open = {each: self._open.get(each) or self.open_manifest(each) for each in folders}
        lines = (manifest.listed.get(name_below(folder, path)) for folder, manifest in self._open.items())
        listed = sorted({each for each in lines if each is not None})
        for sha256 in listed:
            self._look(path, sha256)
        if not listed:
            self._unlisted.append(self._site.tree.relative(path))
        self._files += 1

    def _look(self, path: Path, sha256: str) -> None:
        """Check a listed file of which nothing is known yet."""
        try:
            status = self._site.tree.status(path)
        except SlideferryError as error:
            self._note_unreadable(path, error, listed=sha256)
            return
        self._check(path, sha256, status)

    def open_manifest(self, folder: Path) -> Manifest:
        """Return a folder's manifest; faulty lines, or a manifest that cannot be read at all, are findings."""
        path = folder / names.MANIFEST_NAME
        try:
            manifest = load_manifest(folder)
        except SlideferryError as error:
            self._note_unreadable(path, error, problem=BAD_MANIFEST)
            return UNREADABLE_MANIFEST
        told = (("not lines of sha256sum", manifest.faulty), ("names outside this folder", manifest.outside))
        detail = "; ".join(f"{what}: {_some(numbers)}" for what, numbers in told if numbers)
        if detail:
            self._findings.add(ScrubFinding(self._site.tree.relative(path), BAD_MANIFEST, detail=detail))
        return manifest

    def _check(self, path: Path, sha256: str, status: os.stat_result | None) -> None:
        self._meter.require_running()
        if status is None or platform.is_link(status):
            self._note(path, sha256, MISSING if status is None else LINK)
        else:
            self._compare(path, sha256)
        self._meter.finish_file()

    def _compare(self, path: Path, sha256: str) -> None:
        try:
            found, size_bytes, _ = hash_medium(path, self._count)
        except (StoppedError, DestinationError):
            raise
        except SlideferryError as error:
            if plain_status(path) is None:
                self._note(path, sha256, MISSING)
            else:
                self._note_unreadable(path, error, listed=sha256)
            return
        self._bytes += size_bytes
        if found != sha256:
            self._note(path, sha256, DIFFERS, found)

    def _count(self, size_bytes: int) -> None:
        self._meter.pace(size_bytes)
        self._meter.verified(size_bytes)

    def _note(self, path: Path, sha256: str | None, problem: str, found: str = "") -> None:
        if not _explained(self._site, path, sha256):
            self._findings.add(ScrubFinding(self._site.tree.relative(path), problem, sha256 or "", found))

    def _note_unreadable(
        self, path: Path, error: SlideferryError, *, listed: str = "", problem: str = UNREADABLE
    ) -> None:
        """Note what cannot be read as a finding of its own; a share that went away ends the whole reading."""
        if isinstance(error, DestinationError):
            raise error
        self._site.require_id()
        self._findings.add(ScrubFinding(self._site.tree.relative(path), problem, listed, detail=error.message))


def _some(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - _LINES_NAMED} more" if len(numbers) > _LINES_NAMED else ""
    return ", ".join(str(each) for each in numbers[:_LINES_NAMED]) + more


def _explained(site: Site, path: Path, sha256: str | None) -> bool:
    """Return whether another program published or moved the file while we read: it or its line changed meanwhile."""
    if sha256 is None and not path.is_symlink() and not path.exists():
        return True
    try:
        listed = hashes_now(site.tree, path)
    except DestinationError:
        raise
    except SlideferryError:
        return False
    return bool(listed) if sha256 is None else sha256 not in listed
