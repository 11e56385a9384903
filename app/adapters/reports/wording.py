"""Numbers, times and hostile texts as people read them on paper; the same on every machine."""

import unicodedata
from datetime import datetime, timedelta, tzinfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
REPLACEMENT = "\ufffd"
_LINE_ENDS = dict.fromkeys(map(ord, "\x0b\x0c\x85\u2028\u2029"), "\n")
_STRIPPED = frozenset(("Cc", "Cf", "Cs"))


def clean(text: str) -> str:
    """Return the text with control, format and surrogate characters replaced by U+FFFD, so that they stay visible.

    Line ends become one newline, tabs a space. Format characters go too: they reorder or hide what stands beside them.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").translate(_LINE_ENDS)
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(_visible(character) for character in plain)


def one_line(text: str) -> str:
    """Return the cleaned text on one line."""
    return " ".join(clean(text).split())


def _visible(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in _STRIPPED:
        return character
    return REPLACEMENT


def local(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return the moment in this zone; without a zone on either side, as it is."""
    return moment if zone is None or moment.tzinfo is None else moment.astimezone(zone)


def day(moment: datetime) -> str:
    """Return a date as 04-Mar-2019."""
    return f"{moment.day:02d}-{MONTHS[moment.month - 1]}-{moment.year:04d}"


def second(moment: datetime) -> str:
    """Return a time as 04-Mar-2019 14:05:09."""
    return f"{day(moment)} {moment:%H:%M:%S}"


def zone_name(moment: datetime) -> str:
    """Return the zone of a moment as UTC+01:00, empty where it has none."""
    offset = moment.utcoffset()
    if offset is None:
        return ""
    sign = "-" if offset < timedelta(0) else "+"
    minutes = abs(int(offset.total_seconds())) // 60
    return f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def size(size_bytes: int) -> str:
    """Return bytes in decimal units with three digits: 1.85 GB."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    value, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {unit}"


def duration(seconds: float) -> str:
    """Return a duration with its two largest units: 2 h 05 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: 1 slide, 2 slides."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
