"""Sends recorded requests to the server, one recording after another, and compares the answers."""

import http.client
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.replay.cassette import Interaction, parsed, recordings
from tests.fakes.replay.comparing import shape_differences, value_differences
from tests.fakes.replay.names import Names
from tests.fakes.replay.seeding import Seeder
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.routes import route_for

HOSTS = ("sheets.googleapis.com", "www.googleapis.com")
ACCOUNT = "recorder@slideferry.iam.gserviceaccount.com"


@dataclass(frozen=True, slots=True)
class Difference:
    """A request that was answered otherwise than recorded. `number` counts from 1 in its recording."""

    recording: str
    number: int
    request: str
    why: list[str]


@dataclass(slots=True)
class Verdict:
    """What came of all recordings; `total` is `agree`, `outside` and the entries of `differ` together."""

    total: int = 0
    agree: int = 0
    outside: int = 0
    differ: list[Difference] = field(default_factory=list)
    values_compared: int = 0
    values_differ: list[Difference] = field(default_factory=list)
    outside_calls: list[str] = field(default_factory=list)
    seeded: list[str] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """Return the verdict: status and shape first, then what the answers of equal shape say."""
        return {
            "total": self.total,
            "agree": self.agree,
            "outside": self.outside,
            "differ": [asdict(each) for each in self.differ],
            "values": {"compared": self.values_compared, "differ": [asdict(each) for each in self.values_differ]},
            "outside_calls": self.outside_calls,
            "seeded": self.seeded,
        }


def replay_folder(folder: Path) -> Verdict:
    """Replay every recording below a folder, each on a server of its own."""
    verdict = Verdict()
    for name, interactions in recordings(folder):
        with SheetsServer() as server:
            _Replay(server, name, verdict).run(interactions)
    return verdict


def is_outside(interaction: Interaction) -> bool:
    """Return whether a request is none that gspread's client makes: another host, or no route for method and path."""
    return interaction.host not in HOSTS or route_for(interaction.method, interaction.path) is None


class _Replay:
    """One recording on one server."""

    def __init__(self, server: SheetsServer, name: str, verdict: Verdict) -> None:
        self._server = server
        self._name = name
        self._verdict = verdict
        self._names = Names()
        self._seeder = Seeder(server, self._names, ACCOUNT)
        self._token = server.accounts.issue(ACCOUNT)

    def run(self, interactions: Iterable[Interaction]) -> None:
        connection = http.client.HTTPConnection(urlsplit(self._server.url).netloc, timeout=30)
        try:
            for number, interaction in enumerate(interactions, start=1):
                self._verdict.total += 1
                if is_outside(interaction):
                    self._verdict.outside += 1
                    self._verdict.outside_calls.append(f"{self._name} {number}: {_request(interaction)}")
                else:
                    self._compare(number, interaction, *self._send(connection, interaction))
        finally:
            connection.close()
        self._verdict.seeded.extend(f"{self._name}: {each}" for each in self._seeder.seeded)

    def _send(self, connection: http.client.HTTPConnection, interaction: Interaction) -> tuple[int, str]:
        target = self._names.text(interaction.target)
        self._seeder.prepare(interaction, target)
        body = self._names.body(interaction.body).encode("utf-8") if interaction.body else None
        headers = {"Authorization": f"Bearer {self._token}"}
        if interaction.content_type:
            headers["Content-Type"] = interaction.content_type
        connection.request(interaction.method, target, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")

    def _compare(self, number: int, interaction: Interaction, status: int, text: str) -> None:
        recorded, answered = interaction.message(), parsed(text)
        self._names.learn(recorded, answered)
        recorded = self._names.message(recorded)
        why = [f"status {interaction.status} became {status}"] if status != interaction.status else []
        why += shape_differences(recorded, answered)
        request = _request(interaction)
        if why:
            self._verdict.differ.append(Difference(self._name, number, request, why))
            return
        self._verdict.agree += 1
        self._verdict.values_compared += 1
        said = interaction.answer if recorded is None else recorded
        if other := list(value_differences(said, text if answered is None else answered)):
            self._verdict.values_differ.append(Difference(self._name, number, request, other))


def _request(interaction: Interaction) -> str:
    return f"{interaction.method} {interaction.host}{interaction.target}"
