"""A lab's slide sheet before anybody has filled it in: rule row, header, and what its drop-downs offer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.naming import template_headers
from app.domain.settings import Settings

_NAMED = "Include in Name?, REQUIRED"


@dataclass(frozen=True, slots=True)
class NewSheet:
    """The first two rows, and the texts to choose from by header."""

    rules: tuple[str, ...]
    headers: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]


def new_sheet(settings: Settings, scanners: Iterable[str]) -> NewSheet:
    """Return a sheet that these settings can work with; `scanners` are others of the lab, beside this one.

    Raises UseError for a folder template with a stray brace.
    """
    rules = {settings.sheet.barcode_column: _NAMED}
    for header in template_headers(settings.destination.folder):
        rules.setdefault(header, _NAMED)
    rules.setdefault("Panel", "Include in Name?")
    choices: dict[str, tuple[str, ...]] = {}
    scanner = settings.sheet.scanner_column
    if scanner:
        rules.setdefault(scanner, "REQUIRED")
        choices[scanner] = tuple(dict.fromkeys((settings.scanner.name, *scanners)))
    rules.setdefault("Scan requested by", "")
    return NewSheet(tuple(rules.values()), tuple(rules), choices)
