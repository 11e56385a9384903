"""Which reader a scan belongs to, by what it is made of."""

from pathlib import Path

from app.adapters.imaging.names import CHANNEL_EXTENSIONS, extension, is_ndtiff_level, is_ndtiff_stack, mmstack_prefix
from app.domain.scan import ScanSet


def ndtiff_levels(scan: ScanSet) -> tuple[Path, ...]:
    """Return the folders of an NDTiff set's resolutions, the full one first; none for other scans."""
    main = scan.main_path
    if not is_ndtiff_stack(main.name) and main.name != "NDTiff.index":
        return ()
    if not is_ndtiff_level(main.parent.name):
        return (main.parent,)
    others = {(scan.root / each.path).parent for each in scan.members if is_ndtiff_level(Path(each.path).parent.name)}
    return (main.parent, *sorted(others - {main.parent}))


def ets_paths(scan: ScanSet) -> tuple[Path, ...]:
    """Return the files that hold an Olympus slide's pixels; none for other scans."""
    if extension(scan.name) != "vsi":
        return ()
    return tuple(scan.root / each.path for each in scan.members if extension(each.path) == "ets")


def is_mmstack(scan: ScanSet) -> bool:
    """Say whether a scan is a Micro-Manager image stack."""
    return mmstack_prefix(scan.name) is not None


def channel_paths(scan: ScanSet) -> tuple[Path, ...]:
    """Return the files of an .ndpis or .afi that are there, in order of their names; none for other scans."""
    channel = CHANNEL_EXTENSIONS.get(extension(scan.name))
    return tuple(scan.root / each.path for each in scan.members if channel and extension(each.path) == channel)


def picture_path(scan: ScanSet) -> Path:
    """Return the file that pictures are drawn from: the main one, of .ndpis and .afi the first that is there."""
    return next(iter(channel_paths(scan)), scan.main_path)
