"""Memory that is read into and written from past the cache: large pages, and nothing that a child process shares."""

import ctypes
import errno
import mmap
import os
import sys
from pathlib import Path

import pytest

from app.adapters.files import platform, platform_posix
from app.adapters.files.medium import make_buffer

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux about its memory")
_SIZE = 8 * 1024 * 1024


def flags_of(memory: mmap.mmap) -> set[str]:
    """Return what the kernel says of the mapping that holds this memory (VmFlags of proc(5))."""
    byte = ctypes.c_char.from_buffer(memory)
    address = ctypes.addressof(byte)
    del byte
    inside = False
    for line in Path("/proc/self/smaps").read_text(encoding="ascii").splitlines():
        name, *words = line.split()
        if "-" in name and not name.endswith(":"):
            start, end = (int(each, 16) for each in name.split("-"))
            inside = start <= address < end
        elif inside and name == "VmFlags:":
            return set(words)
    raise AssertionError("the mapping is not listed")


@linux
def test_linux_gives_large_pages_that_no_child_gets() -> None:
    assert {"hg", "dc"} <= flags_of(make_buffer(_SIZE))


@linux
def test_a_child_forked_meanwhile_has_no_such_memory() -> None:
    buffer = make_buffer(_SIZE)
    buffer[:5] = b"scan "
    child = os.fork()
    if child == 0:
        code = 1
        try:
            flags_of(buffer)
        except AssertionError:
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert buffer[:5] == b"scan "


@linux
@pytest.mark.parametrize("names", [("MADV_HUGEPAGE",), ("MADV_HUGEPAGE", "MADV_DONTFORK")])
def test_a_kernel_that_takes_no_advice_gives_memory_all_the_same(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = {getattr(mmap, name) for name in names}

    class Refusing(mmap.mmap):
        def madvise(self, option: int, *_: int) -> None:
            if option in refused:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            super().madvise(option)

    monkeypatch.setattr(platform_posix.mmap, "mmap", Refusing)
    memory = platform.page_memory(_SIZE)
    memory[-4:] = b"scan"
    assert memory[-4:] == b"scan"
    flags = flags_of(memory)
    assert "hg" not in flags
    # Memory that children share is as safe as memory they do not get.
    assert ("sh" in flags) is (mmap.MADV_DONTFORK in refused)
    assert ("dc" in flags) is (mmap.MADV_DONTFORK not in refused)


@pytest.mark.parametrize("system", [platform.WINDOWS, platform.MACOS])
def test_other_systems_give_plain_memory(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[object, ...]] = []

    class Plain(mmap.mmap):
        def __new__(cls, *words: int) -> "Plain":
            made.append(words)
            return super().__new__(cls, *words)

    monkeypatch.setattr(platform.mmap, "mmap", Plain)
    assert len(platform.page_memory(_SIZE, system=system)) == _SIZE
    assert made == [(-1, _SIZE)]
