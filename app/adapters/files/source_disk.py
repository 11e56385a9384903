"""The scanner's own disk: read for checks, and cleared of a scan only where that is certain."""

import hashlib
import shutil
import stat
from pathlib import Path

from app.adapters.files import platform
from app.adapters.files.failures import at_source, from_source
from app.adapters.files.medium import CHUNK_BYTES, MediumReader, make_buffer
from app.adapters.files.meter import Meter
from app.domain import long_path
from app.domain.errors import SlideError, SourceChangedError, SurroundingsError
from app.domain.scan import Member, ScanSet
from app.domain.transfer import TransferWatch


class ScannerDisk:
    """Meets the port `SourceDisk`."""

    def sha256(self, path: Path, watch: TransferWatch) -> str:
        """Read a file from its disk, past the cache where possible, and return its SHA-256 in hex.

        Raises StoppedError, SourceChangedError when it is gone or no plain file, RetryableError.
        """
        place = long_path.reachable(path)
        with at_source(path):
            if not stat.S_ISREG(place.lstat().st_mode):
                raise SourceChangedError("The scan has gone", f"{path} is no longer a plain file")
            return _hash(place, watch)

    def remove(self, scan: ScanSet) -> None:
        """Remove the members of a scan; nothing is removed unless all are still what was found, or gone already."""
        present = [member for member in scan.members if self._is_there(scan, member)]
        folders: set[Path] = set()
        for member in sorted(present, key=lambda each: each.path == scan.main):  # the main file, which shows it, last
            path = scan.root / member.path
            if not self._is_there(scan, member):  # looked at again: something may have been written meanwhile
                continue
            with at_source(path):
                platform.remove_if_there(long_path.reachable(path))
            folders.update(folder for folder in path.parents if scan.root in folder.parents)
        for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True):
            with at_source(folder):
                place = long_path.reachable(folder)
                if not any(place.iterdir()):
                    place.rmdir()

    def free_bytes(self, folder: Path) -> int:
        """Return the space left on the disk of this folder; raises SurroundingsError when it cannot be asked."""
        try:
            return shutil.disk_usage(folder).free
        except OSError as error:
            raise SurroundingsError("The scanner's disk cannot be asked", f"{folder}: {error.strerror}") from error

    def _is_there(self, scan: ScanSet, member: Member) -> bool:
        """Return False when a member is gone; raise SlideError when it, or a folder on the way, is something else."""
        path = scan.root / member.path
        for folder in reversed(path.relative_to(scan.root).parents[:-1]):
            _require_plain_folder(scan.root / folder)
        with at_source(path):
            try:
                status = long_path.reachable(path).lstat()
            except FileNotFoundError:
                return False
        as_found = (status.st_size, status.st_mtime_ns) == (member.size_bytes, member.mtime_ns)
        if not stat.S_ISREG(status.st_mode) or platform.is_link(status) or not as_found:
            raise _not_what_it_was(path)
        return True


def _require_plain_folder(folder: Path) -> None:
    with at_source(folder):
        try:
            status = long_path.reachable(folder).lstat()
        except FileNotFoundError:
            return
    if platform.is_link(status) or not stat.S_ISDIR(status.st_mode):
        raise _not_what_it_was(folder)


def _not_what_it_was(path: Path) -> SlideError:
    message = f"{path} is not what was copied; nothing of this scan was removed"
    return SlideError("The scan was not removed from the scanner", message, "Look at it on the scanner's disk.")


def _hash(path: Path, watch: TransferWatch) -> str:
    digest, shown = hashlib.sha256(), long_path.plain_form(str(path))
    with MediumReader(path, from_source) as reader:
        size = reader.status().st_size
        meter = Meter(size, watch)
        buffer = make_buffer(min(CHUNK_BYTES, size))
        with memoryview(buffer) as view:
            done = 0
            while done < size:
                count = reader.read(buffer, done, min(len(buffer), size - done))
                if count == 0:
                    raise SourceChangedError("The scan changed", f"{shown} became shorter while it was being read")
                digest.update(view[:count])
                done += count
                meter.verified(count)
        if path.lstat().st_size != size:
            raise SourceChangedError("The scan changed", f"{shown} was written to while it was being read")
    return digest.hexdigest()
