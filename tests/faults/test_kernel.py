"""The real program in a process of its own, killed or answered with an error at one system call by the kernel.

strace takes the call. Unlike what is disturbed in-process, nothing here depends on how Python reaches the system. Only
calls about the scanner's folder and the share are taken; strace counts them for each thread of the program.
"""

import re
import shutil
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.adapters.files.scene import make_destination, plan_of, require_published, sha256, write
from tests.e2e import lab
from tests.faults.collector import Faults
from tests.faults.operations import snapshot

SET = (("y.mrxs", 70_000, "y.mrxs"), ("y/d.dat", 5000, "y/d.dat"))
CHANGING = (
    "write", "pwrite64", "pwritev", "pwritev2", "fsync", "fdatasync", "syncfs", "ftruncate", "fallocate", "renameat2",
    "rename", "renameat", "unlink", "unlinkat", "mkdir", "mkdirat", "link", "linkat",
)  # fmt: skip
FAILING = (*CHANGING, "openat", "close", "pread64", "preadv", "preadv2")
LINE = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)
CODES = ("EIO", "ENOSPC", "EACCES", "ESTALE", "ENOTCONN")
SERIES = (("s.mrxs", 900, "s.mrxs"), *((f"s/d{each:03}.dat", 40 * each, f"s/d{each:03}.dat") for each in range(230)))
AT_ONCE = ("io_setup:error=ENOSYS:when=1", "io_submit:error=EAGAIN:when=3", "io_submit:error=EINVAL:when=1+",
           "io_getevents:error=EINTR:when=1", "io_getevents:error=EIO:when=2", "io_submit:signal=KILL:when=4",
           "io_getevents:signal=KILL:when=2", "io_destroy:signal=KILL:when=1")  # fmt: skip
"""What becomes of the calls that read many small files at once."""


