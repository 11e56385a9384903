"""Secrets by command, with a real keyring: kept, listed and forgotten, and never to be seen anywhere."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.secrets.system_keyring import SystemKeyring
from app.adapters.sheets.google_account import google_credentials
from tests.e2e import lab
from tests.e2e.test_commands import SETTINGS
from tests.fakes.google_sign_in import CLIENT_SECRET, EMAIL, GoogleSignIn, google_sign_in
from tests.fakes.keyring_session import LOCKED, WITH_KEYRING, keyring_session, no_session

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have a keyring of their own")
VALUE = "correct-horse-battery-staple"
PLAIN = """
from keyring.backend import KeyringBackend
class PlaintextKeyring(KeyringBackend):
    priority = 9
    def get_password(self, service, username):
        return None
    def set_password(self, service, username, password):
        open({path!r}, "w").write(password)
"""
FOLLOW = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=20).read()"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a data folder in a session with an unlocked keyring."""
    with keyring_session(tmp_path / "home", monkeypatch):
        yield tmp_path / "data"


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleSignIn]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # this Google has no certificate
    with google_sign_in() as server:
        yield server


def run(data: Path, *words: str | Path, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command; `typed` comes through a pipe. No secret of these tests may be in what it shows."""
    done = subprocess.run(
        [*lab.PROGRAM, "--verbose", "--data-dir", str(data), *map(str, words)],
        input=typed or "",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env=lab.environment(),
        check=False,
    )
    no_secret_in(done.stdout + done.stderr)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def no_secret_in(text: str, *secrets: str) -> None:
    for each in (VALUE, CLIENT_SECRET, "PRIVATE KEY", *secrets):
        assert each not in text
    assert not re.search(r"1//[\w-]{20}|4/[\w-]{20}|ya29\.|[A-Za-z0-9+/]{60}", text), text


def no_secret_on_disk(folder: Path, *secrets: str) -> None:
    for path in (each for each in folder.rglob("*") if each.is_file()):
        no_secret_in(path.read_bytes().decode("utf-8", "replace"), *secrets)


def listed(data: Path) -> dict[str, bool]:
    found = lab.document(run(data, "secret", "list", "--json"))
    return {each["name"]: each["kept"] for each in found["secrets"]}


@WITH_KEYRING
def test_a_secret_is_kept_listed_and_forgotten(data: Path, tmp_path: Path) -> None:
    assert listed(data) == {"google-service-account": False, "google-sign-in": False}
    assert run(data, "secret", "set", "smtp", typed=f"{VALUE}\n").returncode == 0
    assert SystemKeyring().get("smtp") == VALUE
    file = tmp_path / "token.txt"
    file.write_bytes(f"\ufeff{VALUE}2\r\n".encode())
    done = run(data, "secret", "set", "webhook", "--file", file, "--json")
    assert lab.document(done) == {"secret": "webhook", "kept": True, "account": None, "advice": []}
    assert SystemKeyring().get("webhook") == f"{VALUE}2"
    file.write_bytes(f"{VALUE}3\r\n".encode("utf-16"))  # as PowerShell's `>` writes
    assert run(data, "secret", "set", "webhook", "--file", file).returncode == 0
    assert SystemKeyring().get("webhook") == f"{VALUE}3"
    assert listed(data)["smtp"]
    assert re.search(r"^kept +smtp$", run(data, "secret", "list").stdout, re.MULTILINE)
    for was_there in (True, False):
        done = run(data, "secret", "clear", "smtp", "--json")
        assert lab.document(done) == {"secret": "smtp", "cleared": was_there, "advice": []}
    assert "smtp" not in listed(data)
    no_secret_on_disk(data)


@WITH_KEYRING
def test_what_is_typed_is_not_shown(data: Path) -> None:
    import pty  # which Windows lacks

    words = [*lab.PROGRAM, "--data-dir", str(data), "secret", "set", "smtp"]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(words[0], words)
    shown = b""
    while b"smtp" not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, f"{VALUE}\n".encode())
    try:
        while part := os.read(terminal, 1024):
            shown += part
    except OSError:
        pass  # so Linux tells the end of a terminal
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert "kept" in shown.decode()
    no_secret_in(shown.decode())
    assert SystemKeyring().get("smtp") == VALUE


def test_a_secret_on_the_command_line_is_refused_and_not_repeated(tmp_path: Path) -> None:
    for words in (("smtp", VALUE), ("smtp", f"--value={VALUE}"), (f"{VALUE}!",), ("smtp", "--file", "x", VALUE)):
        for form in ((), ("--json",)):
            done = run(tmp_path, "secret", "set", *words, *form)
            assert done.returncode == 2, done.stderr
    assert run(tmp_path, "secret", VALUE).returncode == 2
    assert run(tmp_path, "secret", "set", "smtp", f"--json={VALUE}").returncode == 2
    assert "never taken from the command line" in run(tmp_path, "secret", "set", "smtp", VALUE).stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("set",), "Which secret"),
        (("clear",), "Which secret"),
        (("list", "--file", "x"), "--file"),
        (("set", "smtp"), "empty"),
        (("set", "smtp", "--file", "no-such-file"), "no-such-file"),
        (("set", "smtp", "--file", str(lab.ROOT / "resources/fonts/DejaVuSansMono.ttf")), "no secret"),
        (("set", "a_b"), "no name"),
    ],
)
def test_wrong_use(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    done = run(tmp_path, "secret", *words)
    assert done.returncode == 2
    assert told in done.stderr


@WITH_KEYRING
def test_the_service_account_is_split_between_keyring_and_data_folder(
    data: Path, google: GoogleSignIn, tmp_path: Path
) -> None:
    downloaded = tmp_path / "key.json"
    downloaded.write_text(json.dumps(google.key_file(), indent=2), encoding="utf-8")
    done = run(data, "secret", "set", "google-service-account", "--file", downloaded)
    assert done.returncode == 0, done.stderr
    assert f"Share the slide sheet with {EMAIL}" in done.stdout
    assert "delete it" in done.stdout
    beside = data / "google-account.json"
    assert json.loads(beside.read_text("utf-8"))["client_email"] == EMAIL
    assert sys.platform == "win32" or stat.S_IMODE(beside.stat().st_mode) == 0o600
    no_secret_on_disk(data, google.key_file()["private_key_id"])
    sign_in(data, "google-service-account", google)
    assert "deleted in Google's console" in run(data, "secret", "clear", "google-service-account").stdout
    assert not beside.exists()
    assert not listed(data)["google-service-account"]


def sign_in(data: Path, name: str, google: GoogleSignIn) -> None:
    """Get an access with what is kept, as the sheet does."""
    import requests
    from google.auth.transport.requests import Request

    credentials = google_credentials(SystemKeyring(), data, name)
    with requests.Session() as session:
        credentials.refresh(Request(session))  # type: ignore[no-untyped-call]
    assert credentials.token == google.access_tokens[-1]
    assert credentials.scopes == ("https://www.googleapis.com/auth/spreadsheets",)


@WITH_KEYRING
def test_a_person_signs_in_once_and_the_program_from_then_on(
    data: Path, google: GoogleSignIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f"#!{sys.executable}\n{FOLLOW}\n", encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    downloaded = tmp_path / "client.json"
    downloaded.write_text(json.dumps(google.client_file()), encoding="utf-8")
    done = run(data, "secret", "set", "google-sign-in", "--file", downloaded, "--json")
    assert done.returncode == 0, done.stderr
    assert lab.document(done)["kept"]
    assert f"{google.url}/auth?" in done.stderr
    (token,) = google.refresh_tokens
    no_secret_in(done.stdout + done.stderr, token)
    no_secret_on_disk(data, token)
    sign_in(data, "google-sign-in", google)
    assert "myaccount.google.com" in run(data, "secret", "clear", "google-sign-in").stdout
    assert not (data / "google-sign-in.json").exists()


@WITH_KEYRING
def test_ctrl_c_ends_the_waiting_for_a_person(
    data: Path, google: GoogleSignIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "true %s")
    downloaded = tmp_path / "client.json"
    downloaded.write_text(json.dumps(google.client_file()), encoding="utf-8")
    words = [*lab.PROGRAM, "--data-dir", str(data), "secret", "set", "google-sign-in", "--file", str(downloaded)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, encoding="utf-8", env=lab.environment()) as process:
        assert process.stderr is not None
        killing = threading.Timer(60, process.kill)
        killing.start()
        while google.url not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        left = process.stderr.read()
        killing.cancel()
    assert process.returncode == 130, left
    assert "Traceback" not in left
    assert not listed(data)["google-sign-in"]


@WITH_KEYRING
def test_a_locked_keyring_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, data = tmp_path / "home", tmp_path / "data"
    with keyring_session(home, monkeypatch):
        assert run(data, "secret", "set", "smtp", typed=VALUE).returncode == 0
    with keyring_session(home, monkeypatch, LOCKED):
        for words in (("set", "smtp"), ("list",), ("clear", "smtp")):
            done = run(data, "secret", *words, typed=VALUE)
            assert done.returncode == 3
            assert "The keyring is locked" in done.stderr
    no_secret_on_disk(tmp_path)


@ON_LINUX
def test_where_there_is_no_keyring_nothing_is_kept(
    tmp_path: Path, google: GoogleSignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_session(tmp_path / "home", monkeypatch)
    downloaded = tmp_path / "client.json"
    downloaded.write_text(json.dumps(google.client_file()), encoding="utf-8")
    data = tmp_path / "data"
    done = run(data, "secret", "set", "smtp", "--json", typed=VALUE)
    assert done.returncode == 3
    assert lab.document(done)["error"]["title"] == "This account has no keyring"
    assert run(data, "secret", "set", "google-sign-in", "--file", downloaded).returncode == 3
    assert google.asked == [], "nobody is asked to sign in in vain"
    assert not data.exists()


@ON_LINUX
def test_a_keyring_in_plain_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_session(tmp_path / "home", monkeypatch)
    (tmp_path / "plain.py").write_text(PLAIN.format(path=str(tmp_path / "kept")), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "plain.PlaintextKeyring")
    done = run(tmp_path / "data", "secret", "set", "smtp", typed=VALUE)
    assert done.returncode == 3
    assert "plain.PlaintextKeyring may keep secrets where others can read them" in done.stderr
    assert not (tmp_path / "kept").exists()


@WITH_KEYRING
def test_the_doctor_names_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scanner").mkdir()
    settings, data = tmp_path / "settings.toml", tmp_path / "data"
    settings.write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")

    def doctor() -> dict[str, object]:
        done = run(data, "--config", settings, "doctor", "--json")
        return next(each for each in lab.document(done)["checks"] if each["name"] == "secrets")

    with keyring_session(tmp_path / "home", monkeypatch):
        assert run(data, "secret", "set", "smtp", typed=VALUE).returncode == 0
        check = doctor()
        assert check["ok"]
        assert "smtp" in str(check["message"])
        assert "for that account alone" in str(check["message"])
    no_session(tmp_path / "home", monkeypatch)
    check = doctor()
    assert check["ok"], "these settings need no secret"
    assert "This account has no keyring" in str(check["message"])
