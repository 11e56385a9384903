"""Texts that name the files of a slide: Hamamatsu's .ndpis, .vms and .vmu, Aperio's .afi."""

import re
from pathlib import Path
from xml.sax.saxutils import unescape

from app.adapters.imaging.names import extension

SMALL_TEXT_BYTES = 4 << 20
NAMES = {
    "ndpis": re.compile(r"^Image\d+\s*=\s*(.+?)\s*$", re.MULTILINE),
    "afi": re.compile(r"<Path>\s*([^<]+?)\s*</Path>"),
}
MICROSCOPE = re.compile(
    r"^(?:ImageFile(?:\([^)]*\))?|MapFile|OptimisationFile|MacroImage)\s*=[ \t]*(\S.*?)\s*$", re.MULTILINE
)


def names_in_key(kind: str, text: str) -> tuple[str, ...]:
    """Return the names that a text of this extension speaks of, each once, never a path that leads elsewhere."""
    found = dict.fromkeys(unescape(name) for name in NAMES.get(kind, MICROSCOPE).findall(text))
    return tuple(name for name in found if not any(mark in name for mark in "/\\:\0"))


def is_cut_key(kind: str, text: str) -> bool:
    """Say whether a text that names channels was not written to its end: then it may name more."""
    if kind == "afi":
        root = re.search(r"<(\w[^\s/>]*)", text)
        return root is None or not text.rstrip("\0 \r\n\t").endswith(f"</{root[1]}>")
    counted = re.search(r"^NoImages\s*=\s*(\d+)", text, re.MULTILINE)
    return kind == "ndpis" and (counted is None or int(counted.group(1)) > len(names_in_key(kind, text)))


def unsaid_in_key(kind: str, text: str) -> tuple[str, ...]:
    """Return which words a text of this extension must hold and does not; OpenSlide dies of a .vmu without them."""
    needed = ("BitsPerPixel", "PixelOrder") if kind == "vmu" else ()
    return tuple(word for word in needed if not re.search(rf"^{word}\s*=\s*\S", text, re.MULTILINE))


def read_key_text(path: Path) -> str:
    """Return the text of such a file; nothing where it is far too long. Raises OSError."""
    return path.read_text(encoding="utf-8", errors="replace") if path.stat().st_size <= SMALL_TEXT_BYTES else ""


def read_key_names(path: Path) -> tuple[str, ...]:
    """Return the names that a file speaks of. Raises OSError."""
    return names_in_key(extension(path.name), read_key_text(path))


def channel_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what tells files of one slide apart in their names, none where there is only one."""
    stems = [name.rpartition(".")[0] for name in names]
    if len(stems) < 2:
        return ()
    before, after = _same(stems), _same([stem[::-1] for stem in stems])
    shortest = min(map(len, stems))
    after = min(after, shortest - before)
    return tuple(stem[before : len(stem) - after].strip(" -_") or stem for stem in stems)


def _same(texts: list[str]) -> int:
    """Return how many characters all texts begin with in common."""
    count = 0
    for letters in zip(*texts, strict=False):
        if len(set(letters)) > 1:
            break
        count += 1
    return count
