"""Finds scans in a watch folder: which files belong together, and what each scan is on disk now."""

import os
import stat
from pathlib import Path

from app.adapters.imaging.contents import ContentsMemory
from app.adapters.imaging.exclusive import is_free
from app.adapters.imaging.folder_listing import (
    FolderListing,
    Wanted,
    is_absent,
    join,
    list_folder,
    name_of,
    parent_of,
)
from app.adapters.imaging.grouping import Grouping
from app.adapters.imaging.names import is_ndtiff_level
from app.adapters.imaging.sidecars import Sidecars
from app.adapters.imaging.unseen import may_lack_members
from app.domain import long_path
from app.domain.errors import RetryableError, SurroundingsError, UseError
from app.domain.scan import Layout, Member, ScanSet, Survey, is_sidecar


class FolderFinder:
    """The port ScanFinder on a local or mounted folder; remembers what it saw inside files until they change."""

    def __init__(self) -> None:
        self._contents = ContentsMemory()

    def survey(self, root: Path) -> Survey:
        """Return every scan below `root`, also damaged and unfinished ones, ordered by path, and what was not seen.

        Sizes and times are those of the folder's listing, which on Windows may lag behind a file being written:
        `look` asks the files themselves. Raises SurroundingsError when the folder itself cannot be listed.
        """
        listing = list_folder(root)
        found = self._group(listing)
        return Survey(tuple(each for each in found if not may_lack_members(each, listing)), listing.trouble())

    def find(self, root: Path) -> tuple[ScanSet, ...]:
        """Return every scan below `root`, as `survey` does; raises SurroundingsError where not all of it was seen."""
        return self._group(_seen(list_folder(root)))

    def find_named(self, path: Path) -> tuple[ScanSet, ...]:
        """Return the scans a person means by a path: those in a folder, or the one a file belongs to.

        A file that belongs to no scan, such as a label picture, is a set of its own. Raises UseError when there is
        nothing, SurroundingsError when a folder cannot be listed.
        """
        place = Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve would follow links
        if long_path.reachable(place).is_dir():
            whole = self._as_one_folder(place)
            return (whole,) if whole is not None else self.find(place)
        member = _member_now(place.parent, place.name)
        if member is None:
            raise UseError("No such file", f"{path} does not exist, or is not a file.", "Check the path.")
        return (self._set_of(place, member),)

    def look(self, scan: ScanSet) -> ScanSet | None:
        """Return the set as it is on disk now, None when its main member is gone.

        Sizes and times come from the files themselves; members that came or went since are counted.
        """
        main = _member_now(scan.root, scan.main)
        if main is None:
            return None
        members = {member.path: _member_now(scan.root, member.path) for member in scan.members}
        image = [path for path in members if not is_sidecar(scan.main, path)]
        alone = scan.layout is Layout.FILE and len(image) == 1
        members.update(_sidecars_now(scan) if alone else self._new_members(scan))
        present = [member for member in members.values() if member is not None]
        ordered = tuple(sorted(present, key=lambda member: (member.path != scan.main, member.path)))
        return ScanSet(scan.root, scan.main, ordered, scan.layout)

    def can_open_exclusively(self, scan: ScanSet) -> bool:
        """Return False while another program holds a member open for writing (Windows; always True elsewhere)."""
        return all(is_free(scan.root / member.path) for member in scan.members)

    def _group(self, listing: FolderListing) -> tuple[ScanSet, ...]:
        return Grouping(listing, self._contents).run()

    def _as_one_folder(self, folder: Path) -> ScanSet | None:
        """Return the scan that is this whole folder, None where it holds several or other things."""
        if folder.parent == folder:
            return None
        if is_ndtiff_level(folder.name):
            return self._as_one_folder(folder.parent)
        found = self._group(_seen(list_folder(folder.parent, start=folder.name)))
        return found[0] if len(found) == 1 and found[0].layout is Layout.FOLDER and _fills(found[0], folder) else None

    def _set_of(self, place: Path, member: Member) -> ScanSet:
        """Return the set that a file belongs to, looking only where its kin can lie."""
        for root, start, wanted in _places_of_kin(place):
            path = place.relative_to(root).as_posix()
            listing = _seen(list_folder(root, start=start, wanted=_among(wanted)))
            for scan in self._group(listing):
                if any(each.path == path for each in scan.members) and (start == "" or scan.layout is Layout.FOLDER):
                    return scan
        return ScanSet(place.parent, place.name, (member,))

    def _new_members(self, scan: ScanSet) -> dict[str, Member | None]:
        """Return the members of the set as the rules find them now, each with its own size and time."""
        start = parent_of(scan.main)
        if is_ndtiff_level(name_of(start)):
            start = parent_of(start)
        stem = Path(scan.name).stem
        wanted = None if scan.layout is Layout.FOLDER else _among(frozenset((stem, f"_{stem}_")))
        try:
            listing = list_folder(scan.root, start=start, wanted=wanted)
        except SurroundingsError as error:
            raise _again(error) from error
        for each in self._group(listing):
            if each.main == scan.main or scan.main in {member.path for member in each.members}:
                trouble = listing.trouble() if may_lack_members(each, listing) else None
                if trouble is not None:
                    raise _again(trouble)
                return {member.path: _member_now(scan.root, member.path) for member in each.members}
        return {}


