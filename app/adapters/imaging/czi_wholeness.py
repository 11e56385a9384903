"""Whether a ZEISS slide is whole: one CZI file, or a file and the numbered parts that ZEISS's program split it into."""

import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from app.adapters.imaging.czi import ATTACHED, CziError, CziFile, Piece, open_czi

PART_NUMBER = re.compile(r"\((\d+)\)\.czi$", re.IGNORECASE)
SAMPLED_PIECES = 512
LAST_PIECES = 16
EDGE_BYTES = 64
JPEG, LZW, JPEG_XR, ZSTD, ZSTD_WITH_HEAD = 1, 2, 4, 5, 6
ZSTD_MARK = b"\x28\xb5\x2f\xfd"
STARTS = {JPEG: (b"\xff\xd8",), JPEG_XR: (b"II\xbc",), ZSTD: (ZSTD_MARK,)}
ATTACHED_STARTS = {"JPG": b"\xff\xd8", "CZI": b"ZISRAWFILE", "ZISRAW": b"ZISRAWFILE"}
ATTACHED_HEAD_BYTES = 256


class MissingPartsError(CziError):
    """Files of a split slide are not there; the text names them."""


def check_czi(path: Path) -> None:
    """Raise CziError unless the file alone is closed and whole; parts that it speaks of are missing. Raises OSError."""
    check_split_czi(path, ())


def check_split_czi(main: Path, parts: Sequence[Path]) -> None:
    """Raise CziError unless the main file and all its parts are closed and whole.

    Raises MissingPartsError where the main file speaks of parts, or their numbers have gaps, and no such file is there;
    OSError.
    """
    numbers = {_number(path): path for path in parts}
    gaps = set(range(1, max(numbers, default=0) + 1)) - numbers.keys()
    if gaps:
        raise MissingPartsError(_names(main, gaps))
    with ExitStack() as streams:
        whole = _opened(streams, main)
        pieces = _checked_tables(whole)
        opened = {number: _opened_part(streams, path) for number, path in sorted(numbers.items())}
        opened = {part.head.part or number: part for number, part in opened.items()}
        spoken_of = {piece.part for piece in pieces} - {0}
        if spoken_of - opened.keys():
            raise MissingPartsError(_names(main, spoken_of - opened.keys()))
        _check_pieces(whole, [piece for piece in pieces if piece.part == 0])
        for number, part in opened.items():
            _check_part(part, Path(part.stream.name).name, [piece for piece in pieces if piece.part == number])


def _number(path: Path) -> int:
    found = PART_NUMBER.search(path.name)
    return int(found.group(1)) if found else 0


def _names(main: Path, numbers: Iterable[int]) -> str:
    return ", ".join(f"{main.stem}({number}).czi" for number in sorted(numbers))


def _opened(streams: ExitStack, path: Path) -> CziFile:
    file = open_czi(streams.enter_context(path.open("rb")))
    if file.head.is_pending:
        raise CziError("its head says that an update is pending")
    return file


def _opened_part(streams: ExitStack, path: Path) -> CziFile:
    try:
        return _opened(streams, path)
    except CziError as error:
        raise CziError(f"its part {path.name} is not whole: {error}") from error


def _checked_tables(file: CziFile) -> list[Piece]:
    """Check words and attachments of a main file; return its pieces."""
    if not file.head.pieces or not file.head.words:
        raise CziError("its head does not yet say where its tables lie")
    words = file.words().strip(b"\0 \r\n\t")
    if b"<" not in words[:8] or not words.endswith(b">"):
        raise CziError("its metadata end in the middle of their text")
    for attachment in file.attachments():
        if attachment.part == 0:
            _check_attachment(file, attachment.name, attachment.file_type, attachment.place)
    pieces = file.pieces()
    if not pieces:
        raise CziError("it lists no images yet")
    return pieces


def _check_attachment(file: CziFile, name: str, file_type: str, place: int) -> None:
    segment = file.segment(place, ATTACHED)
    start = file.read(segment.start + ATTACHED_HEAD_BYTES, 16)
    if not start.startswith(ATTACHED_STARTS.get(file_type, b"")):
        raise CziError(f"its attachment {name} is not the {file_type} file it should be")


def _check_part(part: CziFile, name: str, listed: list[Piece]) -> None:
    """Check the pieces that the main file places in a part, and those that the part lists itself."""
    try:
        own = [piece for piece in part.pieces() if piece.part in (0, part.head.part)] if part.head.pieces else []
        _check_pieces(part, listed or own)
        if not listed and not own:
            raise CziError("it lists no images yet")
    except CziError as error:
        raise CziError(f"its part {name} is not whole: {error}") from error


def _check_pieces(file: CziFile, pieces: Sequence[Piece]) -> None:
    """Check that pieces of one file lie inside it, and look at a sample: those that lie last, the others evenly."""
    ordered = sorted(pieces, key=lambda piece: piece.place)
    if ordered and ordered[0].place <= 0:
        raise CziError("a piece of its image has no place in the file yet")
    step = max(len(ordered) // SAMPLED_PIECES, 1)
    chosen = [*range(0, len(ordered), step), *range(max(len(ordered) - LAST_PIECES, 0), len(ordered))]
    for index in sorted(set(chosen), reverse=True):
        _check_piece(file, ordered[index], index)


def _check_piece(file: CziFile, piece: Piece, index: int) -> None:
    start, length = file.packed(piece)
    head, tail = file.read(start, min(EDGE_BYTES, length)), file.read(start + max(length - EDGE_BYTES, 0), EDGE_BYTES)
    fault = _fault(piece.compression, head, tail[: min(EDGE_BYTES, length)])
    if fault:
        raise CziError(f"piece {index} of its image (byte {piece.place:,}): {fault}")


def _fault(compression: int, head: bytes, tail: bytes) -> str:
    """Say what is wrong with packed pixels judging by their first and last bytes, "" when nothing is."""
    if compression == ZSTD_WITH_HEAD:
        head = head[head[0] :] if head and head[0] in (1, 3) else head
        starts: tuple[bytes, ...] = (ZSTD_MARK,)
    else:
        starts = STARTS.get(compression, ())
    if not starts and compression != LZW:
        return ""
    if not any(head):
        return "only zeros where pixels should be"
    if starts and not head.startswith(starts):
        return "not the image data it should be"
    return "" if any(tail) else "its last bytes are missing or zeros"
