"""The Google Sheets service that the tests of a module share."""

from collections.abc import Iterator

import pytest

from tests.fakes.sheets_server import SheetsServer


@pytest.fixture(scope="module")
def server() -> Iterator[SheetsServer]:
    """Serve spreadsheets without a quota; tests of the quota have a server of their own."""
    with SheetsServer() as server:
        server.quota.per_user = server.quota.per_project = 1_000_000
        yield server
