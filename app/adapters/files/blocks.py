"""The blocks in which a disk is read and written past the cache."""

ALIGNMENT_BYTES = 4096
"""Unbuffered reads and writes start, end and lie in memory at multiples of this on every disk we know."""


def whole_blocks(size_bytes: int) -> int:
    """Return the bytes of the whole blocks that so many bytes take."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
