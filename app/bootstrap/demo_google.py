"""A Google Sheets service for the demo: the one that the tests have, in a process of its own, with the demo's sheet."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from app.bootstrap.place import Place
from app.domain.errors import SurroundingsError, UseError
from app.domain.google_account import SERVICE_ACCOUNT_FILE, parts_of, service_account_in
from app.domain.secret import GOOGLE_SERVICE_ACCOUNT
from app.domain.settings import Settings, SheetSettings
from app.services.demo_plan import CHOICES

ROOT = Path(__file__).parents[2]
SERVER = "tests.fakes.sheets_server"
TITLE = "Summary of Slides"
_LISTENING = "listening: "


@contextmanager
def google_for_demo(
    place: Place, settings: Settings, grid: Sequence[Sequence[str]]
) -> Iterator[tuple[Place, Settings]]:
    """Serve a Google sheet with these rows while the block lasts; yield where the lab then is, and its settings.

    Raises UseError outside a clone of the project, and for a lab whose sheet was served before: that one has gone.
    """
    if not ROOT.joinpath(*SERVER.split(".")).is_dir():
        raise UseError(
            "This program has no Google service of its own", "`--google` is for a clone of the project", "Leave it out"
        )
    if (place.data / SERVICE_ACCOUNT_FILE).exists():
        raise UseError(
            "The Google sheet of this demo lab has gone with its server",
            str(place.data.parent),
            "Name another folder with --dir",
        )
    place.data.mkdir(parents=True, exist_ok=True)
    key_file = place.data / "demo-key.json"
    words = [sys.executable, "-m", SERVER, "--key", str(key_file)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as server:
        try:
            told = server.stdout.readline().strip() if server.stdout else ""
            if not told.startswith(_LISTENING):
                raise SurroundingsError(
                    "The demo's Google service did not start", told or "It said nothing", "Try again"
                )
            yield _signed_up(place, settings, told.removeprefix(_LISTENING), key_file, grid)
        finally:
            server.terminate()


def _signed_up(
    place: Place, settings: Settings, api_root: str, key_file: Path, grid: Sequence[Sequence[str]]
) -> tuple[Place, Settings]:
    """Take the server's account into use as `secret set` does, but for the keyring: nobody's secret is at stake."""
    from app.adapters.sheets.google_account import google_credentials
    from app.adapters.sheets.new_spreadsheet import make_spreadsheet

    parts = parts_of(service_account_in(key_file.read_text(encoding="utf-8")))
    key_file.unlink()
    (place.data / SERVICE_ACCOUNT_FILE).write_text(parts.beside, encoding="utf-8", newline="\n")
    secrets = _MadeUpSecrets({GOOGLE_SERVICE_ACCOUNT: parts.secret})
    credentials = google_credentials(secrets, place.data, GOOGLE_SERVICE_ACCOUNT)
    spreadsheet = make_spreadsheet(credentials, api_root, TITLE, grid, choices=CHOICES)
    sheet = SheetSettings(kind="google", spreadsheet=spreadsheet, api_root=api_root)
    return replace(place, secrets=secrets), replace(settings, sheet=sheet)


class _MadeUpSecrets:
    """Meets the port Secrets for keys that open nothing but the demo's own server."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> str | None:
        return self._values.get(name)

    def put(self, name: str, value: str) -> None:
        self._values[name] = value

    def clear(self, name: str) -> bool:
        return self._values.pop(name, None) is not None

    def names(self) -> tuple[str, ...]:
        return tuple(self._values)
