"""A desktop session's keyring without a desktop: gnome-keyring on a message bus of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keyring.core
import pytest
from keyring.backend import KeyringBackend, get_all_keyring

PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon")
UNLOCKED = "printf 'password\\n' | gnome-keyring-daemon --unlock --components=secrets"
LOCKED = "gnome-keyring-daemon --start --components=secrets"
WITH_KEYRING = pytest.mark.skipif(
    not all(map(shutil.which, PROGRAMS)), reason=f"a keyring needs {' and '.join(PROGRAMS)}"
)


def forget_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let keyring choose anew: it remembers what it found first, and every keyring that was ever defined."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    KeyringBackend._classes = {each for each in KeyringBackend._classes if each.__module__.startswith("keyring.")}
    vars(get_all_keyring).pop("saved_result", None)


@contextmanager
def keyring_session(home: Path, monkeypatch: pytest.MonkeyPatch, start: str = UNLOCKED) -> Iterator[None]:
    """Let this process, and those it starts, be in a session whose keyring lies in `home`; it ends with the block."""
    forget_choice(monkeypatch)
    runtime = home / "runtime"
    runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND", "XDG_DATA_HOME")
    for name in (*hidden, "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    # Nobody can type a password here: what asks for one is answered at once by a prompter that cannot show itself.
    script = f'{start} >&2; echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat'
    words = ("dbus-run-session", "--", "sh", "-c", script)
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ
    ) as session:
        assert session.stdout is not None
        address = session.stdout.readline().strip()
        assert address, "the session did not start"
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        try:
            yield
        finally:
            assert session.stdin is not None
            session.stdin.close()
            session.wait(timeout=30)


def no_session(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process, and those it starts, be where nobody is signed in to a desktop."""
    forget_choice(monkeypatch)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "PYTHON_KEYRING_BACKEND", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={home}/nobody")
