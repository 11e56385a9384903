"""The .ets files beside an Olympus/Evident slide: which pieces of which resolution lie where, and whether they do.

The layout follows the readers of Bio-Formats and ASAP: a head, a second head of the pixels, a table of pieces.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

HEAD = struct.Struct("<4siiiqiiqi")
PIXEL_HEAD = struct.Struct("<4siiiiiiiii")
MAX_CHUNKS = 1 << 22
MAX_TILE_PX = 1 << 14
EDGE_BYTES = 24
JPEG, JPEG_2000, JPEG_LOSSLESS = 2, 3, 5
PACKED = frozenset((JPEG, JPEG_2000, JPEG_LOSSLESS))


class CellSensError(Exception):
    """The set is not whole; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class EtsPiece:
    """One tile: its place among the tiles of its resolution (0 is the full one), and where its bytes lie.

    `plane` holds its places on all other axes: channel, depth, time.
    """

    column: int
    row: int
    plane: tuple[int, ...]
    level: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class EtsImage:
    """One file: how its pixels are packed, the size of a tile in pixels (0, 0 where it is not told), its pieces."""

    path: Path
    pixel_type: int
    samples: int
    compression: int
    tile: tuple[int, int]
    pieces: tuple[EtsPiece, ...]

    @property
    def levels(self) -> int:
        """How many resolutions there are."""
        return len({piece.level for piece in self.pieces})

    def size(self, level: int) -> tuple[int, int]:
        """Return (width, height) of a resolution, rounded up to whole tiles."""
        shown = [piece for piece in self.pieces if piece.level == level]
        columns, rows = (max(getattr(piece, axis) for piece in shown) + 1 for axis in ("column", "row"))
        return columns * self.tile[0], rows * self.tile[1]


def read_ets(path: Path) -> EtsImage:
    """Read heads and table of a file. Raises CellSensError where they are not whole, OSError."""
    size_bytes = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(HEAD.size)
        if len(head) < HEAD.size or not head.startswith(b"SIS\0"):
            raise CellSensError(f"{path.name} does not begin as it should, or is still being written")
        _, _, _, dimensions, second, _, _, table, chunks = HEAD.unpack(head)
        entry = 4 + 4 * dimensions + 16
        if not 2 <= dimensions <= 16 or not 0 < chunks <= MAX_CHUNKS:
            raise CellSensError(f"{path.name} lists no images yet")
        if table <= 0 or table + chunks * entry > size_bytes:
            end = table + chunks * entry
            raise CellSensError(f"{path.name} must be at least {end:,} bytes long, but it has {size_bytes:,}")
        stream.seek(max(second, 0))
        pixels = stream.read(PIXEL_HEAD.size)
        stream.seek(table)
        data = stream.read(chunks * entry)
    pieces = tuple(_piece(data, number * entry, dimensions) for number in range(chunks))
    if not pixels.startswith(b"ETS\0") or len(pixels) < PIXEL_HEAD.size:
        return EtsImage(path, 0, 0, -1, (0, 0), pieces)
    _, _, kind, samples, _, compression, _, across, down, _ = PIXEL_HEAD.unpack(pixels)
    tile = (across, down) if 0 < across <= MAX_TILE_PX and 0 < down <= MAX_TILE_PX else (0, 0)
    return EtsImage(path, kind, samples, compression, tile, pieces)


def _piece(data: bytes, at: int, dimensions: int) -> EtsPiece:
    column, row, *others = struct.unpack_from(f"<{dimensions}i", data, at + 4)
    offset, length = struct.unpack_from("<qi", data, at + 4 + 4 * dimensions)
    level = others.pop() if others else 0
    return EtsPiece(column, row, tuple(others), level, offset, length)


def check_ets(path: Path) -> None:
    """Raise CellSensError unless every piece that the file lists lies inside it and was written. Raises OSError."""
    image = read_ets(path)
    size_bytes = path.stat().st_size
    with path.open("rb") as stream:
        for number, piece in enumerate(image.pieces):
            if piece.offset <= 0 or piece.length <= 0 or piece.offset + piece.length > size_bytes:
                raise CellSensError(f"{path.name}: piece {number} lies outside the file")
            if image.compression not in PACKED:
                continue
            stream.seek(piece.offset)
            head = stream.read(min(EDGE_BYTES, piece.length))
            stream.seek(piece.offset + max(piece.length - EDGE_BYTES, 0))
            if not any(head) or not any(stream.read(min(EDGE_BYTES, piece.length))):
                raise CellSensError(f"{path.name}: piece {number} begins or ends with zeros that should be pixels")
