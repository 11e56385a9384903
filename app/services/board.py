"""Makes what the window shows of a scan from its dossier and its live progress."""

from app.domain.dossier import Dossier
from app.domain.quality import Verdict
from app.domain.scan import ScanId
from app.domain.sheet_differences import Difference
from app.domain.slide import PictureKind
from app.domain.step import StepId, StepRecord, StepState
from app.pipeline.journey import (
    CHECKSUM_SHARE,
    COPY,
    IDENTIFY,
    JOURNEY,
    MATCH,
    QUALITY,
    RECORD,
    SETTLE,
    STEPS,
    SUPERSEDE,
    TRANSFER_STEPS,
    VERIFY,
)
from app.pipeline.ledger import Ledger
from app.pipeline.progress import ProgressBoard
from app.pipeline.rescans import OLD, earlier_scans, is_lost, kept_choice
from app.pipeline.steps.making_way import OLDER_MISSING
from app.pipeline.steps.publish import WHICH_ONE
from app.services.differences import changes_in_words
from app.services.views import Attention, Choice, ScanView, StepView

ASK_RESCAN = "Glass still in the rack? Order a rescan. Or accept the scan, with the reason"


def attention_of(dossier: Dossier) -> Attention | None:
    """Return why a scan needs a person, None when it does not."""
    for step in JOURNEY:
        record = dossier.steps[step.id]
        if record.state in (StepState.NEEDS_ATTENTION, StepState.FAILED):
            title = record.title or f"{step.title}: {record.state.title}"
            return Attention(step.id, title, record.message, record.hint, _choices(dossier, record))
    if dossier.undecided_rescan and dossier.quality is not None and dossier.state is StepState.NEEDS_ATTENTION:
        choices = (Choice.ORDER_RESCAN, Choice.ACCEPT, Choice.LOOK_CLOSER)
        return Attention(QUALITY, "Need to rescan", dossier.quality.reason, ASK_RESCAN, choices)
    return None


def in_one_line(title: str, message: str) -> str:
    """Return a title and its message as one sentence, without saying the same twice."""
    if not message or message.startswith(title):
        return message or title
    return f"{title} {message}" if title.endswith(("?", "!", ".")) else f"{title}: {message}"


def _choices(dossier: Dossier, record: StepRecord) -> tuple[Choice, ...]:
    if record.step == IDENTIFY:
        return (Choice.ASSIGN, Choice.SHOW_LABEL)
    if record.step == MATCH:
        return (Choice.RESTART, Choice.ASSIGN, Choice.SHOW_LABEL)
    if record.title == OLDER_MISSING:
        return (Choice.FIND_OLDER, Choice.GO_ON_WITHOUT, Choice.HOLD)
    if record.step == VERIFY and record.title == WHICH_ONE:
        slip = (Choice.ASSIGN,) if dossier.scan.assigned else ()
        return (Choice.KEEP_OLD, Choice.KEEP_NEW, Choice.KEEP_BOTH, *slip)
    return (Choice.RESTART, Choice.LOOK_CLOSER)


def scan_view(
    dossier: Dossier, ledger: Ledger, progress: ProgressBoard, differences: tuple[Difference, ...] = ()
) -> ScanView:
    """Return one scan as a card or a row shows it; `differences` are what its row of the sheet holds since."""
    scan = dossier.scan
    live, speed = progress.of(dossier.id), progress.speed(dossier.id)
    verified = scan.files.size_bytes if dossier.published else 0
    earlier = earlier_scans(ledger, dossier)
    copied = live.copied_bytes if live else verified
    return ScanView(
        id=dossier.id,
        barcode=scan.barcode,
        source_name=scan.files.name,
        file_name=scan.file_name,
        folder=scan.folder,
        state=dossier.state,
        badge=badge(dossier, copied),
        message=message(dossier, progress.note_of(dossier.id)) + _since(differences),
        steps=tuple(_step_view(dossier.id, dossier.steps[step.id], ledger) for step in JOURNEY),
        size_bytes=scan.files.size_bytes,
        copied_bytes=copied,
        verified_bytes=live.verified_bytes if live else verified,
        rate=speed.rate if speed else None,
        seconds_left=speed.seconds_left if speed else None,
        attempts=max((record.attempts for record in dossier.steps.values()), default=0),
        attention=attention_of(dossier),
        quality=dossier.quality,
        row=dossier.row,
        rescan_of=earlier[-1].id if earlier else None,
        superseded_by=scan.superseded_by,
        found_at=scan.found_at,
        verified_at=dossier.steps[VERIFY].ended_at if dossier.published else None,
        paused=scan.paused,
        destination=dossier.files[0].destination if dossier.published else None,
        earlier=scan.earlier,
        verdict_by_person=scan.verdict_by_person,
        differences=differences,
    )


