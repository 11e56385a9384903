"""Whether a 3DHISTECH slide is whole: its index lists every piece of every data file."""

import configparser
import struct
from dataclasses import dataclass
from pathlib import Path

MAX_PAGES = 1 << 20
MAX_INI_BYTES = 16 << 20
VERSION_BYTES = 5


class MiraxError(Exception):
    """The set is not whole; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class MiraxSet:
    """What Slidedat.ini lists: data files, index, how many levels and pictures, the id that the index repeats."""

    folder: Path
    index: Path
    data_files: tuple[str, ...]
    levels: int
    pictures: int
    slide_id: str


def read_slidedat(folder: Path) -> MiraxSet:
    """Read the list of the set's files. Raises MiraxError where Slidedat.ini is absent or cut off."""
    path = folder / "Slidedat.ini"
    try:
        if path.stat().st_size > MAX_INI_BYTES:
            raise MiraxError("its Slidedat.ini is far too long")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except FileNotFoundError as error:
        raise MiraxError(f"{folder.name}/Slidedat.ini is missing") from error
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
        count = parser.getint("DATAFILE", "FILE_COUNT")
        names = tuple(parser.get("DATAFILE", f"FILE_{number}").strip() for number in range(min(count, 100_000)))
        index = parser.get("HIERARCHICAL", "INDEXFILE").strip()
        levels = parser.getint("HIERARCHICAL", "HIER_0_COUNT")
        groups = parser.getint("HIERARCHICAL", "NONHIER_COUNT", fallback=0)
        pictures = sum(parser.getint("HIERARCHICAL", f"NONHIER_{each}_COUNT") for each in range(min(groups, 1000)))
        slide_id = parser.get("GENERAL", "SLIDE_ID").strip()
    except (configparser.Error, ValueError) as error:
        raise MiraxError(f"{folder.name}/Slidedat.ini is not complete") from error
    return MiraxSet(folder, _inside(folder, index), names, levels, pictures, slide_id)


def _inside(folder: Path, name: str) -> Path:
    """Return a file of the folder; a name that leads elsewhere is damage."""
    if not name or name in (".", "..") or any(mark in name for mark in "/\\:\0"):
        raise MiraxError("its Slidedat.ini names a file outside its folder")
    return folder / name


def check_mirax(folder: Path) -> None:
    """Raise MiraxError unless every listed file is there and holds every piece that the index places in it."""
    whole = read_slidedat(folder)
    sizes = []
    for name in whole.data_files:
        path = _inside(folder, name)
        if not path.is_file():
            raise MiraxError(f"{folder.name}/{name} is missing")
        sizes.append(path.stat().st_size)
    if not whole.index.is_file():
        raise MiraxError(f"{folder.name}/{whole.index.name} is missing")
    for number, end in _ends(whole).items():
        if number >= len(sizes):
            raise MiraxError(f"its index speaks of data file {number}, which Slidedat.ini does not list")
        if end > sizes[number]:
            name = f"{folder.name}/{whole.data_files[number]}"
            raise MiraxError(f"{name} must be at least {end:,} bytes long, but it has {sizes[number]:,}")
    _check_last_pieces(whole)


def _ends(whole: MiraxSet) -> dict[int, int]:
    """Return where the last piece ends in each data file."""
    ends: dict[int, int] = {}
    for number, offset, length in _pieces(whole):
        ends[number] = max(ends.get(number, 0), offset + length)
    if not ends:
        raise MiraxError(f"{whole.folder.name}/{whole.index.name} lists no images yet")
    return ends


def _check_last_pieces(whole: MiraxSet) -> None:
    """Look at the last piece in each data file: zeros there were reserved, not written."""
    last: dict[int, tuple[int, int]] = {}
    for number, offset, length in _pieces(whole):
        if length and offset >= last.get(number, (0, 0))[0]:
            last[number] = (offset, length)
    for number, (offset, length) in last.items():
        name = whole.data_files[number]
        with (whole.folder / name).open("rb") as stream:
            stream.seek(offset)
            head = stream.read(min(16, length))
            stream.seek(offset + max(length - 16, 0))
            tail = stream.read(16)
        if not any(head) or not any(tail):
            raise MiraxError(f"{whole.folder.name}/{name} ends in zeros where an image should be")


def _pieces(whole: MiraxSet) -> list[tuple[int, int, int]]:
    """Return (data file, offset, length) of every image piece: of the levels, and of label, macro and the like."""
    index = _Index(whole)
    root = VERSION_BYTES + len(whole.slide_id)
    found: list[tuple[int, int, int]] = []
    records = index.number(root)
    for level in range(whole.levels):
        found.extend(index.level(index.number(index.number(records + 4 * level) + 4)))
    records = index.number(root + 4)
    for picture in range(whole.pictures):
        place = index.number(records + 4 * picture)
        page = index.number(place + 4) if place > 0 else 0
        if page > 0 and index.number(page) > 0:
            found.append(index.piece(page + 16))
    return found


class _Index:
    """Index.dat: 32-bit numbers that point to pages of pieces."""

    def __init__(self, whole: MiraxSet) -> None:
        self.name = f"{whole.folder.name}/{whole.index.name}"
        self.data = whole.index.read_bytes()

    def number(self, position: int) -> int:
        if not 0 <= position <= len(self.data) - 4:
            raise MiraxError(f"{self.name} ends early, at byte {len(self.data):,}")
        return int(struct.unpack_from("<i", self.data, position)[0])

    def piece(self, position: int) -> tuple[int, int, int]:
        """Return (data file, offset, length)."""
        offset, length, file_number = (self.number(position + 4 * each) for each in range(3))
        if offset < 0 or length < 0 or file_number < 0:
            raise MiraxError(f"{self.name} is damaged")
        return file_number, offset, length

    def level(self, page: int) -> list[tuple[int, int, int]]:
        """Return the pieces on a chain of pages."""
        found: list[tuple[int, int, int]] = []
        pages = 0
        while page:
            count, following = self.number(page), self.number(page + 4)
            pages += 1
            if pages > MAX_PAGES or not 0 <= count <= len(self.data) // 16:
                raise MiraxError(f"{self.name} is damaged")
            found.extend(self.piece(page + 12 + 16 * item) for item in range(count))
            page = following
        return found
