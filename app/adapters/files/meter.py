"""Telling the engine how far a transfer is, not too often, and asking whether to stop."""

import time

from app.domain.errors import StoppedError
from app.domain.transfer import TransferProgress, TransferWatch

_PAUSE_SECONDS = 0.1


class Meter:
    """Counts the bytes of a whole plan; members come one after the other."""

    def __init__(self, total_bytes: int, watch: TransferWatch) -> None:
        self._watch = watch
        self._total_bytes = total_bytes
        self._done_bytes = 0
        self._done_files = 0
        self._told_at = -1.0

    def require_running(self) -> None:
        """Raise StoppedError once the engine wants the transfer to stop."""
        if self._watch.stopped():
            raise StoppedError("Stopped", "The copy was stopped; what has arrived is kept and checked again later.")

    def pace(self, count: int) -> None:
        """Wait until so many bytes more may be carried."""
        self._watch.pace(count)

    @property
    def braked(self) -> bool:
        """Whether one chunk is to be carried after the other."""
        return self._watch.braked()

    def at(self, copied_bytes: int, verified_bytes: int) -> None:
        """Tell how far the present member is."""
        now = time.monotonic()
        if now - self._told_at >= _PAUSE_SECONDS:
            self._told_at = now
            self._tell(copied_bytes, verified_bytes)

    def finish_file(self) -> None:
        """Count a file that was only read and checked."""
        self._done_files += 1

    def finish_member(self, size_bytes: int) -> None:
        """Count a member as copied and verified."""
        self._done_bytes += size_bytes
        if self._done_bytes >= self._total_bytes:
            self._tell(0, 0)
        else:
            self.at(0, 0)

    def verified(self, count: int) -> None:
        """Count bytes that are only read and checked, and stop when asked to."""
        self.require_running()
        self._done_bytes += count
        self.at(0, 0)

    def _tell(self, copied_bytes: int, verified_bytes: int) -> None:
        done = self._done_bytes
        self._watch.progress(
            TransferProgress(done + copied_bytes, done + verified_bytes, self._total_bytes, self._done_files)
        )
