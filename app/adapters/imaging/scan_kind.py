"""Which reader a scan belongs to, by what it is made of."""

from pathlib import Path

from app.adapters.imaging.grouping import NDPIS_NAME
from app.adapters.imaging.names import extension, is_ndtiff_level, is_ndtiff_stack, mmstack_prefix
from app.domain.scan import ScanSet

SMALL_TEXT_BYTES = 4 << 20


def ndtiff_levels(scan: ScanSet) -> tuple[Path, ...]:
    """Return the folders of an NDTiff set's resolutions, the full one first; none for other scans."""
    main = scan.main_path
    if not is_ndtiff_stack(main.name) and main.name != "NDTiff.index":
        return ()
    if not is_ndtiff_level(main.parent.name):
        return (main.parent,)
    others = {(scan.root / each.path).parent for each in scan.members if is_ndtiff_level(Path(each.path).parent.name)}
    return (main.parent, *sorted(others - {main.parent}))


def is_mmstack(scan: ScanSet) -> bool:
    """Say whether a scan is a Micro-Manager image stack."""
    return mmstack_prefix(scan.name) is not None


def ndpis_names(path: Path) -> tuple[str, ...]:
    """Return the names of the channel files that an .ndpis file lists. Raises OSError."""
    if path.stat().st_size > SMALL_TEXT_BYTES:
        return ()
    return tuple(NDPIS_NAME.findall(path.read_text(encoding="utf-8", errors="replace")))


def picture_path(scan: ScanSet) -> Path:
    """Return the file that pictures are drawn from: the main one, for .ndpis the first channel that is there."""
    path = scan.main_path
    if extension(path.name) == "ndpis":
        channels = [scan.root / each.path for each in scan.members if extension(each.path) == "ndpi"]
        return channels[0] if channels else path
    return path
