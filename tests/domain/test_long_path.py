"""The two forms of a path on Windows, and errors that only mean that a path is too long."""

import errno
from pathlib import Path

import pytest

from app.domain import long_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\scans", "\\\\?\\C:\\scans"),
        ("C:/scans/../other", "\\\\?\\C:\\other"),
        ("\\\\host\\share\\scans", "\\\\?\\UNC\\host\\share\\scans"),
        ("\\\\?\\C:\\scans", "\\\\?\\C:\\scans"),
    ],
)
def test_the_long_form_on_windows(path: str, expected: str) -> None:
    assert long_path.long_form(Path(path), system="win32") == expected
    assert long_path.long_form(Path("/a/b"), system="linux") == "/a/b"


def test_only_what_may_not_fit_gets_the_long_form() -> None:
    fits, long = "C:\\" + "a" * 244, "C:\\" + "a" * 245
    assert str(long_path.reachable(Path(fits), system="win32")) == fits
    assert str(long_path.reachable(Path(long), system="win32")) == "\\\\?\\" + long
    assert str(long_path.reachable(Path("/" + "a" * 300), system="linux")) == "/" + "a" * 300


@pytest.mark.parametrize("plain", ["C:\\scans\\x.svs", "\\\\host\\share\\x.svs", "/scans/x.svs"])
def test_people_are_shown_the_plain_form(plain: str) -> None:
    assert long_path.plain_form(plain) == plain
    if plain[0] != "/":
        assert long_path.plain_form(long_path.long_form(Path(plain), system="win32")) == plain


@pytest.mark.parametrize(
    ("winerror", "path", "too_long"),
    [
        (206, "C:\\x", True),
        (3, "C:\\" + "a" * 257, True),
        (3, "C:\\" + "a" * 256, False),
        (3, "\\\\?\\C:\\" + "a" * 300, False),
        (2, "C:\\" + "a" * 300, False),
        (None, "/" + "a" * 300, False),
    ],
)
def test_errors_that_say_nothing_about_what_is_there(winerror: int | None, path: str, too_long: bool) -> None:
    error = OSError(errno.ENOENT, "The system cannot find the path specified")
    if winerror is not None:
        error.winerror = winerror
    assert long_path.is_too_long(error, path) is too_long