@cache
def strace() -> str:
    """Return the tracer, or skip the test where it is missing or may not trace."""
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed")
    words = [found, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=1", "true"]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"tracing is not allowed here: {tried.stderr.strip()}")
    return found


class Kernel:
    """Transfers of one set from one scanner's folder, each to a share of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scanner = folder / "scanner"
        self._runs = 0
        self._paths: list[str] = []
        for source, size_bytes, _ in SET:
            write(self._scanner / source, size_bytes)
        self.plan = plan_of(*((self._scanner / source, final) for source, _, final in SET))

    def calls(self) -> dict[str, int]:
        """Watch two transfers; return how often a thread makes each system call about a path of theirs.

        The first tells the paths, the second counts what strace counts when it is to look at these only.
        """
        wanted = ",".join(f"?{call}" for call in FAILING)
        root, trace = self._share(), self._folder / "watched"
        assert self._transfer(root, "-y", "-o", str(trace), "-e", f"trace={wanted}").returncode == 0
        named = re.findall(rf'["<](({root}|{self._scanner})[^"<>]*)[">]', trace.read_text(errors="replace"))
        self._paths = sorted({path.replace(str(root), "SHARE") for path, _ in named})
        again = self._share()
        assert self._transfer(again, *self._about(again), "-o", str(trace), "-e", f"trace={wanted}").returncode == 0
        made = Counter(LINE.findall(trace.read_text(errors="replace")))
        most: dict[str, int] = {}
        for (_, call), count in sorted(made.items()):
            most[call] = max(count, most.get(call, 0))
        return most

    def _about(self, root: Path) -> list[str]:
        return [word for path in self._paths for word in ("-P", path.replace("SHARE", str(root)))]

    def disturb(self, call: str, number: int, what: str, faults: Faults, *, twice: bool) -> bool:
        """Transfer with one call taken, look at the share, let the program run again, look again.

        Returns False when there was no such call.
        """
        root = self._share()
        trace = self._folder / "trace"
        inject = (*self._about(root), "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={number}")
        done = self._transfer(root, "-o", str(trace), *inject)
        assert "Traceback" not in done.stderr, done.stderr
        told = trace.read_text(encoding="utf-8", errors="replace")
        if "(INJECTED)" not in told and "killed by SIGKILL" not in told:
            return False
        for source, _, final in SET:
            if (root / final).exists():
                assert sha256(root / final) == sha256(self._scanner / source)
        self._run_again(root)
        require_published(root, self.plan)
        if twice:
            before = {name: found for name, found in snapshot(root).items() if (root / name).is_file()}
            self._run_again(root)
            assert {name: found for name, found in snapshot(root).items() if (root / name).is_file()} == before
        shutil.rmtree(root)
        error = "SIGKILL" if what.startswith("signal") else what.removeprefix("error=")
        faults.note("transfer, by the kernel", f"{call} #{number} of a thread", error, "the program ran again")
        return True

    def _share(self) -> Path:
        self._runs += 1
        root = self._folder / f"share{self._runs}"
        make_destination(root)
        return root

    def _transfer(self, root: Path, *tracing: str) -> subprocess.CompletedProcess[str]:
        program = [strace(), "-f", "-qq", *tracing, *lab.PROGRAM, "transfer"]
        return lab.run(self._scanner / "y.mrxs", root, program=program)

    def _run_again(self, root: Path) -> None:
        done = lab.run("transfer", self._scanner / "y.mrxs", root)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    strace()
    return Kernel(tmp_path)


@pytest.mark.quick_share
def test_killed_or_refused_at_one_system_call(kernel: Kernel, faults: Faults) -> None:
    calls = kernel.calls()
    assert kernel.disturb("fsync", 1, "error=EIO", faults, twice=False)
    assert kernel.disturb("renameat2", calls["renameat2"], "signal=KILL", faults, twice=False)


@pytest.mark.long
@pytest.mark.parametrize("what", ["signal=KILL", "error=EIO", "error=ENOSPC"])
def test_every_system_call_that_changes_the_share(kernel: Kernel, faults: Faults, what: str) -> None:
    for call, count in kernel.calls().items():
        if call in CHANGING:
            hit = [kernel.disturb(call, number, what, faults, twice=number == 1) for number in range(1, count + 1)]
            assert any(hit)


@pytest.mark.long
def test_every_other_system_call_about_the_share_fails(kernel: Kernel, faults: Faults) -> None:
    """The errors take turns."""
    for call, count in kernel.calls().items():
        if call not in CHANGING:
            for number in range(1, count + 1):
                kernel.disturb(call, number, f"error={CODES[number % len(CODES)]}", faults, twice=False)


@pytest.mark.parametrize(
    "what", [pytest.param(what, marks=pytest.mark.long) if number else what for number, what in enumerate(AT_ONCE)]
)
def test_files_that_cannot_be_read_at_once_arrive_all_the_same(tmp_path: Path, faults: Faults, what: str) -> None:
    """Where the calls are lacking or fail, files are read one by one; killed, the program runs again."""
    strace()
    plan = plan_of(*((write(tmp_path / "scanner" / source, size), final) for source, size, final in SERIES))
    root, main = tmp_path / "share", tmp_path / "scanner/s.mrxs"
    make_destination(root)
    trace = tmp_path / "trace"
    words = [strace(), "-f", "-qq", "-o", str(trace), "-e", f"trace={what.partition(':')[0]}", "-e", f"inject={what}"]
    done = lab.run(main, root, program=[*words, *lab.PROGRAM, "transfer"])
    told = trace.read_text(encoding="utf-8", errors="replace")
    if "signal" in what:
        assert "killed by SIGKILL" in told
        done = lab.run("transfer", main, root)
    else:
        assert "(INJECTED)" in told
    assert done.returncode == 0, done.stderr
    require_published(root, plan)
    call, error = what.split(":", maxsplit=1)[0], what.split(":")[1].partition("=")[2]
    faults.note("transfer, by the kernel", f"{call} of many files", error, "read one by one, or the program ran again")
