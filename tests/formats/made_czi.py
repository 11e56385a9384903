"""A small ZEISS CZI file made by hand as ZEISS describes the format: pixels, a pyramid, attachments, metadata."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import imagecodecs
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Plane = NDArray[np.uint16]
GREY16, BGR24 = 1, 3
UNCOMPRESSED, ZSTANDARD = 0, 5
HEAD_BYTES = 32 + 512
GUID = bytes(range(16))
XML = """<ImageDocument><Metadata>
<Information><Image><SizeX>{width}</SizeX><SizeY>{height}</SizeY><SizeS>1</SizeS><SizeC>1</SizeC>
<ObjectiveSettings><ObjectiveRef Id="Objective:1"/></ObjectiveSettings></Image>
<Instrument><Objectives><Objective Id="Objective:1"><NominalMagnification>20</NominalMagnification></Objective>
</Objectives></Instrument></Information>
<Scaling><Items><Distance Id="X"><Value>2.5e-07</Value></Distance><Distance Id="Y"><Value>2.5e-07</Value></Distance>
</Items></Scaling></Metadata></ImageDocument>"""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the file: its type as CZI names it (CZI, JPG), and its bytes."""

    file_type: str
    data: bytes


def make_czi(levels: Sequence[Rgb], attachments: Mapping[str, Attachment] | None = None) -> bytes:
    """Return a CZI file of levels, largest first, each height x width x 3, and attachments by name."""
    height, width, _ = levels[0].shape
    body, entries = b"", []
    for level in levels:
        entry = _entry(level, (width, height), HEAD_BYTES + len(body))
        body += _segment(b"ZISRAWSUBBLOCK", _piece(level, entry))
        entries.append(entry)
    return _closed(body, entries, (width, height), XML, attachments or {})


def make_fluorescence(channels: Sequence[Plane], names: Sequence[str]) -> bytes:
    """Return a CZI file of grey channels, each height x width of 16 bits, packed with Zstandard."""
    height, width = channels[0].shape
    body, entries = b"", []
    for number, channel in enumerate(channels):
        entry = _entry(channel, (width, height), HEAD_BYTES + len(body), channel=number)
        body += _segment(b"ZISRAWSUBBLOCK", _piece(channel, entry))
        entries.append(entry)
    listed = "".join(f'<Channel Name="{name}"/>' for name in names)
    words = XML.replace("<SizeS>", f"<Dimensions><Channels>{listed}</Channels></Dimensions><SizeS>")
    return _closed(body, entries, (width, height), words, {})


def make_split_czi(levels: Sequence[Rgb]) -> list[bytes]:
    """Return the main file and one part a level; the main file lists all pieces and holds none."""
    height, width, _ = levels[0].shape
    files, entries = [], []
    for number, level in enumerate(levels, 1):
        entries.append(_entry(level, (width, height), HEAD_BYTES, part=number))
        own = GUID[:-1] + bytes([100 + number])
        head = struct.pack("<iiii16s16siqqiq", 1, 0, 0, 0, GUID, own, number, 0, 0, 0, 0)
        files.append(_head(head) + _segment(b"ZISRAWSUBBLOCK", _piece(level, entries[-1])))
    return [_closed(b"", entries, (width, height), XML, {}), *files]


def _closed(
    body: bytes, entries: Sequence[bytes], size: tuple[int, int], xml: str, attachments: Mapping[str, Attachment]
) -> bytes:
    """Return a main file: its head, the pieces, then tables and words."""
    table_at = HEAD_BYTES + len(body)
    body += _segment(b"ZISRAWDIRECTORY", struct.pack("<i", len(entries)).ljust(128, b"\0") + b"".join(entries))
    metadata_at = HEAD_BYTES + len(body)
    words = xml.format(width=size[0], height=size[1]).encode()
    body += _segment(b"ZISRAWMETADATA", struct.pack("<ii", len(words), 0).ljust(256, b"\0") + words)
    listed = []
    for name, each in attachments.items():
        listed.append(_attachment_entry(name, each, HEAD_BYTES + len(body)))
        head = struct.pack("<i", len(each.data)).ljust(16, b"\0") + listed[-1]
        body += _segment(b"ZISRAWATTACH", head.ljust(256, b"\0") + each.data)
    attachments_at = HEAD_BYTES + len(body)
    body += _segment(b"ZISRAWATTDIR", struct.pack("<i", len(listed)).ljust(256, b"\0") + b"".join(listed))
    places = (table_at, metadata_at, 0, attachments_at)
    head = struct.pack("<iiii16s16siqqiq", 1, 0, 0, 0, GUID, GUID, 0, *places)
    return _head(head) + body


def _head(fields: bytes) -> bytes:
    return _segment(b"ZISRAWFILE", fields.ljust(512, b"\0"))


def _segment(name: bytes, contents: bytes) -> bytes:
    return struct.pack("<16sqq", name, len(contents), len(contents)) + contents


def _entry(level: Rgb | Plane, full: tuple[int, int], place: int, *, part: int = 0, channel: int = 0) -> bytes:
    """Return the directory entry of one piece: what it covers of the full image, and how large it is stored."""
    stored = (level.shape[1], level.shape[0])
    pyramid = 0 if stored == full else 2
    axes = [(b"X", 0, full[0], stored[0]), (b"Y", 0, full[1], stored[1]), (b"C", channel, 1, 1), (b"S", 0, 1, 1)]
    kind, packing = (BGR24, UNCOMPRESSED) if level.ndim == 3 else (GREY16, ZSTANDARD)
    head = struct.pack("<2siqiiBx4xi", b"DV", kind, place, part, packing, pyramid, len(axes))
    return head + b"".join(struct.pack("<4siifi", name, first, size, 0.0, kept) for name, first, size, kept in axes)


def _piece(level: Rgb | Plane, entry: bytes) -> bytes:
    if level.ndim == 2:
        data = bytes(imagecodecs.zstd_encode(level.tobytes()))
    else:
        data = np.ascontiguousarray(level[:, :, ::-1]).tobytes()
    return (struct.pack("<iiq", 0, 0, len(data)) + entry).ljust(256, b"\0") + data


def _attachment_entry(name: str, attachment: Attachment, place: int) -> bytes:
    words = (attachment.file_type.encode(), name.encode())
    return struct.pack("<2s10xqi16s8s80s", b"A1", place, 0, GUID, *words)
