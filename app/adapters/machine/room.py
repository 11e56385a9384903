"""How many cores and how much memory this PC has left for work side by side."""

import os

import psutil


def usable_cores() -> int:
    """Return how many cores this process may use, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory_bytes() -> int:
    """Return how much memory programs can still have without others having to give theirs."""
    return int(psutil.virtual_memory().available)
