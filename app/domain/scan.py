"""A scan on the scanner's disk: the set of files that is one image of one slide."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import NewType

from app.domain.errors import SlideferryError

ScanId = NewType("ScanId", str)
RunId = NewType("RunId", str)


SIDECAR_EXTENSIONS = frozenset(("xml", "ndpa", "annotations", "json", "geojson", "csv", "txt", "xmp"))
"""What a file beside a slide is called that only says something about it."""


class Layout(Enum):
    """How the members of a scan lie on disk."""

    FILE = "file"
    """One file, or several whose names share the main file's stem (SVS with its annotations, a split CZI)."""
    FILE_AND_FOLDER = "file_and_folder"
    """A main file that viewers open and a folder named after it (MRXS: `x.mrxs` + `x/`; VSI: `x.vsi` + `_x_/`)."""
    FOLDER = "folder"
    """Members that belong together under the names they have (NDTiff, a set whose files name one another)."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a scan; `path` is POSIX-style and relative to the watch folder, times in ns since 1970."""

    path: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class ScanSet:
    """The files found together as one scan under `root`; `main` is the member a viewer opens."""

    root: Path
    main: str
    members: tuple[Member, ...]
    layout: Layout = Layout.FILE

    @property
    def main_path(self) -> Path:
        """The absolute path of the member a viewer opens."""
        return self.root / self.main

    @property
    def size_bytes(self) -> int:
        """The size of all members together, in bytes."""
        return sum(member.size_bytes for member in self.members)

    @property
    def name(self) -> str:
        """The main member's file name, as the scanner gave it."""
        return PurePosixPath(self.main).name

    def fingerprint(self) -> str:
        """Return 16 hex digits that change when any member's name, size or mtime changes."""
        return _fingerprint(self.members)

    def image_fingerprint(self) -> str:
        """Return what `fingerprint` would be without sidecars: notes added to a slide do not make it another."""
        return _fingerprint(member for member in self.members if not is_sidecar(self.main, member.path))


@dataclass(frozen=True, slots=True)
class Survey:
    """The sets of a watch folder at one moment; `trouble` tells what could not be looked at.

    A set that may have a member there is left out until that can be seen.
    """

    sets: tuple[ScanSet, ...]
    trouble: SlideferryError | None = None


def _fingerprint(members: Iterable[Member]) -> str:
    digest = hashlib.sha256()
    for member in sorted(members, key=lambda each: each.path):
        digest.update(f"{member.path}\0{member.size_bytes}\0{member.mtime_ns}\0".encode())
    return digest.hexdigest()[:16]


def is_sidecar(main: str, path: str) -> bool:
    """Return whether a file is a note named after the slide's own: `x.xml` or `x.svs.xml` beside `x.svs`."""
    folder, _, name = path.casefold().rpartition("/")
    slide_folder, _, slide = main.casefold().rpartition("/")
    stem, _, kind = name.rpartition(".")
    named_after = stem in (slide, slide.rpartition(".")[0])
    return folder == slide_folder and named_after and kind in SIDECAR_EXTENSIONS


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan as the journal knows it.

    `assigned` is the barcode a person gave it, `stem` the name from the sheet, `file_name` the main member's final
    name, `folder` its place on the share. `earlier` marks what lay there at the first start, untouched until taken in.
    `keep` is a person's answer to which of two scans stays: old, new or both; with `+find` or `+without` at its end
    also what to do about an older image that is not there.
    """

    id: ScanId
    run: RunId | None
    scanner: str
    files: ScanSet
    found_at: datetime
    barcode: str | None = None
    assigned: str | None = None
    stem: str | None = None
    file_name: str | None = None
    folder: str | None = None
    priority: int = 0
    paused: bool = False
    cancelled: bool = False
    earlier: bool = False
    verdict_by_person: str | None = None
    keep: str | None = None
    superseded_by: ScanId | None = None


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """One member, verified at the destination. `destination` is POSIX-style, relative to the destination's root."""

    source: str
    destination: str
    size_bytes: int
    sha256: str
    check: str
