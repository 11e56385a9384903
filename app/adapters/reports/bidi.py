"""Right-to-left runs, put into the order in which they are drawn."""

import re
import unicodedata
from collections.abc import Iterator

_NUMBERS = re.compile(r"\d+(?:[-+.,:/]\d+)*|.", re.DOTALL)
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")


def has_right_to_left(text: str) -> bool:
    """Return whether any character is Hebrew, Arabic or of another script written from the right."""
    return not text.isascii() and any(_is_right(character) for character in text)


def visual(line: str) -> str:
    """Return one line in drawing order, the base direction being left to right.

    Letters written from the right are reversed together with the spaces between them; numbers inside keep their order.
    Letters are not joined (Arabic is printed in its separate forms).
    """
    return "".join(_reverse(run) if right else run for right, run in _runs(line))


def _is_right(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("R", "AL")


def _is_left(character: str) -> bool:
    return unicodedata.bidirectional(character) == "L"


def _runs(line: str) -> Iterator[tuple[bool, str]]:
    """Split a line into runs (from the right?, text); one from the right begins with such a letter."""
    start = 0
    while start < len(line):
        first = next((at for at in range(start, len(line)) if _is_right(line[at])), None)
        if first is None:
            yield False, line[start:]
            return
        if first > start:
            yield False, line[start:first]
        last = first
        for at in range(first, len(line)):
            if _is_left(line[at]):
                break
            if _is_right(line[at]) or line[at].isdigit():
                last = at
        yield True, line[first : last + 1]
        start = last + 1


def _reverse(run: str) -> str:
    """Reverse a run, keeping numbers and letters with their marks in order."""
    pieces: list[str] = []
    for piece in _NUMBERS.findall(run):
        if pieces and unicodedata.combining(piece[0]):
            pieces[-1] += piece
        else:
            pieces.append(piece.translate(_MIRRORED))
    return "".join(reversed(pieces))
