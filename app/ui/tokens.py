"""The window's colours and measures: one light and one dark set, named by what they mean."""

from dataclasses import dataclass
from enum import Enum

from app.domain.quality import Verdict
from app.domain.step import StepState


class Tone(Enum):
    """What a colour says; every tone has a strong colour and a soft one to lie behind it."""

    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    DARK = "dark"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Shade:
    """A strong colour for text and lines, a soft one for the surface behind it."""

    strong: str
    soft: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """One set of colours, each as `#rrggbb`."""

    name: str
    ground: str
    card: str
    raised: str
    sunken: str
    line: str
    line_strong: str
    text: str
    text_muted: str
    accent: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    empty_dot: str
    skipped_dot: str
    blocked_dot: str
    tones: dict[Tone, Shade]

    def shade(self, tone: Tone) -> Shade:
        """Return both colours of a tone."""
        return self.tones[tone]


LIGHT = Tokens(
    name="light",
    ground="#f3f5f8",
    card="#ffffff",
    raised="#ffffff",
    sunken="#f3f5f8",
    line="#dde2e9",
    line_strong="#bcc5d1",
    text="#141c28",
    text_muted="#566273",
    accent="#1d5dbf",
    accent_hover="#184fa5",
    accent_pressed="#133f85",
    on_accent="#ffffff",
    empty_dot="#dfe4ea",
    skipped_dot="#66748b",
    blocked_dot="#7a1720",
    tones={
        Tone.GOOD: Shade("#19803f", "#e5f4ea"),
        Tone.BUSY: Shade("#1d5dbf", "#e4edfb"),
        Tone.WARN: Shade("#955a00", "#fdf0d9"),
        Tone.BAD: Shade("#b8222b", "#fde7e8"),
        Tone.DARK: Shade("#7a1720", "#f6e3e5"),
        Tone.QUIET: Shade("#566273", "#eceff3"),
    },
)

DARK = Tokens(
    name="dark",
    ground="#13171c",
    card="#1b2129",
    raised="#222a34",
    sunken="#14191f",
    line="#2c3541",
    line_strong="#465364",
    text="#e9eef4",
    text_muted="#9aa7b6",
    accent="#6ea8ff",
    accent_hover="#8bb9ff",
    accent_pressed="#a6cbff",
    on_accent="#0a1a33",
    empty_dot="#2c343f",
    skipped_dot="#8d99aa",
    blocked_dot="#b5525b",
    tones={
        Tone.GOOD: Shade("#4ecb83", "#17301f"),
        Tone.BUSY: Shade("#7cb0ff", "#17294a"),
        Tone.WARN: Shade("#f5b342", "#38290f"),
        Tone.BAD: Shade("#ff7b7b", "#3d1a1d"),
        Tone.DARK: Shade("#d98089", "#36181c"),
        Tone.QUIET: Shade("#aab5c3", "#28313c"),
    },
)

STATE_TONES: dict[StepState, Tone] = {
    StepState.PENDING: Tone.QUIET,
    StepState.RUNNING: Tone.BUSY,
    StepState.WAITING_TO_RETRY: Tone.WARN,
    StepState.SUCCEEDED: Tone.GOOD,
    StepState.SKIPPED: Tone.QUIET,
    StepState.FAILED: Tone.BAD,
    StepState.BLOCKED: Tone.DARK,
    StepState.NEEDS_ATTENTION: Tone.WARN,
    StepState.PAUSED: Tone.QUIET,
    StepState.CANCELLED: Tone.QUIET,
}

VERDICT_TONES: dict[Verdict, Tone] = {
    Verdict.PASS: Tone.GOOD,
    Verdict.REVIEW: Tone.WARN,
    Verdict.RESCAN: Tone.BAD,
    Verdict.NOT_CHECKED: Tone.QUIET,
}


def step_colour(tokens: Tokens, state: StepState) -> str:
    """Return the colour of a step's dot or node."""
    if state in (StepState.PENDING, StepState.PAUSED, StepState.CANCELLED):
        return tokens.empty_dot if state is StepState.PENDING else tokens.skipped_dot
    if state is StepState.SKIPPED:
        return tokens.skipped_dot
    if state is StepState.BLOCKED:
        return tokens.blocked_dot
    return tokens.shade(STATE_TONES[state]).strong
