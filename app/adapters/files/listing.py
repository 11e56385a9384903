"""What lies in a folder, asked for many names at once."""

from functools import cached_property
from pathlib import Path

from app.adapters.files import names
from app.adapters.files.site import names_in


class Listing:
    """The names in a folder at one moment; a folder that is not there holds none. Raises as the destination does."""

    def __init__(self, folder: Path) -> None:
        self._names = names_in(folder)

    def find(self, name: str) -> str | None:
        """Return the name that some file system takes for `name`, the very same one first."""
        return name if name in self._names else self._twins.get(names.twin_key(name))

    @cached_property
    def _twins(self) -> dict[str, str]:
        return {names.twin_key(each): each for each in sorted(self._names, reverse=True)}
