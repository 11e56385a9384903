"""Files, permissions and comments as Drive keeps them, and the methods about whole spreadsheets."""

from typing import Any

import gspread
import pytest

from tests.fakes.conftest import HEADER, RULES, SLIDES
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.client import gspread_client
from tests.fakes.sheets_server.server import STATION

FILES = "https://www.googleapis.com/drive/v3/files"
BOOKS = "https://sheets.googleapis.com/v4/spreadsheets"
COLLEAGUE = "colleague@slideferry.iam.gserviceaccount.com"


def ask(gc: gspread.Client, method: str, url: str, json: Any = None, **params: Any) -> Any:
    response = gc.http_client.request(method, url, params=params, json=json)
    return response.json() if response.content else None


def refused(gc: gspread.Client, method: str, url: str, json: Any = None, **params: Any) -> tuple[int, str]:
    with pytest.raises(gspread.exceptions.APIError) as error:
        ask(gc, method, url, json, **params)
    reasons = error.value.response.json()["error"].get("errors") or [{"reason": ""}]
    return error.value.code, reasons[0]["reason"]


def test_a_file_tells_what_it_is_asked_for(gc: gspread.Client, book: Book) -> None:
    assert ask(gc, "get", f"{FILES}/{book.id}") == {
        "kind": "drive#file",
        "id": book.id,
        "name": "Summary of Slides",
        "mimeType": "application/vnd.google-apps.spreadsheet",
    }
    more = ask(gc, "get", f"{FILES}/{book.id}", fields="ownedByMe,shared,capabilities/canEdit,owners(emailAddress)")
    assert more == {
        "ownedByMe": False,
        "shared": True,
        "capabilities": {"canEdit": True},
        "owners": [{"emailAddress": "scientist@lab.example"}],
    }
    assert refused(gc, "get", f"{FILES}/{book.id}", fields="id;name") == (400, "invalidParameter")


def test_files_are_searched_and_come_in_pages(gc: gspread.Client) -> None:
    ids = [gc.create(f"Run {number}", folder_id="folder").id for number in range(3)]
    ask(gc, "patch", f"{FILES}/{ids[0]}", {"name": "Plan"}, removeParents="folder")
    found = lambda query: {each["name"] for each in ask(gc, "get", FILES, q=query)["files"]}  # noqa: E731
    assert found("name contains 'run' and trashed = false") == {"Run 1", "Run 2"}
    assert found('"folder" in parents and name != "Run 1"') == {"Run 2"}
    assert found("mimeType = 'application/pdf'") == set()
    assert refused(gc, "get", FILES, q="size > 3") == (400, "invalid")
    first = ask(gc, "get", FILES, pageSize=2)
    second = ask(gc, "get", FILES, pageSize=2, pageToken=first["nextPageToken"])
    assert {each["id"] for each in first["files"] + second["files"]} == set(ids)
    assert "nextPageToken" not in second


def test_who_does_not_own_a_file_cannot_delete_it(gc: gspread.Client, book: Book) -> None:
    assert refused(gc, "delete", f"{FILES}/{book.id}") == (403, "insufficientFilePermissions")
    assert refused(gc, "delete", f"{FILES}/{'1' * 44}") == (404, "notFound")
    assert refused(gc, "get", f"{FILES}/{book.id}/export", mimeType="text/html") == (400, "badRequest")
    assert refused(gc, "post", FILES, {"mimeType": "text/plain"}) == (400, "badRequest")


def test_a_file_changes_hands(gc: gspread.Client, server: SheetsServer) -> None:
    plan = gc.create("Plan")
    plan.share(COLLEAGUE, perm_type="user", role="writer", notify=False)
    permission = next(each for each in plan.list_permissions() if each["emailAddress"] == COLLEAGUE)
    plan.transfer_ownership(permission["id"])
    with gspread_client(server, COLLEAGUE) as theirs:
        other = theirs.open_by_key(plan.id)
        other.accept_ownership(permission["id"])
        roles = {each["emailAddress"]: each["role"] for each in other.list_permissions()}
        assert roles == {STATION: "writer", COLLEAGUE: "owner"}
    url = f"{FILES}/{plan.id}/permissions"
    assert refused(gc, "patch", f"{url}/{permission['id']}", {"role": "owner"}) == (403, "forbidden")
    assert refused(gc, "delete", f"{url}/{permission['id']}") == (403, "insufficientFilePermissions")
    assert refused(gc, "delete", f"{url}/7") == (404, "notFound")


