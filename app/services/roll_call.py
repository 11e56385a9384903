"""Which files are named while all manifests of the share are gone through, and which ought to be and are not."""

import posixpath
from collections.abc import Iterable, Mapping

from app.domain.transfer import UNREADABLE, ListedFile, ScrubFinding


class RollCall:
    """Calls files that had a finding, and published ones, whose SHA-256 the journal knows.

    One that no line names is not missed where lines could not be read.
    """

    def __init__(self, findings: Iterable[str], published: Mapping[str, str]) -> None:
        self._findings = set(findings)
        self._published = dict(published)
        self._failed: dict[str, str] = {}
        self._unclear: set[str] = set()

    def hear(self, line: ListedFile) -> None:
        """Take a line, or what kept lines from being read."""
        if line.failed:
            self._failed[line.path] = line.failed
        elif not line.sha256:
            self._unclear.add(posixpath.dirname(line.path))
        else:
            self._findings.discard(as_written(line.path))
            self._published.pop(line.path, None)

    def failed(self) -> tuple[ScrubFinding, ...]:
        """Return a finding for each folder that could not be looked at."""
        return tuple(ScrubFinding(path, UNREADABLE, detail=reason) for path, reason in self._failed.items())

    def unnamed(self) -> Mapping[str, str]:
        """Return path and SHA-256 of the published files of which it is sure that no line names them."""
        return {path: sha256 for path, sha256 in self._published.items() if not self._is_hidden(path)}

    def settled(self) -> frozenset[str]:
        """Return the files with a finding of which it is sure that no line names them any more."""
        return frozenset(path for path in self._findings if not self._is_hidden(path))

    def _is_hidden(self, path: str) -> bool:
        """Whether a line for this file may be one of those that could not be read."""
        folder = posixpath.dirname(path)
        if folder in self._unclear or path in self._failed:
            return True
        while folder and folder not in self._failed:
            folder = posixpath.dirname(folder)
        return bool(folder)


def as_written(path: str) -> str:
    """Return a path as the journal holds it: bytes of a name that are no UTF-8 are written out."""
    return path.encode("utf-8", "backslashreplace").decode()
