"""Texts that files carry: hostile until cleaned, dates in every vendor's own way, XML without tricks."""

import re
from datetime import datetime

from lxml import etree

MAX_TEXT = 200
MAX_PROPERTIES = 200
UNKNOWN = frozenset(("", "unknown", "none", "n/a", "0", "null"))
DATES = (
    "%m/%d/%y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M%S.%f",
    "%Y%m%d%H%M%S%z",
    "%Y%m%d%H%M%S.%f%z",
    "%Y:%m:%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d",
)
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


def cleaned(text: str) -> str:
    """Return a text in one line, without control characters and marks of direction, of bounded length."""
    return CONTROLS.sub(" ", text).strip()[:MAX_TEXT]


def known(text: str | None) -> str | None:
    """Return a cleaned text, None where it says nothing."""
    clean = cleaned(text or "")
    return None if clean.lower() in UNKNOWN else clean


def positive(text: str | None) -> float | None:
    """Return a text as a number greater than zero, None where it is none."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 < number < 1e9 else None


def iso_time(text: str | None, *, day_first: bool = False) -> str | None:
    """Return a vendor's date as ISO 8601, the text itself where its way is unknown, None where it is absent.

    Most scanners write local time without a zone; then there is none here either.
    """
    clean = known(text)
    if clean is None:
        return None
    ways = [DATES[2], *DATES] if day_first else DATES
    for way in ways:
        try:
            return datetime.strptime(clean, way).isoformat()
        except ValueError:
            continue
    return clean


def read_xml(text: str | bytes) -> etree._Element | None:
    """Return the root of an XML text, None where it is broken; entities and the network are never followed."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        return etree.fromstring(data.strip(b"\0 \r\n\t"), parser)
    except etree.XMLSyntaxError:
        return None


def local_name(element: etree._Element) -> str:
    """Return an element's name without its name space."""
    return str(element.tag).rpartition("}")[2]
