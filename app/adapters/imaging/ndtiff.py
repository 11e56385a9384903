"""An NDTiff data set: its index says which images there are, in which file, and where in it."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path

SUMMARY_MARK, SUMMARY_AT = 2355492, (20, 16)
"""The number before the data set's own metadata in the head of each stack; where it stands in versions 3 and 2."""

FULL = "Full resolution"
BYTES_A_PIXEL = {0: 1, 1: 2, 2: 3, 3: 2, 4: 2, 5: 2, 6: 2}
MAX_INDEX_BYTES = 1 << 28
MAX_TEXT = 1 << 16
MAX_TRAILING_BYTES = 1024
MAX_METADATA = 4 << 20


class NdTiffError(Exception):
    """The set is not whole; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class IndexedImage:
    """One image: which file, where its pixels and its metadata lie, its size and its place on the axes."""

    file: str
    offset: int
    width: int
    height: int
    pixel_bytes: int
    metadata_offset: int
    metadata_bytes: int
    axes: dict[str, object]

    @property
    def end(self) -> int:
        """The first byte after the image and its metadata."""
        return max(
            self.offset + self.width * self.height * self.pixel_bytes, self.metadata_offset + self.metadata_bytes
        )

    @property
    def row_and_column(self) -> tuple[int, int]:
        """The image's place among the tiles; (0, 0) where it has none."""
        row, column = self.axes.get("row"), self.axes.get("column")
        return (row, column) if isinstance(row, int) and isinstance(column, int) else (0, 0)


@dataclass(frozen=True, slots=True)
class NdTiffGrid:
    """How the tiles of one resolution lie: what each shows without its overlap (width, height), and how many there are.

    In pixels of this resolution; one tile where the images have no rows and columns.
    """

    tile: tuple[int, int]
    first_row: int
    first_column: int
    rows: int
    columns: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of all tiles side by side."""
        return self.columns * self.tile[0], self.rows * self.tile[1]


def read_index(path: Path) -> list[IndexedImage]:
    """Read NDTiff.index. Raises NdTiffError where it is absent, cut off or damaged; OSError."""
    if not path.is_file():
        raise NdTiffError(f"{path.parent.name}/{path.name} is missing")
    if path.stat().st_size > MAX_INDEX_BYTES:
        raise NdTiffError(f"{path.name} is far too long")
    data = path.read_bytes()
    images: list[IndexedImage] = []
    place = 0
    try:
        while place < len(data):
            axes, place = _text(data, place)
            file, place = _text(data, place)
            offset, width, height, kind, _, metadata, length, _ = struct.unpack_from("<8I", data, place)
            place += 32
            parsed = json.loads(axes)
            pixel_bytes = BYTES_A_PIXEL.get(kind, 1)
            known_axes = parsed if isinstance(parsed, dict) else {}
            images.append(IndexedImage(file, offset, width, height, pixel_bytes, metadata, length, known_axes))
    except (struct.error, ValueError) as error:
        raise NdTiffError(f"{path.parent.name}/{path.name} ends early or is damaged") from error
    return images


def _text(data: bytes, place: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<I", data, place)
    if length > MAX_TEXT or place + 4 + length > len(data):
        raise ValueError("text reaches beyond the index")
    return data[place + 4 : place + 4 + length].decode("utf-8"), place + 4 + length


def check_level(folder: Path) -> list[IndexedImage]:
    """Raise NdTiffError unless every image of one resolution is there; return them."""
    images = read_index(folder / "NDTiff.index")
    if not images:
        raise NdTiffError(f"{folder.name}/NDTiff.index lists no images yet")
    ends: dict[str, int] = {}
    for image in images:
        ends[image.file] = max(ends.get(image.file, 0), image.end)
    for name, end in ends.items():
        if any(mark in name for mark in "/\\:") or name.startswith("."):
            raise NdTiffError(f"{folder.name}/NDTiff.index names a file outside its folder")
        path = folder / name
        if not path.is_file():
            raise NdTiffError(f"{folder.name}/{name} is missing")
        size_bytes = path.stat().st_size
        if size_bytes < end:
            raise NdTiffError(f"{folder.name}/{name} must be at least {end:,} bytes long, but it has {size_bytes:,}")
        if size_bytes - end > MAX_TRAILING_BYTES:
            raise NdTiffError(f"{folder.name}/{name} holds {size_bytes - end:,} bytes that its index does not know yet")
        _check_metadata(path, max((each for each in images if each.file == name), key=lambda each: each.end))
    return images


def _check_metadata(path: Path, image: IndexedImage) -> None:
    """Check that the last image of a file has its metadata: zeros there were reserved, not written."""
    with path.open("rb") as stream:
        stream.seek(image.metadata_offset)
        text = stream.read(image.metadata_bytes).strip(b"\0 \r\n") if image.metadata_bytes <= MAX_METADATA else b"{}"
    if not text.startswith(b"{") or not text.endswith(b"}"):
        raise NdTiffError(f"{path.parent.name}/{path.name}: the metadata of its last image are not there")


def read_grid(folder: Path, images: list[IndexedImage]) -> NdTiffGrid:
    """Return how the tiles of one resolution lie; `images` must not be empty.

    Only the full resolution repeats the margins of neighbouring tiles, by as much as the data set's metadata say.
    Raises OSError.
    """
    width, height = max(image.width for image in images), max(image.height for image in images)
    if folder.name == FULL:
        summary = read_summary(folder / images[0].file)
        width -= _overlap(summary.get("GridPixelOverlapX"), width)
        height -= _overlap(summary.get("GridPixelOverlapY"), height)
    places = [image.row_and_column for image in images]
    rows, columns = [row for row, _ in places], [column for _, column in places]
    first_row, first_column = min(rows), min(columns)
    return NdTiffGrid(
        (width, height), first_row, first_column, max(rows) - first_row + 1, max(columns) - first_column + 1
    )


def _overlap(said: object, side: int) -> int:
    return said if isinstance(said, int) and 0 < said < side else 0


def read_summary(stack: Path) -> dict[str, object]:
    """Return the data set's own metadata from the head of a stack, empty where it has none. Raises OSError."""
    with stack.open("rb") as stream:
        for place in SUMMARY_AT:
            stream.seek(place)
            head = stream.read(8)
            mark, length = struct.unpack("<II", head) if len(head) == 8 else (0, 0)
            if mark == SUMMARY_MARK and length <= MAX_METADATA:
                return _parsed(stream.read(length))
    return {}


def channel_names(images: list[IndexedImage], summary: dict[str, object]) -> tuple[str, ...]:
    """Return the names of the channels, none where all images are of one."""
    found = list(dict.fromkeys(image.axes["channel"] for image in images if "channel" in image.axes))
    told = summary.get("ChNames")
    names = told if isinstance(told, list) else []
    return tuple(str(names[each] if isinstance(each, int) and 0 <= each < len(names) else each) for each in found)


def first_metadata(folder: Path, images: list[IndexedImage]) -> dict[str, object]:
    """Return the first image's metadata, empty where it cannot be read. Raises OSError."""
    first = images[0]
    with (folder / first.file).open("rb") as stream:
        stream.seek(first.metadata_offset)
        data = stream.read(min(first.metadata_bytes, MAX_METADATA))
    return _parsed(data)


def _parsed(data: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(data.rstrip(b"\0"))
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
