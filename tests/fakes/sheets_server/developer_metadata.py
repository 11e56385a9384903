"""Developer metadata: what programs hang on a spreadsheet, a tab, a row or a column, to find it again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.fakes.sheets_server.area import Area, Axis

DOCUMENT, PROJECT = "DOCUMENT", "PROJECT"
CHARACTER_LIMIT = 30_000
"""How long all keys and values may be together, of the spreadsheet itself and of each tab (Google's guide)."""

_ACCOUNTS = ".iam.gserviceaccount.com"
_PROGRAM = "slideferry"


def project_of(account: str) -> str:
    """Return the Google Cloud project through which an account asks: people come through the program's."""
    domain = account.rpartition("@")[2]
    return domain.removesuffix(_ACCOUNTS) if domain.endswith(_ACCOUNTS) else _PROGRAM


@dataclass(frozen=True, slots=True)
class Location:
    """What metadata hangs on: the spreadsheet where there is no `tab`, all of a tab where there is no `axis`."""

    tab: int | None = None
    axis: Axis | None = None
    index: int = 0

    @property
    def type(self) -> str:
        """Google's word for what it is."""
        if self.tab is None:
            return "SPREADSHEET"
        return "SHEET" if self.axis is None else self.axis.value.removesuffix("S")

    def meets(self, other: "Location") -> bool:
        """Return whether the two have a cell in common; a spreadsheet meets itself only."""
        if self == other:
            return True
        across = self.axis is None or other.axis is None or self.axis is not other.axis
        return self.tab is not None and self.tab == other.tab and across

    def area(self, whole: Area) -> Area:
        """Return its cells; `whole` is its tab."""
        if self.axis is Axis.ROWS:
            return Area(self.index, whole.left, self.index + 1, whole.right)
        if self.axis is Axis.COLUMNS:
            return Area(whole.top, self.index, whole.bottom, self.index + 1)
        return whole

    def json(self) -> dict[str, Any]:
        """Return the DeveloperMetadataLocation."""
        message: dict[str, Any] = {"locationType": self.type}
        if self.tab is None:
            return message | {"spreadsheet": True}
        if self.axis is None:
            return message | {"sheetId": self.tab}
        lines = {"dimension": self.axis.value, "startIndex": self.index, "endIndex": self.index + 1}
        return message | {"dimensionRange": ({"sheetId": self.tab} if self.tab else {}) | lines}


@dataclass(frozen=True, slots=True)
class DeveloperMetadata:
    """A key, perhaps with a value, that hangs on a location. `project` is the one that made it."""

    id: int
    key: str
    value: str
    visibility: str
    location: Location
    project: str

    @property
    def characters(self) -> int:
        """What it counts towards the limit."""
        return len(self.key) + len(self.value)

    def is_for(self, project: str) -> bool:
        """Return whether a project may see it."""
        return self.visibility == DOCUMENT or self.project == project

    def moved(self, axis: Axis, place: Callable[[int], int | None]) -> "DeveloperMetadata | None":
        """Return it after the tab's rows or columns went where `place` says; None when its own is gone."""
        if self.location.axis is not axis:
            return self
        index = place(self.location.index)
        return None if index is None else replace(self, location=replace(self.location, index=index))

    def json(self) -> dict[str, Any]:
        """Return the message."""
        value = {"metadataValue": self.value} if self.value else {}
        fixed = {"location": self.location.json(), "visibility": self.visibility}
        return {"metadataId": self.id, "metadataKey": self.key, **value, **fixed}
