"""What people decide about several scans of one slide, cut at every boundary: single files and MRXS sets."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.adapters.files import platform
from app.domain.errors import RetryableError
from app.services.station import Station
from tests.faults.engine_journeys import Act, Journey, run_to_rest, to_rest
from tests.faults.engine_lab import EngineLab

Do = Callable[[EngineLab, Station], Awaitable[None]]
BARCODE, OTHER = "620995", "407871"


def write_file(lab: EngineLab, name: str) -> None:
    lab.scan(f"{name}.svs", BARCODE, mark=name)


def write_set(lab: EngineLab, name: str) -> None:
    lab.mrxs(name, BARCODE, mark=name)


KINDS = {"file": (write_file, ".svs"), "MRXS set": (write_set, ".mrxs")}


@contextmanager
def ticking_renames(lab: EngineLab) -> Iterator[None]:
    """Tick right before and after each rename on the share, also between those of one set."""
    real = platform.rename_exclusively

    def rename(old: Path | str, new: Path | str) -> None:
        name = Path(new).name
        lab.tick(f"before rename to {name}")
        real(old, new)
        lab.tick(f"after rename to {name}")

    platform.rename_exclusively = rename
    try:
        yield
    finally:
        platform.rename_exclusively = real


def once(action: str, do: Do) -> Act:
    """Return an act of a person who looks first whether it was taken: a killed program may not have written it down."""

    async def act(lab: EngineLab, station: Station) -> None:
        with ticking_renames(lab):
            await lab.rest()
            entries = await station.kit.store.work(lambda journal: journal.audits())
            if action not in [entry.action for entry in entries]:
                await do(lab, station)
            await lab.rest()

    return act


async def ticking_to_rest(lab: EngineLab, station: Station) -> None:
    with ticking_renames(lab):
        await to_rest(lab, station)


def journeys_of(kind: str) -> tuple[Journey, ...]:
    """Return every decision about two scans of this kind."""
    write, ending = KINDS[kind]
    new = f"new{ending}"

    def first_alone(lab: EngineLab) -> None:
        write(lab, "old")
        run_to_rest(lab, to_rest)
        write(lab, "new")

    def two(lab: EngineLab) -> None:
        first_alone(lab)
        run_to_rest(lab, to_rest)

    def older_kept(lab: EngineLab) -> None:
        two(lab)

        async def keep_old(lab: EngineLab, station: Station) -> None:
            await station.acts.keep(lab.id(new), "old")
            await lab.rest()

        run_to_rest(lab, keep_old)

    def lost(lab: EngineLab) -> None:
        write(lab, "old")
        run_to_rest(lab, to_rest)
        elsewhere = lab.share_root / "somewhere"
        (lab.share_root / "Prec01").rename(elsewhere)
        write(lab, "new")
        run_to_rest(lab, to_rest)

    def half_published(lab: EngineLab) -> None:
        first_alone(lab)
        away = [RetryableError("The share is away", "between the two renames") for _ in range(9)]
        lab.share.script["publish"].extend(away)
        run_to_rest(lab, to_rest)
        lab.share.script["publish"].clear()

    def keep(which: str) -> Act:
        return once("keep", lambda lab, station: station.acts.keep(lab.id(new), which))

    async def new_again(lab: EngineLab, station: Station) -> None:
        with ticking_renames(lab):
            await lab.rest()
            entries = await station.kit.store.work(lambda journal: journal.audits())
            if [entry.action for entry in entries].count("keep") < 2:
                await station.acts.keep(lab.id(new), "new")
            await lab.rest()

    def missing(how: str) -> Act:
        return once("missing image", lambda lab, station: station.acts.missing(lab.id(new), how))

    return (
        Journey(f"{kind}: a rescan takes the name", first_alone, ticking_to_rest),
        Journey(f"{kind}: keep the old one after all", two, keep("old")),
        Journey(f"{kind}: keep both after all", two, keep("both")),
        Journey(f"{kind}: and the new one again", older_kept, new_again),
        Journey(f"{kind}: a lost older image is found", lost, missing("find")),
        Journey(f"{kind}: on without the lost image", lost, missing("without")),
        Journey(
            f"{kind}: a wrong barcode put right",
            two,
            once("assign", lambda lab, station: station.acts.assign(lab.id(new), OTHER, "wrong glass")),
        ),
        Journey(
            f"{kind}: a rescan given up half-way",
            half_published,
            once("cancel", lambda lab, station: station.acts.cancel(lab.id(new))),
        ),
    )


RESCANS = (*journeys_of("file"), *journeys_of("MRXS set"))
