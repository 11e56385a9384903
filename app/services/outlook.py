"""When everything that goes on by itself will be safe, or why nobody can say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.dossier import Dossier
from app.domain.errors import SlideferryError
from app.domain.step import StepState
from app.pipeline.journey import CHECKSUM_SHARE, JOURNEY, VERIFY, upstream_done
from app.pipeline.progress import ProgressBoard

_BEFORE_SAFE = tuple(step.id for step in JOURNEY[: [step.id for step in JOURNEY].index(VERIFY) + 1])


@dataclass(frozen=True, slots=True)
class Outlook:
    """`safe_at` is when the last byte on its way will be verified, None where that cannot be said; `note` says why,

    and what is left out of it because it waits for a person.
    """

    safe_at: datetime | None
    note: str = ""


def outlook(
    dossiers: Iterable[Dossier], board: ProgressBoard, gate_trouble: SlideferryError | None, now: datetime
) -> Outlook:
    """Return what a run can look forward to, by the bytes not verified yet and the station's last sustained rate."""
    unsafe = [d for d in dossiers if not d.published and not d.scan.cancelled and not d.scan.earlier]
    on_their_way = [d for d in unsafe if d.state.on_its_way]
    left_out = _left_out(unsafe)
    if not on_their_way:
        return Outlook(None, left_out)
    held_up = gate_trouble.title if gate_trouble is not None else _held_up(on_their_way)
    left, rate = sum(_bytes_left(d, board) for d in on_their_way), board.sustained_rate()
    if not held_up and left and not rate:
        held_up = "no speed measured yet"
    safe_at = None if held_up else now + timedelta(seconds=left / rate if rate else 0.0)
    return Outlook(safe_at, ", ".join(part for part in (held_up, left_out) if part))


def _held_up(dossiers: Iterable[Dossier]) -> str:
    """Return why one of them waits for its next try, empty when none does."""
    for dossier in dossiers:
        for step in _BEFORE_SAFE:
            record = dossier.steps[step]
            if record.state is StepState.WAITING_TO_RETRY:
                return f"trying again: {record.title or record.message}"
    return ""


def _left_out(dossiers: Iterable[Dossier]) -> str:
    states = [each.state for each in dossiers]
    paused = states.count(StepState.PAUSED)
    persons = sum(not state.on_its_way and not state.done for state in states) - paused
    parts = (_count(persons, "waits for you", "wait for you"), f"{paused} paused" if paused else "")
    return ", ".join(part for part in parts if part)


def _count(number: int, one: str, more: str) -> str:
    return "" if not number else f"{number} {one if number == 1 else more}"


def _bytes_left(dossier: Dossier, board: ProgressBoard) -> int:
    """Return how many bytes of a scan were not verified yet; of one still being scanned, of what is there by now."""
    live = board.of(dossier.id)
    if live is not None:
        return live.total_bytes - live.verified_bytes
    verified = upstream_done(VERIFY, dossier.steps) and dossier.steps[CHECKSUM_SHARE].state.done
    return 0 if verified else dossier.scan.files.size_bytes
