"""Two programs at once: on one share and one folder's manifest, after one name, on one watch folder."""

import asyncio
import hashlib
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from app.adapters.files import share_lock
from app.adapters.files.share_lock import FolderLock, Patience
from app.pipeline.journey import VERIFY
from tests.adapters.files.scene import require_manifests_hold
from tests.e2e import lab as e2e
from tests.faults.collector import Faults
from tests.faults.engine_lab import files_below, require_ends, rows_of
from tests.faults.invariants import Invariants
from tests.faults.soak import seed_of
from tests.faults.two_programs import FOLDER, Killing, Pc, PcLab, make_share
from tests.proof import write_proof


def require_all_there(share: Path, pcs: list, barcodes: dict[str, list[str]], ending: str) -> None:
    """Every scan of every PC lies once under its own name with its own bytes, and the manifests say so."""
    finals = {}
    for pc in pcs:
        for barcode in barcodes[pc.folder.name]:
            source = pc.watch / f"{barcode}{ending}"
            finals[f"{FOLDER}/{barcode}_Prec01_P{barcode}{ending}"] = hashlib.sha256(source.read_bytes()).hexdigest()
    assert require_manifests_hold(share) == set(finals)
    lying = {name: digest for name, digest in files_below(share).items() if not name.endswith("manifest-sha256.txt")}
    assert lying == finals


def journal_of(pc: Pc | PcLab) -> Path:
    return pc.folder if isinstance(pc, PcLab) else pc.data


def require_invariants(share: Path, pcs: list) -> None:
    """Each PC's own journal is true of the share, and no name belongs to both."""
    names: list[str] = []
    for pc in pcs:
        folder = journal_of(pc)
        cells = pc.sheet.load() if isinstance(pc, PcLab) else {}
        Invariants(folder / "journal.sqlite", share).check(cells, at_rest=True)
        names += [file[1] for (files,) in rows_of(folder, "SELECT files FROM scan") for file in json.loads(files)]
    assert len(names) == len(set(names))


@pytest.mark.quick_share
def test_two_pcs_carry_thirty_slides_into_one_folder_and_are_killed(tmp_path: Path, faults: Faults) -> None:
    two_labs_killed(tmp_path, faults, slides=15, kills=3, seed=seed_of(11))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", range(4))
def test_two_pcs_are_killed_often(tmp_path: Path, faults: Faults, number: int) -> None:
    two_labs_killed(tmp_path, faults, slides=60, kills=25, seed=seed_of(100) + number)


def two_labs_killed(tmp_path: Path, faults: Faults, *, slides: int, kills: int, seed: int) -> None:
    """Let two engines work side by side, kill one or the other, and let one more write into the folder at the end."""
    share = make_share(tmp_path / "share")
    barcodes = {
        "Raven": [f"{100_000 + n}" for n in range(slides)],
        "Cardinal": [f"{200_000 + n}" for n in range(slides)],
    }
    pcs = [PcLab(tmp_path / name, name, share, [*own, "999999"]) for name, own in barcodes.items()]
    for pc in pcs:
        for barcode in barcodes[pc.pc]:
            pc.scan(f"{barcode}.svs", barcode, mark=pc.pc, size=3000 + int(barcode) % 7 * 2000)
    killing = Killing(random.Random(seed), kills, 0.1, 0.6)
    killing.run({pc.pc: pc.start for pc in pcs}, seconds=600)
    assert len(killing.struck) >= kills // 3
    # A lock that a killed program left blocks nobody: the next slide goes into the same folder.
    pcs[0].scan("999999.svs", "999999")
    require_ends(pcs[0].live, tmp_path / "error.txt")
    barcodes["Raven"].append("999999")
    require_all_there(share, pcs, barcodes, ".svs")
    require_invariants(share, pcs)
    assert not list(share.rglob("*.part"))
    for number, name in enumerate(killing.struck):
        faults.note(
            "two PCs, one manifest", f"kill {number + 1} of {seed}: {name}", "SIGKILL", "no name twice, all there"
        )


async def verify_of(pc: PcLab) -> tuple[str, str]:
    """Return how a PC's only scan stands at Verify Checksum, and what is asked."""
    async with pc.kit_open() as kit:
        await kit.ledger.load()
        (dossier,) = kit.ledger.all()
    return dossier.steps[VERIFY].state.value, dossier.steps[VERIFY].title