def test_a_file_is_open_to_a_domain_or_to_anyone(gc: gspread.Client, server: SheetsServer) -> None:
    plan = gc.create("Plan")
    with gspread_client(server, COLLEAGUE) as theirs:
        with pytest.raises(PermissionError):
            theirs.open_by_key(plan.id)
        plan.share("slideferry.iam.gserviceaccount.com", perm_type="domain", role="reader")
        assert theirs.open_by_key(plan.id).title == "Plan"
        plan.remove_permissions("slideferry.iam.gserviceaccount.com")
        plan.share("", perm_type="anyone", role="writer")
        theirs.open_by_key(plan.id).sheet1.update([["x"]], "A1")
    assert plan.list_permissions()[1]["id"] == "anyoneWithLink"
    url = f"{FILES}/{plan.id}/permissions"
    assert refused(gc, "post", url, {"type": "user", "role": "reader"}) == (400, "invalid")
    assert refused(gc, "post", url, {"type": "robot", "role": "reader"}) == (400, "required")
    assert refused(gc, "post", url, {"type": "anyone", "role": "king"}) == (400, "required")


def test_comments_go_with_a_copy(gc: gspread.Client) -> None:
    plan = gc.create("Plan")
    url = f"{FILES}/{plan.id}/comments"
    assert ask(gc, "post", url, {"content": "look", "anchor": "A1"}, fields="content") == {"content": "look"}
    assert refused(gc, "get", url) == (400, "required")
    copy = gc.copy(plan.id)
    assert copy.title == "Copy of Plan"
    copied = ask(gc, "get", f"{FILES}/{copy.id}/comments", fields="comments/content,comments/anchor")
    assert copied == {"comments": [{"content": "look", "anchor": "A1"}]}


def test_spreadsheets_are_created_with_their_tabs(gc: gspread.Client) -> None:
    made = ask(gc, "post", BOOKS, {"properties": {"title": "New"}, "sheets": [{"properties": {"title": "One"}}]})
    assert [each["properties"]["title"] for each in made["sheets"]] == ["One"]
    assert gc.open_by_key(made["spreadsheetId"]).title == "New"


def test_a_tab_is_copied_to_another_spreadsheet(gc: gspread.Client, sheet: gspread.Worksheet) -> None:
    plan = gc.create("Plan")
    for title in ("Copy of Sheet1", "Copy of Sheet1 2"):
        assert sheet.copy_to(plan.id)["title"] == title
    assert plan.worksheet("Copy of Sheet1").get_all_values() == [RULES, HEADER, *SLIDES]


def test_where_a_lab_is(gc: gspread.Client) -> None:
    plan = gc.create("Plan")
    plan.update_locale("fr_FR")
    plan.update_timezone("Europe/Paris")
    again = gc.open_by_key(plan.id)
    assert (again.locale, again.timezone) == ("fr_FR", "Europe/Paris")
    with pytest.raises(gspread.exceptions.APIError, match="Invalid time zone"):
        plan.update_timezone("Mars/Olympus")


def test_times_are_those_of_the_servers_clock(gc: gspread.Client, server: SheetsServer, clock: Any) -> None:
    plan = gc.create("Plan")
    clock.now += 90
    plan.sheet1.update([["x"]], "A1")
    assert plan.creationTime == "2027-01-15T08:00:00.000Z"
    assert plan.get_lastUpdateTime() == "2027-01-15T08:01:30.000Z"


def test_what_is_no_address_of_google_is_answered_in_html(gc: gspread.Client) -> None:
    response = gc.http_client.session.get("https://sheets.googleapis.com/v5/nothing")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
