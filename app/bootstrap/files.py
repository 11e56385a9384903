"""What commands need that look at files or a share, without a station."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from socket import gethostname

from app.adapters.files.folder_destination import FolderDestination, folder_of
from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.images import DecoderImages
from app.domain.errors import UseError
from app.domain.scan import ScanSet


@asynccontextmanager
async def images_for_files(workers: int) -> AsyncIterator[DecoderImages]:
    """Open decoders for a command that looks at files."""
    images = DecoderImages(workers=max(1, min(workers, 8)))
    try:
        yield images
    finally:
        await images.close()


def find_named(paths: Sequence[Path]) -> tuple[ScanSet, ...]:
    """Return every scan that is named, alone or as the contents of a folder."""
    finder = FolderFinder()
    found: dict[Path, ScanSet] = {}
    for path in paths:
        if not path.exists():
            raise UseError("No such file or folder", str(path), "Check the spelling")
        for scan in finder.find_named(path.absolute()):
            found.setdefault(scan.main_path, scan)
    return tuple(found.values())


def open_folder(url: str) -> FolderDestination:
    """Return the destination that a command names."""
    return FolderDestination(folder_of(url).absolute(), "Rescans", gethostname())


def destination_for(url: str) -> FolderDestination:
    """Return the destination a command copies to; naming it is enough, so a missing marker is made."""
    folder = folder_of(url).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    target = FolderDestination(folder, "Rescans", gethostname())
    try:
        target.adopt()
    except UseError:
        target.initialise()
    return target
