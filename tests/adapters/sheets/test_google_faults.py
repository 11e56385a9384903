"""Everything that can go wrong between here and Google: the words for it, no call that hangs, and right in the end."""

import time
from collections.abc import Callable, Iterator

import pytest

from app.adapters.sheets.google_quota import AccountQuota
from app.domain.errors import AwayError, SurroundingsError
from tests.adapters.sheets.google_lab import GoogleLab, complete, google_lab, row, trickling
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.call import Answer
from tests.fakes.sheets_server.script import (
    Fault,
    bad_gateway,
    cut,
    cut_in_the_middle,
    internal,
    sign_in_page,
    silence,
    too_many,
    unavailable,
)
from tests.fakes.sheets_server.server import STATION

SLIDES = [row("620995"), row("620996")]
SHORT_SECONDS = 0.8


@pytest.fixture
def lab() -> Iterator[GoogleLab]:
    # A server of its own: one that hangs ends with its test.
    with SheetsServer() as server:
        server.quota.per_user = server.quota.per_project = 1_000_000
        with google_lab(server, SLIDES) as lab:
            yield lab


PASSING: dict[str, tuple[Callable[[], Fault], str]] = {
    "429": (lambda: too_many(), "Google Sheets asks us to wait"),
    "500": (lambda: internal(), "Google Sheets is out of order"),
    "500, though it was done": (lambda: internal(after=True), "Google Sheets is out of order"),
    "503": (lambda: unavailable(), "Google Sheets is out of order"),
    "503, though it was done": (lambda: unavailable(after=True), "Google Sheets is out of order"),
    "502 in HTML": (bad_gateway, "Google Sheets is out of order"),
    "cut": (lambda: cut(), "Google Sheets does not answer"),
    "cut, though it was done": (lambda: cut(after=True), "Google Sheets does not answer"),
    "cut in the middle of the answer": (cut_in_the_middle, "Google Sheets does not answer"),
    "silence": (lambda: silence(60.0), "Google Sheets does not answer"),
    "silence, and never done": (lambda: silence(60.0, after=False), "Google Sheets does not answer"),
}


@pytest.mark.parametrize(("fault", "title"), PASSING.values(), ids=PASSING)
@pytest.mark.parametrize("on", ["read", "write"])
def test_what_passes_is_told_and_right_in_the_end(
    lab: GoogleLab, fault: Callable[[], Fault], title: str, on: str
) -> None:
    with lab.gateway(timeout_seconds=SHORT_SECONDS) as gateway:
        gateway.write(complete("620996"))
        lab.server.script.fail(fault(), on=on)
        with pytest.raises(AwayError) as caught:
            gateway.write(complete("620995"))
        assert caught.value.title == title
        assert "tried again by itself" in caught.value.hint
        written = gateway.write(complete("620995")).written
    assert len(written) == len(complete("620995"))
    assert lab.column("Scan File") == {each: f"{each}_P1.svs" for each in ("620995", "620996")}
    assert lab.memory.kept is None


ODD: dict[str, tuple[Callable[[], Fault], str]] = {
    "502 in HTML": (bad_gateway, "is out of order"),
    "500": (internal, "is out of order"),
    "503": (unavailable, "is out of order"),
    "429": (too_many, "asks us to wait"),
    "a page, refused": (lambda: sign_in_page(403), "Something else answers in Google's place"),
    "a page": (sign_in_page, "Something else answers in Google's place"),
    "a page, not in letters": (lambda: answered(b"\xff\xfe\x00"), "Something else answers in Google's place"),
    "a list": (lambda: answered(b"[]"), "Something else answers in Google's place"),
    "an empty object": (lambda: answered(b"{}"), "Something else answers in Google's place"),
    "cut": (cut, "does not answer"),
    "silence": (lambda: silence(60.0), "does not answer"),
}


def answered(content: bytes, status: int = 200) -> Fault:
    return Fault(Answer(status, content, "application/json"))


@pytest.mark.parametrize(("fault", "title"), ODD.values(), ids=ODD)
def test_what_answers_the_sign_in_oddly_is_asked_again(lab: GoogleLab, fault: Callable[[], Fault], title: str) -> None:
    """A token holds for an hour: whatever stands between here and Google is asked for one that often."""
    lab.server.script.fail(fault(), on="token")
    with lab.gateway(timeout_seconds=SHORT_SECONDS) as gateway:
        with pytest.raises(AwayError) as caught:
            gateway.write(complete("620995"))
        assert title in caught.value.title
        told = f"{caught.value.title} {caught.value.message} {caught.value.hint}"
        assert "<" not in told
        assert "tried again by itself" in caught.value.hint
        assert "Sign in anew" not in told
        assert ("proxy" in told) == title.startswith("Something")
        assert lab.calls("token") == 1, "one call asks once"
        assert gateway.write(complete("620995")).written


