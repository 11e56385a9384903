"""Each fault that the script knows, as gspread meets it; and that the server ends in order whatever happens."""

import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import gspread
import pytest
import requests
from google.auth.exceptions import RefreshError

from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.client import gspread_client
from tests.fakes.sheets_server.collaborator import Collaborator
from tests.fakes.sheets_server.script import (
    bad_gateway,
    cut,
    cut_in_the_middle,
    internal,
    silence,
    too_many,
    unavailable,
)
from tests.fakes.sheets_server.server import STATION

CUT = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)


def write(sheet: gspread.Worksheet) -> None:
    sheet.batch_update([{"range": "F3", "values": [["Transferred"]]}])


def written(scientist: Collaborator) -> bool:
    return any("Transferred" in row for row in scientist.sees())


@pytest.mark.parametrize("after", [None, 7])
def test_429_with_and_without_the_time_to_wait(
    sheet: gspread.Worksheet, server: SheetsServer, scientist: Collaborator, after: int | None
) -> None:
    server.script.fail(too_many("write", retry_after=after), on="write")
    with pytest.raises(
        gspread.exceptions.APIError, match="Quota exceeded for quota metric 'Write requests'"
    ) as refused:
        write(sheet)
    assert refused.value.code == 429
    assert refused.value.response.headers.get("Retry-After") == (str(after) if after else None)
    assert not written(scientist)
    write(sheet)
    assert written(scientist)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("fault", "status"), [(internal, 500), (unavailable, 503)])
def test_500_and_503_come_before_the_write_or_after_it(
    sheet: gspread.Worksheet, server: SheetsServer, scientist: Collaborator, fault, status: int, after: bool
) -> None:
    server.script.fail(fault(after=after), on="write")
    with pytest.raises(gspread.exceptions.APIError) as refused:
        write(sheet)
    assert refused.value.code == status
    assert written(scientist) is after


def test_a_bad_gateway_answers_in_html(sheet: gspread.Worksheet, server: SheetsServer) -> None:
    server.script.fail(bad_gateway(), on="read")
    with pytest.raises(gspread.exceptions.APIError) as refused:
        sheet.get("A1")
    assert refused.value.response.status_code == 502
    assert "<title>Error 502" in refused.value.response.text


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_is_cut_before_the_write_or_after_it(
    sheet: gspread.Worksheet, server: SheetsServer, scientist: Collaborator, after: bool
) -> None:
    server.script.fail(cut(after=after), on="write")
    with pytest.raises(CUT):
        write(sheet)
    assert written(scientist) is after
    assert server.log[-1].status is None


def test_a_connection_is_cut_in_the_middle_of_an_answer(sheet: gspread.Worksheet, server: SheetsServer) -> None:
    server.script.fail(cut_in_the_middle(), on="read")
    with pytest.raises(CUT):
        sheet.get_all_values()
    assert len(sheet.get_all_values()) == 5


def test_silence_is_broken_off_by_the_client_though_the_write_was_done(
    sheet: gspread.Worksheet, server: SheetsServer, scientist: Collaborator
) -> None:
    server.script.fail(silence(60), on="write")
    sheet.client.set_timeout(0.2)
    with pytest.raises(requests.exceptions.ReadTimeout):
        write(sheet)
    while server.log[-1].kind != "write":
        time.sleep(0.01)  # a busy machine gets to the write after the client has given up
    assert written(scientist)


def test_a_request_may_be_lost_without_a_word(
    sheet: gspread.Worksheet, server: SheetsServer, scientist: Collaborator
) -> None:
    server.script.fail(silence(60, after=False), on="write")
    sheet.client.set_timeout(0.2)
    with pytest.raises(requests.exceptions.ReadTimeout):
        write(sheet)
    assert not written(scientist)


def test_a_revoked_token_is_not_renewed(sheet: gspread.Worksheet, server: SheetsServer) -> None:
    server.script.meanwhile(lambda: server.accounts.revoke(STATION), before="read")
    with pytest.raises(RefreshError, match="invalid_grant"):
        sheet.get("A1")


def test_faults_wait_for_the_request_they_are_meant_for(sheet: gspread.Worksheet, server: SheetsServer) -> None:
    server.script.fail(unavailable(), on="values:batchGet", skip=1)
    server.script.fail(internal(), on="write", times=2)
    assert sheet.get("A2") == [["Barcode"]]
    sheet.batch_get(["A1"])
    with pytest.raises(gspread.exceptions.APIError):
        sheet.batch_get(["A1"])
    for _ in range(2):
        with pytest.raises(gspread.exceptions.APIError):
            write(sheet)
    write(sheet)
    assert server.script.steps == []


@pytest.fixture
def threads() -> Iterator[None]:
    """Fail when a thread outlives the test."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@pytest.mark.usefixtures("threads")
def test_the_server_ends_while_clients_hold_connections_and_wait() -> None:
    def wait_in_vain() -> None:
        with pytest.raises(CUT):
            client.open_by_key(book.id)

    with SheetsServer() as server, gspread_client(server) as client:
        book = server.add_book("Slides", [["Barcode"]])
        client.open_by_key(book.id)
        idle = socket.create_connection(("127.0.0.1", int(urlsplit(server.url).port or 0)))
        server.script.fail(silence(60), on="read")
        waiting = threading.Thread(target=wait_in_vain)
        waiting.start()
        while server.script.steps:
            waiting.join(0.01)
    waiting.join()
    idle.close()


def open_what_breaks(server: SheetsServer) -> None:
    with server, gspread_client(server) as client:
        book = server.add_book("Slides")
        book.tabs = None  # type: ignore[assignment]
        with pytest.raises(gspread.exceptions.APIError, match="Internal error encountered"):
            client.http_client.fetch_sheet_metadata(book.id)


def test_an_error_of_the_servers_own_reaches_the_test() -> None:
    with pytest.raises(TypeError):
        open_what_breaks(SheetsServer())
