"""What commands need that look at files or a share, without a station."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from socket import gethostname

from app.adapters.files.folder_destination import FolderDestination, folder_of
from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.images import MEMORY_BYTES, DecoderImages
from app.adapters.machine.room import free_memory_bytes, usable_cores
from app.bootstrap.place import about_folder, refuse_empty
from app.domain import long_path
from app.domain.errors import UseError
from app.domain.scan import ScanSet


@asynccontextmanager
async def images_for_files(scans: int) -> AsyncIterator[tuple[DecoderImages, int]]:
    """Open decoders for a command that looks at so many scans: one a core, and how many that are.

    Quality, which may need much memory, is measured on as many cores as there is room for.
    """
    workers = max(1, min(usable_cores(), scans))
    measurers = max(1, min(workers, free_memory_bytes() // MEMORY_BYTES))
    images = DecoderImages(workers=workers, measurers=measurers)
    try:
        yield images, workers
    finally:
        await images.close()


def find_named(paths: Sequence[Path]) -> tuple[ScanSet, ...]:
    """Return every scan that is named, alone or as the contents of a folder."""
    finder = FolderFinder()
    found: dict[Path, ScanSet] = {}
    for path in paths:
        if not long_path.reachable(path.absolute()).exists():
            raise UseError("No such file or folder", str(path), "Check the spelling")
        for scan in finder.find_named(path.absolute()):
            found.setdefault(scan.main_path, scan)
    return tuple(found.values())


def sets_of(files: Sequence[Path]) -> dict[Path, ScanSet]:
    """Return the set of each file that is the main member of several; other files and folders are left out."""
    finder = FolderFinder()
    found: dict[Path, ScanSet] = {}
    for file in files:
        place = long_path.reachable(file)
        if place.is_file() and not place.is_symlink():
            (scan,) = finder.find_named(file)
            if len(scan.members) > 1 and long_path.reachable(scan.main_path).samefile(place):
                found[file] = scan
    return found


def open_folder(url: str) -> FolderDestination:
    """Return the destination that a command names; raises UseError for an empty name."""
    return _folder_destination(_named_folder(url))


def destination_for(url: str, say: Callable[[str], None]) -> FolderDestination:
    """Return the destination a command copies to; an empty or new folder gets its marker by being named.

    Raises UseError where the folder above is missing or the folder holds files but no marker: a share may be
    unmounted there, and its place must not be taken for the share.
    """
    folder = _named_folder(url)
    with about_folder(folder):
        if _is_new(folder):
            say(f"{folder} is new: it is made a destination.")
            return mark(folder)
    target = _folder_destination(folder)
    target.adopt()
    return target


def mark(folder: Path) -> FolderDestination:
    """Return the destination of a folder that is surely meant; a missing marker is made."""
    target = _folder_destination(folder)
    try:
        target.adopt()
    except UseError:
        target.initialise()
    return target


def _named_folder(url: str) -> Path:
    refuse_empty(url)
    return folder_of(url).absolute()


def _folder_destination(folder: Path) -> FolderDestination:
    return FolderDestination(folder, "Rescans", gethostname())


def _is_new(folder: Path) -> bool:
    """Whether a folder is empty or missing below one that is there; raises OSError where it cannot be looked at."""
    if folder.exists():
        return not any(folder.iterdir())
    if not folder.parent.is_dir():
        raise UseError(
            "There is no such folder",
            f"{folder.parent} is not there, or is no folder",
            "Is the share mounted? A new destination is made with “destination init”.",
        )
    return True
