"""A small ZEISS CZI file made by hand as ZEISS describes the format: pixels, a pyramid, attachments, metadata."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
BGR24, UNCOMPRESSED = 3, 0
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
    table_at = HEAD_BYTES + len(body)
    body += _segment(b"ZISRAWDIRECTORY", struct.pack("<i", len(entries)).ljust(128, b"\0") + b"".join(entries))
    metadata_at = HEAD_BYTES + len(body)
    words = XML.format(width=width, height=height).encode()
    body += _segment(b"ZISRAWMETADATA", struct.pack("<ii", len(words), 0).ljust(256, b"\0") + words)
    listed = []
    for name, each in (attachments or {}).items():
        listed.append(_attachment_entry(name, each, HEAD_BYTES + len(body)))
        head = struct.pack("<i", len(each.data)).ljust(16, b"\0") + listed[-1]
        body += _segment(b"ZISRAWATTACH", head.ljust(256, b"\0") + each.data)
    attachments_at = HEAD_BYTES + len(body)
    body += _segment(b"ZISRAWATTDIR", struct.pack("<i", len(listed)).ljust(256, b"\0") + b"".join(listed))
    places = (table_at, metadata_at, 0, attachments_at)
    head = struct.pack("<iiii16s16siqqiq", 1, 0, 0, 0, GUID, GUID, 0, *places)
    return _segment(b"ZISRAWFILE", head.ljust(512, b"\0")) + body


def _segment(name: bytes, contents: bytes) -> bytes:
    return struct.pack("<16sqq", name, len(contents), len(contents)) + contents


def _entry(level: Rgb, full: tuple[int, int], place: int) -> bytes:
    """Return the directory entry of one piece: what it covers of the full image, and how large it is stored."""
    stored = (level.shape[1], level.shape[0])
    pyramid = 0 if stored == full else 2
    axes = [(b"X", full[0], stored[0]), (b"Y", full[1], stored[1]), (b"C", 1, 1), (b"S", 1, 1)]
    head = struct.pack("<2siqiiBx4xi", b"DV", BGR24, place, 0, UNCOMPRESSED, pyramid, len(axes))
    return head + b"".join(struct.pack("<4siifi", name, 0, size, 0.0, kept) for name, size, kept in axes)


def _piece(level: Rgb, entry: bytes) -> bytes:
    data = np.ascontiguousarray(level[:, :, ::-1]).tobytes()
    return (struct.pack("<iiq", 0, 0, len(data)) + entry).ljust(256, b"\0") + data


def _attachment_entry(name: str, attachment: Attachment, place: int) -> bytes:
    words = (attachment.file_type.encode(), name.encode())
    return struct.pack("<2s10xqi16s8s80s", b"A1", place, 0, GUID, *words)
