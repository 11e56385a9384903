"""Says in plain words what the test of a hand scanner found."""

from typing import NamedTuple

from app.domain.calibration import PRINTED, Calibration
from app.ui.tokens import Tone
from app.ui.wording import say


class Finding(NamedTuple):
    """One line, its tone, and what there is to do or to know."""

    tone: Tone
    text: str
    remark: str = ""


def findings(found: Calibration) -> tuple[Finding, ...]:
    """Return what was found, one line each: speed, suffix, prefix, characters."""
    parts = [_speed(found), _suffix(found)]
    if found.prefix:
        parts.append(
            Finding(Tone.GOOD, say("✓ It sends {0} before every code; that is taken off").format(found.prefix))
        )
    return (*parts, *_characters(found))


def _speed(found: Calibration) -> Finding:
    measured, limit = f"{found.slowest_gap_ms:.0f}", f"{found.gap_ms:.0f}"
    if found.too_slow:
        text = say("! It types slowly: {0} ms between two characters").format(measured)
        return Finding(Tone.WARN, text, say("Set its delay between characters to 0: a quick person is hardly slower."))
    text = say("✓ {0} ms between two characters; up to {1} ms are taken as its typing, yours is over 60")
    return Finding(Tone.GOOD, text.format(measured, limit))


def _suffix(found: Calibration) -> Finding:
    if found.suffix == "none":
        text = say("! It sends nothing behind a code: a short silence ends it")
        return Finding(Tone.WARN, text, say("Enter behind each code is surer: most scanners have a code for that."))
    ends = {"enter": say("Enter"), "tab": say("Tab")}.get(found.suffix, say("Enter or Tab"))
    return Finding(Tone.GOOD, say("✓ It ends each code with {0}, which presses no button").format(ends))


def _characters(found: Calibration) -> tuple[Finding, ...]:
    if len(found.same) == len(PRINTED):
        return (Finding(Tone.GOOD, say("✓ All {0} characters arrive as printed").format(len(PRINTED))),)
    parts = []
    if found.mapped:
        changed = _listed("".join(pair[1] for pair in found.mapped))
        text = say("✓ The keyboard layout changes these, and they are turned back: {0}").format(changed)
        parts.append(Finding(Tone.GOOD, text))
    if found.broken:
        text = say("! The keyboard layout breaks these: {0}").format(_listed(found.broken))
        remark = say("Use barcodes without them, or set the hand scanner to this PC's keyboard layout and start again.")
        parts.append(Finding(Tone.WARN, text, remark))
    return tuple(parts)


def _listed(characters: str) -> str:
    """Return characters with blanks between them, the blank itself as a word."""
    return " ".join(say("(blank)") if each == " " else each for each in characters)
