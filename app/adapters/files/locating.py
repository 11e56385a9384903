"""Finding a scan's bytes that no longer lie where they were published: somebody moved or renamed them by hand."""

import os.path
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.files import names, platform
from app.adapters.files.failures import at_destination
from app.adapters.files.manifest import load_manifest
from app.adapters.files.medium import hash_medium
from app.adapters.files.meter import Meter
from app.adapters.files.site import Site
from app.adapters.files.source import Identity, identity
from app.adapters.files.tree import plain_status
from app.domain.errors import RetryableError, SlideError
from app.domain.scan import VerifiedFile
from app.domain.transfer import TransferWatch

_MOST_REMEMBERED = 100_000


@dataclass(slots=True)
class HashMemory:
    """What files hashed to while they were as they are; the oldest are forgotten first."""

    _known: OrderedDict[Path, tuple[Identity, str]] = field(default_factory=OrderedDict)

    def get(self, path: Path, now: Identity) -> str | None:
        """Return the SHA-256 of a file that nobody touched since it was hashed."""
        known = self._known.get(path)
        return known[1] if known is not None and known[0] == now else None

    def put(self, path: Path, was: Identity, sha256: str) -> None:
        """Remember a file's SHA-256."""
        self._known[path] = (was, sha256)
        self._known.move_to_end(path)
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file of the right size; `listed` is what its folder's manifest says of it."""

    path: Path
    size_bytes: int
    listed: str | None


def locate(
    site: Site, files: Sequence[VerifiedFile], memory: HashMemory, watch: TransferWatch
) -> tuple[str, ...] | None:
    """Return where each file lies now, in their order, None where one is nowhere; the program's own folder is left out.

    What a manifest lists under a checksum is read first; only if that does not do is every file of equal size read.
    Raises StoppedError, DestinationError, RetryableError.
    """
    candidates = _candidates(site, {file.size_bytes for file in files}, watch)
    wanted = {file.sha256 for file in files}
    listed = [each for each in candidates if each.listed in wanted]
    found: dict[str, set[Path]] = {}
    for some in (listed, [each for each in candidates if each not in listed]):
        for path, sha256 in _hashes(site, some, memory, watch):
            found.setdefault(sha256, set()).add(path)
        places = _together(files, found)
        if places is not None:
            return tuple(site.tree.relative(path) for path in places)
    return None


def _candidates(site: Site, sizes: set[int], watch: TransferWatch) -> list[_Candidate]:
    found = []
    meter = Meter(0, watch)
    with at_destination(site.tree.root):
        for contents in site.tree.folders():
            meter.require_running()
            fitting = [
                (name, status.st_size)
                for name, status in contents.entries.items()
                if status.st_size in sizes and not names.is_own(name) and not platform.is_link(status)
            ]
            listed: Mapping[str, str] = load_manifest(contents.folder).listed if fitting else {}
            found += [_Candidate(contents.folder / name, size, listed.get(name)) for name, size in fitting]
    return found


def _hashes(
    site: Site, candidates: Iterable[_Candidate], memory: HashMemory, watch: TransferWatch
) -> Iterable[tuple[Path, str]]:
    """Yield each candidate's SHA-256, from the medium or, where nobody touched it since, from the last search."""
    unread = []
    for each in candidates:
        status = plain_status(each.path)
        known = memory.get(each.path, identity(status)) if status else None
        if known is not None:
            yield each.path, known
        elif status is not None:
            unread.append(each)
    meter = Meter(sum(each.size_bytes for each in unread), watch)
    for each in unread:
        meter.require_running()
        sha256 = _read(site, each.path, memory, meter)
        if sha256 is not None:
            yield each.path, sha256


def _read(site: Site, path: Path, memory: HashMemory, meter: Meter) -> str | None:
    try:
        before = plain_status(path)
        sha256, _, _ = hash_medium(path, meter.verified)
        after = plain_status(path)
    except (RetryableError, SlideError):
        # One that cannot be read is no candidate; a share that went away ends the search.
        site.require_id()
        return None
    if before is None or after is None or identity(before) != identity(after):
        return None
    memory.put(path, identity(before), sha256)
    return sha256


def _together(files: Sequence[VerifiedFile], found: Mapping[str, set[Path]]) -> tuple[Path, ...] | None:
    """Return a place of its own for each file, nearest to the main one; None where that cannot be."""
    best: tuple[Path, ...] | None = None
    for main in sorted(found.get(files[0].sha256, ())):
        places = [main]
        for file in files[1:]:
            free = found.get(file.sha256, set()) - set(places)
            if not free:
                break
            places.append(min(free, key=lambda path: (_distance(main, path), path.name != _name(file), path)))
        if len(places) == len(files) and (best is None or _spread(places) < _spread(best)):
            best = tuple(places)
    return best


def _name(file: VerifiedFile) -> str:
    return file.destination.rsplit("/", 1)[-1]


def _distance(main: Path, other: Path) -> int:
    """Return how many folders lie between two files."""
    return len(Path(os.path.relpath(other.parent, main.parent)).parts)


def _spread(places: Sequence[Path]) -> int:
    return sum(_distance(places[0], place) for place in places)
