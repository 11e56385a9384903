"""A real keyring: unlocked, locked, none, one that is silent, one that is not to be trusted."""

import gc
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.secrets.system_keyring import SystemKeyring
from app.adapters.secrets.trusted import trusted_backend
from app.domain.errors import SurroundingsError
from tests.fakes.keyring_session import LOCKED, WITH_KEYRING, forget_choice, keyring_session, no_session
from tests.fakes.vault import Vault

KEY = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBg\n" * 120


@pytest.fixture(autouse=True)
def chosen_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """keyring also leaves connections open where it was refused."""
    forget_choice(monkeypatch)
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@WITH_KEYRING
def test_an_unlocked_keyring_keeps_until_it_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with keyring_session(tmp_path, monkeypatch):
        first = SystemKeyring()
        first.put("google-service-account", KEY)
        first.put("smtp", "Grüße")
    with keyring_session(tmp_path, monkeypatch):
        keyring = SystemKeyring()
        assert keyring.names() == ("google-service-account", "smtp")
        assert keyring.get("google-service-account") == KEY
        assert keyring.get("smtp") == "Grüße"
        assert keyring.clear("google-service-account")
        assert keyring.get("google-service-account") is None
        assert keyring.names() == ("smtp",)


@WITH_KEYRING
def test_a_locked_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with keyring_session(tmp_path, monkeypatch):
        SystemKeyring().put("smtp", "x")
    with keyring_session(tmp_path, monkeypatch, LOCKED):
        for act in (lambda k: k.get("smtp"), lambda k: k.put("smtp", "y"), lambda k: k.names()):
            with pytest.raises(SurroundingsError, match="locked") as told:
                act(SystemKeyring())
            assert "Unlock it" in told.value.hint


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has no keyring of its own")
def test_no_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_session(tmp_path, monkeypatch)
    with pytest.raises(SurroundingsError, match="no keyring") as told:
        SystemKeyring().put("smtp", "x")
    assert "Sign in to the desktop" in told.value.hint


@WITH_KEYRING
def test_a_keyring_that_went_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = SystemKeyring()
    with keyring_session(tmp_path, monkeypatch):
        keyring.put("smtp", "x")
    with pytest.raises(SurroundingsError):
        keyring.get("smtp")


PLAIN = """
from keyring.backend import KeyringBackend
class PlaintextKeyring(KeyringBackend):
    priority = 20
    def get_password(self, service, username): raise AssertionError
    def set_password(self, service, username, password): raise AssertionError
"""


def test_a_file_in_plain_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain_text_keyring.py").write_text(PLAIN, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "plain_text_keyring.PlaintextKeyring")
    with pytest.raises(SurroundingsError, match="not used") as told:
        SystemKeyring().put("smtp", "x")
    assert "plain_text_keyring.PlaintextKeyring" in told.value.message
    assert "PYTHON_KEYRING_BACKEND" in told.value.hint


@WITH_KEYRING
def test_in_a_chain_the_first_that_is_trusted_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends import SecretService, chainer

    (tmp_path / "chained_keyring.py").write_text(PLAIN, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    from chained_keyring import PlaintextKeyring  # type: ignore[import-not-found]

    with keyring_session(tmp_path / "home", monkeypatch):
        both = [PlaintextKeyring(), SecretService.Keyring()]
        monkeypatch.setattr(chainer.ChainerBackend, "backends", both)
        monkeypatch.setattr("keyring.core._keyring_backend", chainer.ChainerBackend())
        assert trusted_backend() is both[1]
        both.pop()
        with pytest.raises(SurroundingsError, match="not used"):
            trusted_backend()


@pytest.mark.parametrize("named", ["no_such_module.Keyring", "keyring.backends.null.NoSuchClass"])
def test_a_keyring_that_was_named_wrongly(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", named)
    with pytest.raises(SurroundingsError, match="cannot be chosen"):
        trusted_backend()


@pytest.mark.parametrize("named", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring"])
def test_a_keyring_that_keeps_nothing(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", named)
    with pytest.raises(SurroundingsError, match="no keyring"):
        trusted_backend()


def test_a_keyring_that_is_silent_is_not_waited_for_in_vain() -> None:
    asked, over = threading.Event(), threading.Event()

    class Silent(Vault):
        def get_password(self, service: str, username: str) -> str | None:
            asked.set()
            over.wait()
            return None

    keyring = SystemKeyring(Silent(), patience_seconds=0.3)
    with pytest.raises(SurroundingsError, match="does not answer") as told:
        keyring.get("smtp")
    assert asked.is_set()
    assert "window" in told.value.hint
    over.set()


def test_what_a_keyring_refuses_is_told_without_the_value() -> None:
    class Refusing(Vault):
        def set_password(self, service: str, username: str, password: str) -> None:
            raise OSError(5, "Access is denied")

    with pytest.raises(SurroundingsError, match="refused") as told:
        SystemKeyring(Refusing()).put("smtp", "the-value")
    assert "the-value" not in f"{told.value!r} {told.value.hint} {told.value.__cause__!r}"
