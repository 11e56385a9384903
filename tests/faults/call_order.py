"""Writes down, in order, which system calls change what, between the ticks of the journal and of the ports."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.adapters.files import platform_posix

EVERYTHING = "*"
"""The path of a flush of a whole file system."""


@dataclass(frozen=True)
class Event:
    """One call: `what` is write, sync, name, drop, close or tick; `new` is the name a rename gives."""

    what: str
    path: str
    new: str = ""


@dataclass
class Recorder:
    """The events so far; `at_tick` is called with each tick after it was written down."""

    root: Path
    events: list[Event] = field(default_factory=list)
    at_tick: Callable[[str], None] = lambda _: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tick(self, what: str) -> None:
        self._add(Event("tick", what))
        self.at_tick(what)

    def _add(self, event: Event) -> None:
        with self._lock:
            self.events.append(event)

    def seen(self, what: str, path: str | Path, new: str | Path = "") -> None:
        """Write a call down, if it concerns the folder that is watched."""
        texts = [os.fspath(each) if each else "" for each in (path, new)]
        if any(each.startswith(str(self.root)) for each in texts):
            self._add(Event(what, *(each.removeprefix(f"{self.root}/") for each in texts)))

    def flushed(self) -> None:
        self._add(Event("sync", EVERYTHING))

    def last(self, what: str, path: str, before: int) -> int:
        """Return where the last such event before a place is; -1 where there is none."""
        found = [n for n, e in enumerate(self.events[:before]) if e.what == what and e.path in (path, EVERYTHING)]
        return found[-1] if found else -1

    def first(self, what: str, path: str, new: str = "", after: int = 0) -> int:
        """Return where the first such event is; -1 where there is none."""
        places = range(after, len(self.events))
        return next((n for n in places if (e := self.events[n]).what == what and e.path == path and e.new == new), -1)

    def named(self, new: str) -> int:
        """Return where a file got this name."""
        return next((n for n, e in enumerate(self.events) if e.what == "name" and e.new == new), -1)

    def ticked(self, *parts: str, after: int = 0) -> int:
        """Return where the first tick that holds all these words is."""
        places = range(after, len(self.events))
        return next((n for n in places if (e := self.events[n]).what == "tick" and all(p in e.path for p in parts)), -1)

    def told(self) -> str:
        """Return all events, one a line, for a failing test."""
        return "\n".join(f"{n} {e.what} {e.path} {e.new}" for n, e in enumerate(self.events))


def path_of(fd: int) -> str:
    """Return what an open file is called now."""
    return str(Path(f"/proc/self/fd/{fd}").readlink())


@contextmanager
def recording(root: Path) -> Iterator[Recorder]:
    """Write down every call that changes something below `root`, after it succeeded."""
    recorder = Recorder(root)
    with pytest.MonkeyPatch.context() as patch:

        def after(module: Any, name: str, note: Callable[..., None]) -> None:
            real = getattr(module, name)

            def call(*arguments: Any, **named: Any) -> Any:
                result = real(*arguments, **named)
                note(*arguments)
                return result

            patch.setattr(module, name, call)

        def of_handle(what: str) -> Callable[..., None]:
            return lambda fd, *_: recorder.seen(what, path_of(fd))

        for name in ("pwritev", "pwrite", "write", "ftruncate"):
            after(os, name, of_handle("write"))
        for name in ("fsync", "fdatasync"):
            after(os, name, of_handle("sync"))
        for name in ("rename", "replace", "link"):
            after(os, name, lambda old, new, *_: recorder.seen("name", old, new))
        after(os, "unlink", lambda path, *_: recorder.seen("drop", path))
        after(platform_posix, "rename_exclusively", lambda old, new: recorder.seen("name", old, new))
        if hasattr(platform_posix, "sync_file_system"):
            after(platform_posix, "sync_file_system", lambda _: recorder.flushed())
        yield recorder