def _seen(listing: FolderListing) -> FolderListing:
    """Return a listing of which nothing is hidden; raises SurroundingsError otherwise."""
    trouble = listing.trouble()
    if trouble is not None:
        raise trouble
    return listing


def _again(error: SurroundingsError) -> RetryableError:
    return RetryableError(error.title, error.message, error.hint)


def _places_of_kin(place: Path) -> list[tuple[Path, str, frozenset[str]]]:
    """Return (root, folder to list, folders inside it to enter) in the order in which to look for a file's kin."""
    beside = frozenset((place.stem, f"_{place.stem}_"))
    parent = place.parent
    places = [(parent.parent, parent.name, beside)] if parent.parent != parent else []
    if is_ndtiff_level(parent.name):
        places.insert(0, (parent.parent.parent, parent.parent.name, beside))
    if long_path.reachable(parent.parent / f"{parent.name}.mrxs").is_file():
        places.insert(0, (parent.parent, "", frozenset((parent.name,))))
    return [*places, (parent, "", beside)]


def _among(names: frozenset[str]) -> Wanted:
    """Return the choice of folders with one of these names, or of a resolution of an NDTiff set."""
    return lambda name: name in names or is_ndtiff_level(name)


def _sidecars_now(scan: ScanSet) -> dict[str, Member | None]:
    """Return the notes that lie beside a slide of one file now."""
    folder = parent_of(scan.main)
    try:
        names = [each.name for each in long_path.reachable(scan.root / folder).iterdir()]
    except OSError as error:
        raise _no_answer(scan.root / folder, error) from error
    found = Sidecars(names).of(scan.name)
    return {path: _member_now(scan.root, path) for path in (join(folder, each) for each in found)}


def _fills(scan: ScanSet, folder: Path) -> bool:
    """Say whether all members of a scan lie in this folder itself, not in only one folder inside it."""
    folders = {Path(member.path).parent.as_posix() for member in scan.members}
    return folder.name in folders or any(is_ndtiff_level(Path(each).name) for each in folders)


def _member_now(root: Path, path: str) -> Member | None:
    """Return a member as it is on disk now, None when it is gone or no longer a plain file.

    Raises RetryableError when the disk does not answer: a set must not be taken for smaller than it is.
    """
    try:
        status = os.lstat(long_path.reachable(root / path))
    except OSError as error:
        if is_absent(error, root / path):
            return None
        raise _no_answer(root / path, error) from error
    return Member(path, status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _no_answer(path: Path, error: OSError) -> RetryableError:
    message = f"{path}: {error.strerror or error}"
    if long_path.is_too_long(error, path):
        return RetryableError(long_path.TITLE, message, long_path.HINT)
    return RetryableError("The scanner's disk did not answer as it should", message, "It is tried again by itself.")
