"""Data filters: ranges that are named, or found by the developer metadata that hangs on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.fakes.sheets_server.area import Area, Axis
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.call import chosen
from tests.fakes.sheets_server.developer_metadata import DOCUMENT, PROJECT, DeveloperMetadata, Location, project_of
from tests.fakes.sheets_server.errors import InvalidError, bad_field, invalid_argument
from tests.fakes.sheets_server.tab import Tab

KINDS = ("a1Range", "gridRange", "developerMetadataLookup")
EXACT, INTERSECTING = "EXACT_LOCATION", "INTERSECTING_LOCATION"
VISIBILITIES = ("DEVELOPER_METADATA_VISIBILITY_UNSPECIFIED", DOCUMENT, PROJECT)
_TYPES = ("DEVELOPER_METADATA_LOCATION_TYPE_UNSPECIFIED", "ROW", "COLUMN", "SHEET", "SPREADSHEET")
_STRATEGIES = ("DEVELOPER_METADATA_LOCATION_MATCHING_STRATEGY_UNSPECIFIED", EXACT, INTERSECTING)

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """A spreadsheet as a project sees it, and what filters select of it."""

    book: Book
    project: str

    def everything(self) -> list[DeveloperMetadata]:
        """Return all metadata: the spreadsheet's, then tab by tab that of the tab, its rows, its columns."""
        held = [self.book.metadata, *(sorted(tab.metadata, key=_order) for tab in self.book.tabs)]
        return [each for several in held for each in several if each.is_for(self.project)]

    def by_location(self) -> dict[Location, list[Message]]:
        """Return the messages of all metadata, by what it hangs on."""
        found: dict[Location, list[Message]] = {}
        for each in self.everything():
            found.setdefault(each.location, []).append(each.json())
        return found

    def metadata(self, wanted: Message) -> list[DeveloperMetadata]:
        """Return the metadata of a filter; a range has what hangs on anything that it meets. Raises InvalidError."""
        if _kind(wanted) == "developerMetadataLookup":
            return self._looked_up(wanted["developerMetadataLookup"])
        tab, area = self._named(wanted)
        return [
            each
            for each in self.everything()
            if each.location.tab == tab.id and each.location.area(tab.whole).meets(area)
        ]

    def areas(self, wanted: Message) -> list[tuple[Tab, Area]]:
        """Return the cells of a filter, each area once; the spreadsheet as a whole has none. Raises InvalidError."""
        if _kind(wanted) != "developerMetadataLookup":
            return [self._named(wanted)]
        locations = [each.location for each in self._looked_up(wanted["developerMetadataLookup"])]
        tabs = {tab.id: tab for tab in self.book.tabs}
        found = [(tabs[each.tab], each) for each in dict.fromkeys(locations) if each.tab is not None]
        return [(tab, each.area(tab.whole)) for tab, each in found]

    def areas_of_all(self, filters: Iterable[Message]) -> list[tuple[Message, Tab, Area]]:
        """Return the cells of several filters, each with its filter. Raises ApiError 400."""
        found = []
        for index, each in enumerate(filters):
            try:
                found.extend((each, tab, area) for tab, area in self.areas(each))
            except InvalidError as error:
                raise invalid_argument(f"Invalid dataFilter[{index}]: {error}") from error
        return found

    def _named(self, wanted: Message) -> tuple[Tab, Area]:
        if wanted.get("gridRange") is not None:
            return self.book.area_of(wanted["gridRange"])
        tab, area = self.book.locate(str(wanted["a1Range"]))
        return tab, self.book.clipped(tab, area)

    def _looked_up(self, lookup: Message) -> list[DeveloperMetadata]:
        kind = chosen(lookup.get("locationType") or "", "locationType", "DeveloperMetadataLocationType", _TYPES)
        place = location_of(self.book, lookup["metadataLocation"]) if lookup.get("metadataLocation") else None
        visibility = chosen(lookup.get("visibility") or "", "visibility", "DeveloperMetadataVisibility", VISIBILITIES)
        exact = _is_exact(lookup, kind, place)
        return [
            each
            for each in self.everything()
            if _says(each, lookup)
            and visibility in (VISIBILITIES[0], each.visibility)
            and kind in (_TYPES[0], each.location.type)
            and (place is None or (each.location == place if exact else each.location.meets(place)))
        ]


def view_for(book: Book, account: str) -> View:
    """Return a spreadsheet as the project of an account sees it."""
    return View(book, project_of(account))


def _order(metadata: DeveloperMetadata) -> tuple[int, int]:
    return ("SHEET", "ROW", "COLUMN").index(metadata.location.type), metadata.location.index


def _kind(wanted: Message) -> str:
    """Return what a filter selects by. Raises ApiError or InvalidError unless that is one thing."""
    given = [each for each in KINDS if wanted.get(each) is not None]
    if not given:
        raise InvalidError("No filter set.")
    if len(given) > 1:
        raise bad_field(
            "data_filter",
            f"Invalid value at 'data_filter' (oneof), oneof field 'filter' is already set. Cannot set '{given[1]}'",
        )
    return given[0]


def _says(metadata: DeveloperMetadata, lookup: Message) -> bool:
    """Return whether metadata has the id, key and value that a lookup names."""
    said = {"metadataId": metadata.id, "metadataKey": metadata.key, "metadataValue": metadata.value}
    return all(lookup.get(name) is None or lookup[name] == value for name, value in said.items())


def _is_exact(lookup: Message, kind: str, place: Location | None) -> bool:
    """Return whether a lookup wants its location alone. Raises InvalidError for what may not be asked together."""
    kind_of_strategy = "DeveloperMetadataLookup.DeveloperMetadataLocationMatchingStrategy"
    strategy = lookup.get("locationMatchingStrategy") or ""
    strategy = chosen(strategy, "locationMatchingStrategy", kind_of_strategy, _STRATEGIES)
    if strategy != _STRATEGIES[0] and place is None:
        raise InvalidError("A metadataLocation must be specified with a locationMatchingStrategy.")
    if strategy == EXACT and kind != _TYPES[0]:
        raise InvalidError(
            "The locationType must not be specified when the locationMatchingStrategy is EXACT_LOCATION."
        )
    if kind == "SPREADSHEET" and (strategy == INTERSECTING or (place is not None and place.tab is not None)):
        raise InvalidError("Spreadsheet metadata cannot intersect any other developer metadata location.")
    return strategy == EXACT


def location_of(book: Book, message: Message) -> Location:
    """Return the location that a DeveloperMetadataLocation names. Raises InvalidError when it is none of the book's."""
    names = ("spreadsheet", "sheetId", "dimensionRange")
    given = [name for name in names if message.get(name) is not None and message[name] is not False]
    if len(given) != 1:
        raise InvalidError("Exactly one of spreadsheet, sheetId and dimensionRange must be specified as the location.")
    if given == ["spreadsheet"]:
        return Location()
    if given == ["sheetId"]:
        return Location(book.grid_by_id(int(message["sheetId"])).id)
    lines = message["dimensionRange"]
    tab = book.grid_by_id(int(lines.get("sheetId") or 0))
    if lines.get("dimension") not in ("ROWS", "COLUMNS"):
        raise InvalidError("No dimension specified.")
    axis, start, end = Axis(lines["dimension"]), int(lines.get("startIndex") or 0), lines.get("endIndex")
    if end is None or int(end) != start + 1:
        raise InvalidError("The dimensionRange must represent a single row or column.")
    if not 0 <= start < tab.length(axis):
        raise InvalidError(f"dimensionRange.startIndex[{start}] is too large for the sheet")
    return Location(tab.id, axis, start)
