"""Names that every file system takes: what a sheet, a barcode or a scanner says is hostile until cleaned here."""

import re
import unicodedata

LONGEST_PART = 120
"""The most characters of one cleaned part of a name."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?=\s*(\.|$))", re.IGNORECASE)


def clean_part(text: str) -> str:
    """Return the text as one part of a file name that every file system takes; empty when nothing is left.

    At most LONGEST_PART characters. Cleaning a second time changes nothing.
    """
    cleaned = clean_text(text)
    if len(cleaned) <= LONGEST_PART:
        return cleaned
    return unreserved(cleaned[:LONGEST_PART].rstrip(" ."))[:LONGEST_PART]


def clean_text(text: str) -> str:
    """Return the cleaned text whole, however long it is; `clean_part` also limits it."""
    blanks = "".join(" " if each.isspace() else each for each in unicodedata.normalize("NFC", text))
    kept = "".join(each for each in blanks if unicodedata.category(each) not in _DROPPED)
    safe = _FORBIDDEN.sub("-", unicodedata.normalize("NFC", kept))
    return unreserved(" ".join(safe.split()).strip(" ."))


def clean_component(text: str) -> str:
    """Return one component of a scan's own inner path, as little changed as safety allows: a leading dot stays."""
    kept = "".join(each for each in unicodedata.normalize("NFC", text) if unicodedata.category(each) not in _DROPPED)
    safe = _FORBIDDEN.sub("-", unicodedata.normalize("NFC", kept)).rstrip(" .")
    return unreserved(safe)


def unreserved(name: str) -> str:
    """Put `_` behind a name that old Windows keeps for a device: `CON.svs` becomes `CON_.svs`."""
    return _RESERVED.sub(r"\1_", name, count=1) if _RESERVED.match(name) else name
