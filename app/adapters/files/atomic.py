"""Replacing a small file so that a reader sees the old or the new one, whole, whatever happens meanwhile."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from app.adapters.files import platform
from app.adapters.files.in_use import rename_patiently


def write_atomically(path: Path, content: bytes, *, via: Path, before_swap: Callable[[], None] | None = None) -> None:
    """Write `via` in the same file system, make it durable, put it in `path`'s place, make the folder durable.

    `before_swap` may raise to leave the old file as it was. Raises OSError; it is InUseError where somebody keeps the
    old file open for longer than a moment.
    """
    write_new(via, content)
    try:
        if before_swap is not None:
            before_swap()
        rename_patiently(lambda: via.replace(path), path)
    except BaseException:
        platform.remove_if_there(via)
        raise
    platform.sync_folder(path.parent)


def write_new(path: Path, content: bytes) -> None:
    """Write a file of our own making, durable; a left-over of the same name is removed first. Raises OSError."""
    platform.remove_if_there(path)
    fd = platform.create_exclusively(path)
    with closing(os.fdopen(fd, "wb")) as file:
        _write_durably(file, content)


def _write_durably(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    platform.sync_file(file.fileno())
