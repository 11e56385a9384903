"""Making many written files durable at once, where the file system can."""

import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from app.adapters.files import platform
from app.adapters.files.failures import at_destination


class Flush:
    """Opened before the first write into `folders`, so that the flush reports every failed write since.

    Where one call cannot stand for all files (see `platform.flushes_at_once`), each file is flushed as it is noted.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders: dict[int, tuple[Path, int]] = {}
        self._at_once = True
        try:
            for folder in folders:
                with at_destination(folder):
                    self._open(folder)
        except BaseException:
            self._close()
            raise

    def _open(self, folder: Path) -> None:
        device = folder.stat().st_dev
        if device in self._folders:
            return
        self._at_once = self._at_once and platform.flushes_at_once(folder)
        if self._at_once:
            self._folders[device] = (folder, platform.open_folder(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def note(self, fd: int) -> None:
        """Take a file that was written whole; raises OSError where it is flushed by itself and that fails."""
        if not self._at_once:
            platform.sync_file(fd)

    def run(self) -> None:
        """Make all noted files durable; raises as the destination does."""
        if self._at_once:
            for folder, fd in self._folders.values():
                with at_destination(folder):
                    platform.flush_at_once(fd)

    def _close(self) -> None:
        while self._folders:
            _, (folder, fd) = self._folders.popitem()
            with at_destination(folder):
                os.close(fd)
