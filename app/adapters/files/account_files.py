"""Small files of an account in the data folder: for this account alone, replaced as a whole."""

from pathlib import Path

from app.adapters.files import platform
from app.adapters.files.atomic import write_atomically
from app.domain.errors import SurroundingsError

_MODE = 0o600


class DataFolderFiles:
    """Meets the port AccountFiles."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, text: str) -> None:
        """Write a file in the place of an older one: a reader sees the one or the other, whole."""
        path = self._folder / name
        via = path.with_name(f"{name}.new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text.encode("utf-8"), via=via, before_swap=lambda: via.chmod(_MODE))
        except OSError as error:
            raise _refused(path, error) from error

    def remove(self, name: str) -> bool:
        """Remove a file; False where there was none."""
        path = self._folder / name
        try:
            was_there = path.exists()
            platform.remove_if_there(path)
        except OSError as error:
            raise _refused(path, error) from error
        return was_there


def _refused(path: Path, error: OSError) -> SurroundingsError:
    hint = "Check that the folder can be reached and that this account may write there"
    return SurroundingsError("The data folder cannot be used", f"{path}: {error.strerror or error}", hint)
