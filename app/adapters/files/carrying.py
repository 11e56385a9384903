"""Carrying members to their parts, each with one more try when what is read back differs."""

from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from pathlib import Path

from app.adapters.files import platform
from app.adapters.files.bundle import FEWEST, SMALL_BYTES, Bundle
from app.adapters.files.failures import at_destination
from app.adapters.files.medium import MediumReader, hash_medium
from app.adapters.files.meter import Meter
from app.adapters.files.part import Carried, PartFile
from app.adapters.files.small_part import Pair
from app.adapters.files.source import OpenSource, identity
from app.adapters.files.stream import Lanes
from app.adapters.files.tree import regular_status
from app.domain.errors import CorruptionError
from app.domain.transfer import CheckGrade, MemberPlan

_TRIES = 2


def carry_members(pairs: Sequence[Pair], meter: Meter) -> Iterator[tuple[Pair, Carried]]:
    """Bring every part to hold what its member holds, verified, in any order.

    Raises CorruptionError when a second try differs too.
    """
    small = [pair for pair in pairs if pair.member.size_bytes <= SMALL_BYTES]
    together = small if len(small) >= FEWEST else []
    alone = [(pair, _TRIES) for pair in pairs if not together or pair.member.size_bytes > SMALL_BYTES]
    if together:
        with Bundle(meter, together) as bundle, closing(bundle.carry()) as arriving:
            for pair, carried in arriving:
                if carried is not None:
                    meter.finish_member(pair.member.size_bytes)
                    yield pair, carried
                else:
                    _remove(pair.part)
                    alone.append((pair, _TRIES - 1))
    if not alone:
        return
    with Lanes(max(pair.member.size_bytes for pair, _ in alone)) as lanes:
        for pair, tries in alone:
            meter.require_running()
            yield pair, _carry_alone(pair, tries, lanes, meter)


def _carry_alone(pair: Pair, tries: int, lanes: Lanes, meter: Meter) -> Carried:
    member, part = pair.member, Path(pair.part)
    for _ in range(tries):
        carried = _try(member, part, lanes, meter)
        if carried is not None:
            meter.finish_member(member.size_bytes)
            return carried
        _remove(part)
    message = f"{member.final}: the bytes read back differ from those of {member.source}, twice"
    hint = "Check the disk, the cable and the memory of the share and of this PC before copying anything more."
    raise CorruptionError("The copy differs from the scan", message, hint)


def _try(member: MemberPlan, part: Path, lanes: Lanes, meter: Meter) -> Carried | None:
    """Return None when the two hashes differ."""
    with OpenSource(member.source, member.size_bytes, member.mtime_ns) as source:
        with PartFile(part, lanes.chunk_bytes) as target:
            if member.size_bytes > lanes.chunk_bytes:
                target.reserve(member.size_bytes)
            follows = target.direct
            with MediumReader(part) if follows else nullcontext() as back:
                sums = lanes.carry(source, target, back, member.size_bytes, meter)
                target.settle(member.size_bytes)
            found, grade = sums.destination.hexdigest(), back.grade if back else CheckGrade.READ_BACK
        source.require_unchanged()
        if not follows:
            # Only Linux promises that an unbuffered read sees what another handle has just written.
            found, grade = _read_back(part, member.size_bytes, meter)
            source.require_unchanged()
    status = regular_status(part)
    if status is None or status.st_size != member.size_bytes or found != sums.source.hexdigest():
        return None
    return Carried(found, grade, identity(status), source.identity)


def _read_back(part: Path, size_bytes: int, meter: Meter) -> tuple[str, CheckGrade]:
    verified = 0

    def tell(count: int) -> None:
        nonlocal verified
        meter.require_running()
        verified += count
        meter.at(size_bytes, verified)

    found, _, grade = hash_medium(part, tell)
    return found, grade


def _remove(part: Path | str) -> None:
    with at_destination(part):
        platform.remove_if_there(part)
