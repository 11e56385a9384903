"""Carrying one member to its part, with one more try when what is read back differs."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from app.adapters.files import platform
from app.adapters.files.failures import at_destination
from app.adapters.files.medium import MediumReader, hash_medium
from app.adapters.files.meter import Meter
from app.adapters.files.part import PartFile
from app.adapters.files.source import Identity, OpenSource, identity
from app.adapters.files.stream import Lanes
from app.adapters.files.tree import regular_status
from app.domain.errors import CorruptionError
from app.domain.transfer import CheckGrade, MemberPlan


@dataclass(frozen=True, slots=True)
class Carried:
    """A verified part: its hash, how it was checked, and the identity it had then."""

    sha256: str
    grade: CheckGrade
    identity: Identity


def carry_member(member: MemberPlan, part: Path, lanes: Lanes, meter: Meter) -> Carried:
    """Bring a part to hold what the source holds, verified; raises CorruptionError when a second try differs too."""
    carried = _try(member, part, lanes, meter)
    if carried is None:
        _remove(part)
        carried = _try(member, part, lanes, meter)
    if carried is None:
        _remove(part)
        message = f"{member.final}: the bytes read back differ from those of {member.source}, twice"
        hint = "Check the disk, the cable and the memory of the share and of this PC before copying anything more."
        raise CorruptionError("The copy differs from the scan", message, hint)
    meter.finish_member(member.size_bytes)
    return carried


def _try(member: MemberPlan, part: Path, lanes: Lanes, meter: Meter) -> Carried | None:
    """Return None when the two hashes differ."""
    with OpenSource(member.source, member.size_bytes, member.mtime_ns) as source:
        with PartFile(part, lanes.chunk_bytes) as target:
            follows = target.direct
            with MediumReader(part) if follows else nullcontext() as back:
                sums = lanes.carry(source, target, back, member.size_bytes, meter)
                target.settle(member.size_bytes)
            found, grade = sums.destination.hexdigest(), back.grade if back else CheckGrade.READ_BACK
        source.require_unchanged()
        if not follows:
            # Only Linux promises that an unbuffered read sees what another handle has just written.
            found, _, grade = hash_medium(part, lambda _: meter.require_running())
            source.require_unchanged()
    status = regular_status(part)
    if status is None or status.st_size != member.size_bytes or found != sums.source.hexdigest():
        return None
    return Carried(found, grade, identity(status))


def _remove(part: Path) -> None:
    with at_destination(part):
        platform.remove_if_there(part)
