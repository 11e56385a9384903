"""Where this station keeps its settings, its journal and its resources."""

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app import __version__
from app.domain.errors import SurroundingsError, UseError
from app.domain.run import Operator
from app.domain.secret import Secrets
from app.domain.settings import Settings
from app.domain.settings_text import parse_settings
from app.services.operators import operator_named, operators_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where this station keeps its settings, its journal and its secrets; `secrets` None: in the system's keyring."""

    settings_file: Path
    data: Path
    secrets: Secrets | None = None

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.data / "journal.sqlite"

    @property
    def pictures(self) -> Path:
        """The folder of pictures that were drawn once."""
        return self.data / "cache" / "pictures"

    @property
    def logs(self) -> Path:
        """The folder of log files."""
        return self.data / "logs"


def resources() -> Path:
    """Return the folder of fonts, icons and sample slides, also in the frozen program."""
    return Path(getattr(sys, "_MEIPASS", Path(__file__).parents[2])) / "resources"


@contextmanager
def about_folder(folder: Path) -> Iterator[None]:
    """Tell an OSError about a folder that a person named in words: UseError for a file, else SurroundingsError."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise UseError("This is no folder", f"{folder} is a file, or lies below one", "Name a folder") from error
    except OSError as error:
        raise SurroundingsError(
            "The folder cannot be used",
            f"{folder}: {error.strerror or error}",
            "Check that it can be reached and that this account may write there",
        ) from error


def refuse_empty(path: str | None) -> None:
    """Raise UseError for an empty path, which the system would take for the folder we happen to be in."""
    if path is not None and not path.strip():
        raise UseError("A path is empty", "An empty path names no file and no folder", "Name the file or folder")


def find_place(config: str | None, data_dir: str | None) -> Place:
    """Return where settings and journal are: as told, else by the environment, the machine, the user.

    A settings file that was named and has a folder `data` beside it uses that one. Raises UseError for an empty path.
    """
    from platformdirs import PlatformDirs

    refuse_empty(config)
    refuse_empty(data_dir)
    user = PlatformDirs("Slideferry", appauthor=False)
    machine = _machine_folder()
    named = config or os.environ.get("SLIDEFERRY_CONFIG")
    installed = (machine / "settings.toml").exists()
    settings_file = Path(named) if named else (machine if installed else user.user_config_path) / "settings.toml"
    told = data_dir or os.environ.get("SLIDEFERRY_DATA_DIR")
    if told:
        return Place(settings_file, Path(told).absolute())
    beside = settings_file.absolute().parent / "data"
    if named and beside.is_dir():
        return Place(settings_file, beside)
    return Place(settings_file, machine if installed else user.user_data_path)


def _machine_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Slideferry"
    return Path("/var/lib/slideferry")


def load_settings(place: Place) -> Settings:
    """Read and check the settings; raise UseError naming what is missing or wrong."""
    try:
        text = place.settings_file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UseError(
            "There are no settings yet",
            f"{place.settings_file} does not exist",
            "Make it (docs/settings.md lists every setting), name another with --config, or try `demo`",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UseError("The settings cannot be read", f"{place.settings_file}: {error}", "Save it as UTF-8") from error
    return parse_settings(text, name=str(place.settings_file))


def settings_if_any(place: Place) -> Settings | None:
    """Return the settings, None where there is no file of them; raise UseError for a wrong one."""
    return load_settings(place) if place.settings_file.exists() else None


def require(settings: Settings, *needed: str) -> None:
    """Raise UseError naming the first needed setting (`section.key`) that is empty."""
    for name in needed:
        section, key = name.split(".")
        if not getattr(getattr(settings, section), key):
            raise UseError(
                "A setting is missing", f"[{section}] {key} is empty", "docs/settings.md says what it is for"
            )


def account() -> str:
    """Return the account of the system, for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def default_operator(settings: Settings, name: str | None) -> Operator:
    """Return the operator named, else the first of the lab, else the account of the system."""
    listed = operators_of(settings.lab)
    if name is None and listed:
        name = listed[0].name
    return operator_named(settings.lab, name or "", account())


def version() -> str:
    """Return the program's version."""
    return __version__
