"""The report's three embedded fonts: which characters they hold and how wide these are."""

from functools import lru_cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from app.domain.errors import SurroundingsError

SANS = "Slideferry-Sans"
BOLD = "Slideferry-Bold"
MONO = "Slideferry-Mono"
FILES = {SANS: "DejaVuSansCondensed.ttf", BOLD: "DejaVuSansCondensed-Bold.ttf", MONO: "DejaVuSansMono.ttf"}


def register(folder: Path) -> None:
    """Make the fonts known to the page library, once a process.

    Raises SurroundingsError when a font file is missing or damaged.
    """
    known = set(pdfmetrics.getRegisteredFontNames())
    for name, file in FILES.items():
        if name in known:
            continue
        try:
            pdfmetrics.registerFont(TTFont(name, str(folder / file)))
        except (TTFError, OSError) as error:
            raise SurroundingsError(
                "A font of the report cannot be read", f"{folder / file}: {error}", "Install the program again"
            ) from error


@lru_cache(maxsize=len(FILES))
def glyph_widths(font: str) -> dict[int, float]:
    """Return the advance widths, in thousandths of the font size, of all characters a font holds."""
    face = pdfmetrics.getFont(font).face
    return {code: face.getCharWidth(code) for code in face.charToGlyph if code < 0x110000}


def printable(text: str, font: str) -> str:
    """Return the text with each character that the font lacks written as [U+1F52C]: it stays tellable on paper."""
    held = glyph_widths(font)
    if all(ord(character) in held for character in text if character != "\n"):
        return text
    return "".join(
        character if character == "\n" or ord(character) in held else f"[U+{ord(character):04X}]" for character in text
    )


def text_width(text: str, font: str, size: float) -> float:
    """Return the width in points of a text whose characters the font holds."""
    widths = glyph_widths(font)
    return sum(widths[ord(character)] for character in text) * size / 1000