def _since(differences: tuple[Difference, ...]) -> str:
    return f". The sheet changed since: {changes_in_words(differences)}" if differences else ""


def _step_view(scan: ScanId, record: StepRecord, ledger: Ledger) -> StepView:
    running = record.state is StepState.RUNNING
    return StepView(
        id=record.step,
        title=STEPS[record.step].title,
        state=record.state,
        attempts=record.attempts,
        seconds=ledger.seconds_running(scan, record.step) if running else record.seconds,
        message=record.message,
        error_title=record.title,
        hint=record.hint,
        started_at=record.started_at,
        ended_at=record.ended_at,
    )


_RUNNING_BADGES: dict[StepId, str] = {
    SETTLE: "Being scanned",
    IDENTIFY: "Reading",
    CHECKSUM_SHARE: "Verifying",
    VERIFY: "Verifying",
}


def badge(dossier: Dossier, copied_bytes: int) -> str:
    """Return two or three words for how a scan stands."""
    state = dossier.state
    if dossier.scan.earlier:
        return "Earlier"
    if state is StepState.NEEDS_ATTENTION:
        attention = attention_of(dossier)
        if attention is not None and attention.title == OLDER_MISSING:
            return "Older image?"
        short = {IDENTIFY: "Which slide?", MATCH: "Check the sheet", QUALITY: "Need to rescan", VERIFY: "Your choice"}
        return short.get(attention.step, "Needs you") if attention else "Needs you"
    if dossier.published:
        return _badge_on_share(dossier)
    if is_lost(dossier):
        return "Not on the share"
    if state is not StepState.RUNNING:
        return {StepState.PENDING: "Waiting", StepState.WAITING_TO_RETRY: "Trying again"}.get(state, state.title)
    running = [step for step in dossier.steps if dossier.steps[step].state is StepState.RUNNING and step != QUALITY]
    if COPY in running:
        return f"Copying {100 * copied_bytes // max(1, dossier.scan.files.size_bytes)} %"
    return next((_RUNNING_BADGES[step] for step in running if step in _RUNNING_BADGES), "Working")


def _badge_on_share(dossier: Dossier) -> str:
    if dossier.scan.superseded_by is not None:
        return "Not kept" if kept_choice(dossier.scan) == OLD else "Older scan"
    if dossier.state in (StepState.FAILED, StepState.BLOCKED):
        return "Safe, not finished"
    advice = dossier.quality.verdict if dossier.quality else Verdict.NOT_CHECKED
    if advice is Verdict.REVIEW and dossier.scan.verdict_by_person is None:
        return "Safe, look at it"
    return "Safe, rescan" if dossier.steps[SUPERSEDE].state is StepState.SUCCEEDED else "Safe"


def message(dossier: Dossier, note: str) -> str:
    """Return one line that says how a scan stands."""
    attention = attention_of(dossier)
    if attention is not None:
        return in_one_line(attention.title, attention.message)
    if dossier.published:
        return _message_on_share(dossier)
    if is_lost(dossier):
        return f"No longer on the share: scan {dossier.scan.superseded_by} went on without it"
    running = [step.id for step in JOURNEY if dossier.steps[step.id].state is StepState.RUNNING]
    waiting = [r for r in dossier.steps.values() if r.state is StepState.WAITING_TO_RETRY]
    if note:
        return note
    if running:
        return ", ".join(STEPS[step].title for step in running if step not in TRANSFER_STEPS or step == running[-1])
    if waiting:
        return waiting[0].message
    return "lay here before Slideferry; restart takes it in" if dossier.scan.earlier else "waits for its turn"


def _message_on_share(dossier: Dossier) -> str:
    verified = dossier.steps[VERIFY].ended_at
    at = f"{verified.astimezone():%H:%M}" if verified else ""
    if dossier.scan.superseded_by is not None:
        return f"Verified {at}, now in the rescans: scan {dossier.scan.superseded_by} took its place"
    written = "sheet written" if dossier.steps[RECORD].state.done else "sheet pending"
    text = f"Verified {at}, {written}"
    if dossier.steps[SUPERSEDE].state is StepState.SUCCEEDED:
        text += f", {dossier.steps[SUPERSEDE].message}"
    undecided = dossier.scan.verdict_by_person is None
    if undecided and dossier.quality is not None and dossier.quality.verdict is Verdict.REVIEW:
        text += f". {dossier.quality.reason}"
    return text


PICTURE_ORDER = (PictureKind.THUMBNAIL, PictureKind.LABEL, PictureKind.MACRO, PictureKind.QUALITY_MAP)
