"""The settings file, changed in place of a person's editor."""

import os
from collections.abc import Mapping
from pathlib import Path

from app.adapters.files.atomic import write_atomically
from app.domain.errors import SurroundingsError, UseError
from app.domain.settings_edit import with_section

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class TomlSettingsFile:
    """Meets SettingsFile."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def change(self, section: str, values: Mapping[str, object]) -> None:
        """Write the file anew as a whole, so that a reader sees the old or the new one; a link's target is written."""
        try:
            path = self._path.resolve(strict=True)
            before = path.read_bytes()
            text = before.removeprefix(_BYTE_ORDER_MARK).decode("utf-8")
            after = with_section(text, section, values, name=str(self._path)).encode("utf-8")
            mark = _BYTE_ORDER_MARK if before.startswith(_BYTE_ORDER_MARK) else b""
            via = path.with_name(f".{path.name}.{os.getpid()}.new")
            mode = path.stat().st_mode
            write_atomically(path, mark + after, via=via, before_swap=lambda: via.chmod(mode))
        except UnicodeDecodeError as error:
            raise UseError("The settings cannot be read", f"{self._path}: {error}", "Save it as UTF-8") from error
        except OSError as error:
            raise SurroundingsError(
                "The settings cannot be written",
                f"{self._path}: {error.strerror or error}",
                "Ask whoever may write there; until the program is closed it works with what was found",
            ) from error
