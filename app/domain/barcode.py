"""Barcodes as text: cleaned, matched with the lab's pattern, and agreed on by all witnesses."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath, PureWindowsPath

from app.domain.slide import BarcodeReading, BarcodeSource

LONGEST = 200
"""Longer texts are documents, not names of slides; they also keep a careless pattern from running for ever."""
MOST_PIECES = 24
_AIM_PREFIX = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the witnesses say together.

    `barcode` is None when nobody speaks or two differ; `conflict` then holds the readings that differ, their texts
    cleaned. `ignored` are readings that do not count: of a source not asked, or not of the lab's pattern.
    """

    barcode: str | None
    conflict: tuple[BarcodeReading, ...] = ()
    ignored: tuple[BarcodeReading, ...] = ()


def clean(text: str) -> str:
    """Return a barcode's text without AIM prefix, GS and other invisible characters, and surrounding blanks."""
    visible = "".join(each for each in text if unicodedata.category(each) not in {"Cc", "Cf"}).strip()
    prefix = _AIM_PREFIX.match(visible)
    return visible[prefix.end() :].strip() if prefix else visible


def matches(pattern: str, text: str) -> bool:
    """Return whether a text is, as a whole, a barcode of this lab; an empty pattern takes anything non-empty.

    `pattern` is a regular expression that compiles, as the settings check.
    """
    if not 0 < len(text) <= LONGEST:
        return False
    return not pattern or re.fullmatch(pattern, text) is not None


def agree(readings: Sequence[BarcodeReading], pattern: str, sources: Sequence[str]) -> Agreement:
    """Return what all witnesses that count agree on; what a person assigned (last) overrules them.

    A reading counts if its source is one of `sources` (values of BarcodeSource) and its text is of the lab's pattern.
    File names count only with a pattern, since any name would pass without one; of several candidates in one name,
    one that agrees with the other witnesses is enough.
    """
    cleaned = [replace(each, text=clean(each.text)) for each in readings]
    assigned = [each for each in cleaned if each.source is BarcodeSource.PERSON and each.text]
    if assigned:
        last = assigned[-1]
        return Agreement(last.text, ignored=tuple(each for each in cleaned if each.text != last.text))
    counting = [each for each in cleaned if _counts(each, pattern, sources)]
    ignored = [each for each in cleaned if each not in counting]
    seen = [each for each in counting if each.source is not BarcodeSource.FILE_NAME]
    named = [each for each in counting if each.source is BarcodeSource.FILE_NAME]
    texts = {each.text for each in seen}
    if texts & {each.text for each in named}:
        ignored += [each for each in named if each.text not in texts]
        counting = [each for each in counting if each not in ignored]
    return _verdict(counting, ignored)


def file_name_candidates(name: str, pattern: str) -> tuple[str, ...]:
    """Return the parts of a file name that the lab's pattern matches whole, longest first; none without a pattern.

    Parts begin and end at letters or digits, between characters that are neither; parts inside a longer match
    do not count.
    """
    if not pattern:
        return ()
    stem = _stem(name)
    pieces = [piece for piece in _pieces(stem) if piece[0] < piece[1]][:MOST_PIECES]
    spans = {(first[0], last[1]) for i, first in enumerate(pieces) for last in pieces[i:]} | {(0, len(stem))}
    taken: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        free = all(end <= first or start >= last for first, last in taken)
        if free and matches(pattern, stem[start:end]):
            taken.append((start, end))
    return tuple(dict.fromkeys(stem[start:end] for start, end in taken))


def _counts(reading: BarcodeReading, pattern: str, sources: Sequence[str]) -> bool:
    if reading.source.value not in sources or (reading.source is BarcodeSource.FILE_NAME and not pattern):
        return False
    return matches(pattern, reading.text)


def _verdict(counting: Sequence[BarcodeReading], ignored: Sequence[BarcodeReading]) -> Agreement:
    texts = {each.text for each in counting}
    if len(texts) > 1:
        return Agreement(None, tuple(dict.fromkeys(counting)), tuple(ignored))
    return Agreement(next(iter(texts), None), (), tuple(ignored))


def _stem(name: str) -> str:
    """Return a file's name without folders and extensions (`x.ome.tiff` has two)."""
    plain = PurePosixPath(PureWindowsPath(name).name)
    stem = plain.stem
    return stem[: -len(".ome")] if stem.lower().endswith(".ome") else stem


def _pieces(stem: str) -> list[tuple[int, int]]:
    """Return where the runs of letters and digits begin and end."""
    gaps = [(gap.start(), gap.end()) for gap in _SEPARATORS.finditer(stem)]
    starts = [0, *(end for _, end in gaps)]
    ends = [*(start for start, _ in gaps), len(stem)]
    return list(zip(starts, ends, strict=True))