@pytest.mark.parametrize(
    "fault",
    [sign_in_page(), sign_in_page(403), answered(b"[]"), answered(b'{"login": 1}'), answered(b'{"error": "off"}', 403)],
)
@pytest.mark.parametrize("calls_before", [0, 1])
def test_what_answers_in_place_of_the_sheet_is_asked_again(lab: GoogleLab, fault: Fault, calls_before: int) -> None:
    lab.server.script.fail(fault, on="read", skip=calls_before)
    with lab.gateway() as gateway:
        with pytest.raises(AwayError, match="Something else answers in Google's place") as caught:
            gateway.read()
        assert "proxy" in caught.value.hint
        assert gateway.read().rows


def test_a_server_that_says_when_is_not_asked_before(lab: GoogleLab) -> None:
    lab.server.script.fail(too_many(retry_after=37), on="read")
    with lab.gateway() as gateway, pytest.raises(AwayError) as caught:
        gateway.read()
    assert caught.value.wait_seconds == 37


def test_a_run_of_refusals_stays_below_the_quota(lab: GoogleLab) -> None:
    """A refusal ends the line to the sheet; what was asked within this minute counts for the next line, too."""
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    quota = AccountQuota(6, monotonic=lambda: now, sleep=sleep)
    lab.scientist.unshares(STATION)
    with lab.gateway(quota=quota) as gateway:
        for _ in range(18):
            with pytest.raises(SurroundingsError, match="not shared with us"):
                gateway.read()
    assert lab.calls("read") == 18
    assert now == 120.0, "six calls a minute"


def test_an_answer_that_trickles_is_given_up(lab: GoogleLab) -> None:
    """Each byte begins the time limit of a connection anew; ours is for the whole answer."""
    with trickling() as root, lab.gateway(timeout_seconds=SHORT_SECONDS) as gateway:
        lab.key["token_uri"] = f"{root}/token"
        began = time.monotonic()
        with pytest.raises(AwayError, match="does not answer"):
            gateway.read()
        took = time.monotonic() - began
    assert took < 60, "the server trickles for an hour"


STANDING: dict[str, tuple[Callable[[GoogleLab], object], str, str]] = {
    "the account is shut out": (
        lambda lab: lab.scientist.unshares(STATION),
        "The slide sheet is not shared with us",
        f"Share the spreadsheet with {STATION} as an editor",
    ),
    "the spreadsheet is deleted": (
        lambda lab: lab.scientist.deletes_spreadsheet(),
        "The slide sheet is not there",
        "Check [sheet] spreadsheet",
    ),
    "the token is revoked": (
        lambda lab: lab.server.accounts.revoke(STATION),
        "Google does not",
        "Sign in anew",
    ),
}


@pytest.mark.parametrize(("act", "title", "hint"), STANDING.values(), ids=STANDING)
def test_what_somebody_must_do_something_about(
    lab: GoogleLab, act: Callable[[GoogleLab], object], title: str, hint: str
) -> None:
    with lab.gateway() as gateway:
        gateway.read()
        act(lab)
        with pytest.raises(SurroundingsError) as caught:
            gateway.write(complete("620995"))
    assert not isinstance(caught.value, AwayError)
    assert caught.value.title.startswith(title)
    assert hint in caught.value.hint


def test_columns_that_are_protected_are_said(lab: GoogleLab) -> None:
    with lab.gateway() as gateway:
        gateway.write(complete("620996"))
        lab.scientist.protects(5, 30)
        with pytest.raises(SurroundingsError, match="The sheet protects cells of ours") as caught:
            gateway.write(complete("620995"))
    assert f"Let {STATION} edit the protected ranges" in caught.value.hint


def test_who_may_only_look_is_said(lab: GoogleLab) -> None:
    lab.scientist.shares(STATION, "reader")
    with lab.gateway() as gateway:
        assert gateway.read().rows
        with pytest.raises(SurroundingsError, match="not shared with us"):
            gateway.write(complete("620995"))


def test_no_words_hold_a_token_or_a_key(lab: GoogleLab) -> None:
    lab.server.script.fail(cut(), on="read")
    with lab.gateway() as gateway, pytest.raises(AwayError) as caught:
        gateway.read()
    told = f"{caught.value.title} {caught.value.message} {caught.value.hint}"
    assert lab.book.id not in told
    assert "Bearer" not in told
