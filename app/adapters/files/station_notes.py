"""`.slideferry/stations/<key>.json`: which stations use a destination, and when each was last heard."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.files import names
from app.adapters.files.atomic import write_atomically
from app.adapters.files.failures import at_destination
from app.adapters.files.site import Site
from app.domain.share import ShareStation

_LONGEST_BYTES = 10_000


def write_station(site: Site, station: ShareStation) -> None:
    """Say that a station is at work; the share's own clock says when. Raises as the destination does."""
    folder = site.tree.control / names.STATIONS_FOLDER
    told = {
        "station": station.station,
        "scanner": station.scanner,
        "version": station.version,
        "heard_at": station.heard_at.isoformat(),
    }
    with at_destination(folder):
        folder.mkdir(exist_ok=True)
        path = folder / f"{station.key}.json"
        content = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
        write_atomically(path, content.encode(), via=folder / f"{station.key}.json.new")


def read_stations(site: Site) -> tuple[ShareStation, ...]:
    """Return every station that ever said so, the one heard last first; a note that cannot be read is left out."""
    folder = site.tree.control / names.STATIONS_FOLDER
    with at_destination(folder):
        found = tuple(_read(folder)) if folder.is_dir() else ()
    return tuple(sorted(found, key=lambda each: each.heard_at, reverse=True))


def _read(folder: Path) -> Iterator[ShareStation]:
    for path in sorted(folder.glob("*.json")):
        try:
            status = path.lstat()
            told = json.loads(path.read_bytes()[:_LONGEST_BYTES]) if not path.is_symlink() else None
        except (FileNotFoundError, ValueError):
            continue  # being replaced, or not one of ours
        if isinstance(told, dict):
            station, scanner, version = (str(told.get(key, "")) for key in ("station", "scanner", "version"))
            heard_at = datetime.fromtimestamp(status.st_mtime, UTC)
            yield ShareStation(path.stem, station, scanner, version, heard_at)
