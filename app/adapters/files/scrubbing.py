"""Re-reading a destination and comparing it with its manifests: all of it, or files that are named."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from app.adapters.files import names, platform
from app.adapters.files.failures import at_destination, from_destination
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
    ListedFile,
    ScrubFinding,
    ScrubResult,
    TransferWatch,
)

_LINES_NAMED = 5


def listed_files(site: Site) -> Iterator[ListedFile]:
    """Yield every line of every manifest, folder by folder; takes no lock, and keeps one folder in memory at a time."""
    with about_the_root(site.tree.root):
        for contents in site.tree.folders():
            manifest = _manifest_of(contents)
            for name, sha256 in manifest.listed.items():
                status = contents.entries.get(name)
                path = site.tree.relative(contents.folder / name)
                yield ListedFile(path, sha256, status.st_size if status else 0)
            if manifest.faulty:
                yield ListedFile(site.tree.relative(contents.folder / names.MANIFEST_NAME), "")
    site.require_id()  # an empty mount point lists nothing, too


def scrub(site: Site, watch: TransferWatch) -> ScrubResult:
    """Hash every listed file from the medium; also name what is missing and what no manifest lists.

    Ends early, with what was found so far, when the watch says so.
    """
    pass_ = None
    try:
        pass_ = _Pass(site, _listed_bytes(site, watch), watch)
        with about_the_root(site.tree.root):
            for contents in site.tree.folders():
                pass_.check_folder(contents)
    except StoppedError:
        return pass_.result(stopped=True) if pass_ else ScrubResult(0, 0, (), stopped=True)
    return pass_.result(stopped=False)


def scrub_files(site: Site, paths: Sequence[str], watch: TransferWatch) -> ScrubResult:
    """Hash these listed files in this order; one that no manifest lists any more has moved, and is no finding."""
    places = [site.tree.root.joinpath(*path.split("/")) for path in paths]
    pass_ = _Pass(site, sum(status.st_size for each in places if (status := plain_status(each))), watch)
    folder, manifest = None, Manifest({})
    try:
        for path in places:
            if path.parent != folder:
                folder, manifest = path.parent, pass_.open_manifest(path.parent)
            pass_.check_named(path, manifest)
    except StoppedError:
        return pass_.result(stopped=True)
    return pass_.result(stopped=False)


class _Pass:
    """One reading: counts, and gathers what is not as it should be."""

    def __init__(self, site: Site, total_bytes: int, watch: TransferWatch) -> None:
        self._site = site
        self._meter = Meter(total_bytes, watch)
        self._findings: list[ScrubFinding] = []
        self._files = 0
        self._bytes = 0

    def result(self, *, stopped: bool) -> ScrubResult:
        """Return what was found; raise DestinationError when the share went away meanwhile: all looks empty then."""
        self._site.require_id()
        found = tuple(sorted(self._findings, key=lambda each: each.path))
        return ScrubResult(self._files, self._bytes, found, stopped)

    def check_folder(self, contents: FolderContents) -> None:
        for path, error in contents.failed:
            self._note_unreadable(path, from_destination(error, path))
        manifest = self.open_manifest(contents.folder) if names.MANIFEST_NAME in contents.entries else Manifest({})
        if names.is_new_manifest(contents.folder.name):
            return  # on its way out: a manifest that lists nothing any more
        for name in sorted(manifest.listed):
            status = contents.entries.get(name)
            self._check(contents.folder / name, manifest.listed[name], status)
        for name, status in contents.entries.items():
            if name not in manifest.listed and not names.is_own(name):
                problem = LINK if platform.is_link(status) else NOT_LISTED
                self._note(contents.folder / name, None, problem)

    def check_named(self, path: Path, manifest: Manifest) -> None:
        if path.name in manifest.listed:
            with at_destination(path):
                try:
                    status = path.lstat()
                except (FileNotFoundError, NotADirectoryError):
                    status = None
            self._check(path, manifest.listed[path.name], status)
        else:
            self._files += 1

    def open_manifest(self, folder: Path) -> Manifest:
        """Return a folder's manifest; faulty lines, or a manifest that cannot be read at all, are findings."""
        path = folder / names.MANIFEST_NAME
        try:
            manifest = load_manifest(folder)
        except SlideferryError as error:
            self._note_unreadable(path, error, problem=BAD_MANIFEST)
            return Manifest({})
        if manifest.faulty:
            numbers = ", ".join(str(each) for each in manifest.faulty[:_LINES_NAMED])
            more = f" and {len(manifest.faulty) - _LINES_NAMED} more" if len(manifest.faulty) > _LINES_NAMED else ""
            detail = f"not lines of sha256sum: {numbers}{more}"
            self._findings.append(ScrubFinding(self._site.tree.relative(path), BAD_MANIFEST, detail=detail))
        return manifest

    def _check(self, path: Path, sha256: str, status: os.stat_result | None) -> None:
        self._meter.require_running()
        if status is None or platform.is_link(status):
            self._note(path, sha256, MISSING if status is None else LINK)
        else:
            self._compare(path, sha256)
        self._files += 1
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
        if not _explained(path, sha256):
            self._findings.append(ScrubFinding(self._site.tree.relative(path), problem, sha256 or "", found))

    def _note_unreadable(
        self, path: Path, error: SlideferryError, *, listed: str = "", problem: str = UNREADABLE
    ) -> None:
        """Note what cannot be read as a finding of its own; a share that went away ends the whole reading."""
        if isinstance(error, DestinationError):
            raise error
        self._site.require_id()
        self._findings.append(ScrubFinding(self._site.tree.relative(path), problem, listed, detail=error.message))


def _listed_bytes(site: Site, watch: TransferWatch) -> int:
    """Return how many bytes there are to read."""
    total = 0
    with about_the_root(site.tree.root):
        for contents in site.tree.folders():
            Meter(0, watch).require_running()
            entries: Mapping[str, os.stat_result] = contents.entries
            total += sum(entries[name].st_size for name in _manifest_of(contents).listed if name in entries)
    return total


def _manifest_of(contents: FolderContents) -> Manifest:
    """Return a listed folder's manifest, an empty one where it cannot be read: that is told where it is checked."""
    if names.MANIFEST_NAME not in contents.entries or names.is_new_manifest(contents.folder.name):
        return Manifest({})
    try:
        return load_manifest(contents.folder)
    except DestinationError:
        raise
    except SlideferryError:
        return Manifest({}, (0,))


def _explained(path: Path, sha256: str | None) -> bool:
    """Return whether another program published or moved the file while we read: it or its line changed meanwhile."""
    if sha256 is None and not path.is_symlink() and not path.exists():
        return True
    try:
        return load_manifest(path.parent).listed.get(path.name) != sha256
    except DestinationError:
        raise
    except SlideferryError:
        return False