@pytest.mark.parametrize("turn", range(3))
def test_two_pcs_after_one_name_at_once(tmp_path: Path, faults: Faults, turn: int) -> None:
    share = make_share(tmp_path / "share")
    pcs = [PcLab(tmp_path / name, name, share, ["620995"]) for name in ("Raven", "Cardinal")]
    sources = {pc.pc: pc.scan("a.svs", "620995", mark=pc.pc, size=300_000).read_bytes() for pc in pcs}
    Killing(random.Random(turn), 0, 1.0, 1.0).run({pc.pc: pc.start for pc in pcs}, seconds=60)
    final = f"{FOLDER}/620995_Prec01_P620995.svs"
    states = {pc.pc: asyncio.run(verify_of(pc)) for pc in pcs}
    winner, loser = sorted(states, key=lambda pc: states[pc][0] != "succeeded")
    assert states[winner] == ("succeeded", "")
    assert states[loser] == ("needs_attention", "Another file has this name")
    assert (share / final).read_bytes() == sources[winner]
    assert require_manifests_hold(share) == {final}
    assert len(list(share.rglob("*.part"))) == 1, "the loser's copy waits beside it"
    faults.note("two PCs, one name", f"race {turn}", "two want one name", "one has it, the other asks a person")


def test_a_lock_left_by_a_pc_that_died_blocks_nobody_for_long(tmp_path: Path, faults: Faults) -> None:
    share = make_share(tmp_path / "share")
    pc = PcLab(tmp_path / "Raven", "Raven", share, ["620995"])
    pc.scan("a.svs", "620995")
    child = os.fork()
    if child == 0:
        share_lock._machine = lambda: "a PC that dies"
        FolderLock(share / ".slideferry" / "locks", FOLDER, "dying", Patience()).__enter__()
        (tmp_path / "held").touch()
        time.sleep(60)
        os._exit(0)
    while not (tmp_path / "held").exists():
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(list((share / ".slideferry" / "locks").iterdir())) == 1
    require_ends(pc.live, tmp_path / "error.txt")
    assert require_manifests_hold(share) == {f"{FOLDER}/620995_Prec01_P620995.svs"}
    faults.note("publish", "the folder's lock", "its holder died on another PC", "taken over after its silence")


def test_two_programs_on_one_watch_folder(tmp_path: Path, faults: Faults) -> None:
    """The second is told who holds it, and touches nothing."""
    share = make_share(tmp_path / "share")
    first = Pc(tmp_path / "first", "Raven", share, ["620995"])
    second = Pc(tmp_path / "second", "Raven", share, [])
    settings = (second.folder / "settings.toml").read_text(encoding="utf-8")
    settings = settings.replace(json.dumps(str(second.watch)), json.dumps(str(first.watch)))
    (second.folder / "settings.toml").write_text(settings, encoding="utf-8")
    words = [*first.words[:-1], "--watch", "--include-existing"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, env=e2e.environment(), **quiet) as holder:
        try:
            until = time.monotonic() + 60
            while not list(share.rglob("620995*.tif")):
                assert time.monotonic() < until, "the first program never carried its slide"
                time.sleep(0.1)
            done = e2e.run(*second.words[len(e2e.PROGRAM) :])
        finally:
            holder.send_signal(signal.SIGKILL)
    assert done.returncode == 3, done.stderr
    assert str(holder.pid) in done.stderr
    assert not (second.data / "journal.sqlite").exists() or rows_of(second.data, "SELECT id FROM scan") == []
    again = e2e.run(*second.words[len(e2e.PROGRAM) :])
    assert again.returncode in (0, 1), f"a killed program's lock is free at once: {again.stderr}"
    faults.note("watch folder", "a second program", "two on one folder", "told who holds it")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_programs_carry_three_hundred_slides_and_are_killed(tmp_path: Path, faults: Faults) -> None:
    """The real program, as people start it, on two PCs' folders."""
    seed, kills = seed_of(20261122), 44
    share = make_share(tmp_path / "share")
    barcodes = {"one": [f"{100_000 + n}" for n in range(150)], "two": [f"{200_000 + n}" for n in range(150)]}
    pcs = [Pc(tmp_path / name, name, share, own, portion=8) for name, own in barcodes.items()]
    killing = Killing(random.Random(seed), kills, 0.5, 2.5)
    started = time.monotonic()
    killing.run({pc.name: pc.start for pc in pcs}, seconds=3000)
    while any(pc.to_scan for pc in pcs):
        Killing(random.Random(seed), 0, 1.0, 1.0).run({pc.name: pc.start for pc in pcs}, seconds=600)
    seconds = round(time.monotonic() - started, 1)
    assert len(killing.struck) >= 40
    require_all_there(share, pcs, barcodes, ".ome.tif")
    require_invariants(share, pcs)
    assert not list(share.rglob("*.part"))
    for number, name in enumerate(killing.struck):
        faults.note(
            "two programs, one manifest", f"kill {number + 1}: PC {name}", "SIGKILL", "no name twice, all there"
        )
    write_proof("two-programs", {"seed": seed, "slides": 300, "kills": len(killing.struck), "seconds": seconds})
