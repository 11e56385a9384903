"""Which scan of a slide is kept, decided anew after names were given; a lost older image; a wrong barcode put right."""

from pathlib import Path

import pytest

from app.adapters.files.manifest import read_manifest
from app.domain.errors import DestinationError, RetryableError, UseError
from app.domain.quality import Verdict
from app.domain.step import StepState
from app.pipeline.journey import COPY, MATCH, RECORD, RELEASE, SUPERSEDE, VERIFY
from app.pipeline.steps.making_way import OLDER_MISSING
from app.pipeline.steps.publish import WHICH_ONE
from app.services.board import attention_of
from app.services.desk import Desk
from app.services.rescan_chain import Place, RescanChain
from app.services.views import Choice
from tests.fakes.lab import Lab, until

S = StepState
FINAL = "Prec01/Run 2/620995_Prec01_P1.svs"
FINAL_2 = "Prec01/Run 2/407871_Prec01_P2.svs"


def in_rescans(lab: Lab, name: str, final: str = FINAL) -> str:
    return f"Rescans/{final.removesuffix('.svs')}__{lab.id(name)}.svs"


def beside(lab: Lab, name: str) -> str:
    return f"{FINAL.removesuffix('.svs')}__{lab.id(name)}.svs"


async def scan_again(lab: Lab, station, name: str, barcode: str = "620995") -> Path:
    path = lab.scan(name, barcode, mark=name)
    await station.runner.look()
    await lab.rest()
    return path


async def twice(lab: Lab, station) -> tuple[Path, Path]:
    """Scan a slide, and again once the first scan is safe."""
    old = await scan_again(lab, station, "old.svs")
    return old, await scan_again(lab, station, "new.svs")


def listed(lab: Lab) -> set[str]:
    """Return every file that a manifest of the share lists."""
    manifests = lab.share_root.rglob("manifest-sha256.txt")
    return {
        (each.parent / name).relative_to(lab.share_root).as_posix()
        for each in manifests
        for name in read_manifest(each.parent)
    }


def bytes_of(places: dict[str, Path]) -> dict[str, bytes]:
    return {place: path.read_bytes() for place, path in places.items()}


@pytest.mark.parametrize(
    "answers", [["old"], ["both"], ["old", "new"], ["old", "both"], ["both", "new"], ["both", "old", "new"]]
)
async def test_which_scan_is_kept_can_be_decided_anew_as_often_as_one_likes(lab: Lab, answers: list[str]) -> None:
    async with lab.open() as station:
        old, new = await twice(lab, station)
        for answer in answers:
            await station.acts.keep(lab.id("new.svs"), answer, "the older one shows the margin")
            await lab.rest()
        places = {
            "old": {FINAL: old, in_rescans(lab, "new.svs"): new},
            "new": {FINAL: new, in_rescans(lab, "old.svs"): old},
            "both": {FINAL: old, beside(lab, "new.svs"): new},
        }[answers[-1]]
        assert lab.published() == bytes_of(places)
        assert listed(lab) == set(places), "the manifests follow"
        assert {lab.get(name).state for name in ("old.svs", "new.svs")} == {S.SUCCEEDED}
        speaks = "old.svs" if answers[-1] == "old" else "new.svs"
        assert lab.sheet.cells["620995", "SHA-256"] == lab.get(speaks).files[0].sha256, "the sheet follows"
        assert lab.sheet.cells["620995", "Image Path"].endswith(lab.get(speaks).files[0].destination)
        (link,) = await station.kit.store.work(lambda journal: journal.links())
        assert (link.older, link.newer) == (lab.id("old.svs"), lab.id("new.svs"))
        assert link.kept == lab.id(speaks)
        assert link.older_destination == lab.get("old.svs").files[0].destination
        entries = await station.kit.store.work(lambda journal: journal.audits())
        assert [each.new for each in entries if each.action == "keep"] == answers
        assert {each.reason for each in entries if each.action == "keep"} == {"the older one shows the margin"}


async def test_any_scan_can_take_the_name_and_a_later_rescan_still_takes_it_over(lab: Lab) -> None:
    async with lab.open() as station:
        first = await scan_again(lab, station, "first.svs")
        second = await scan_again(lab, station, "second.svs")
        third = await scan_again(lab, station, "third.svs")
        await station.acts.keep(lab.id("first.svs"), "new", "the only one with the control")
        await lab.rest()
        rescans = {in_rescans(lab, "second.svs"): second, in_rescans(lab, "third.svs"): third}
        assert lab.published() == bytes_of({FINAL: first, **rescans})
        assert lab.sheet.cells["620995", "SHA-256"] == lab.get("first.svs").files[0].sha256
        await station.acts.keep(lab.id("third.svs"), "new")
        await lab.rest()
        await station.acts.keep(lab.id("third.svs"), "old")
        await lab.rest()
        assert lab.published()[FINAL] == second.read_bytes(), "the newest of the older ones"
        fourth = await scan_again(lab, station, "fourth.svs")
        for name in ("first.svs", "second.svs", "third.svs"):
            await station.acts.restart(lab.id(name), SUPERSEDE)
        await lab.rest()
        rescans = {in_rescans(lab, n): lab.watch / n for n in ("first.svs", "second.svs", "third.svs")}
        assert lab.published() == bytes_of({FINAL: fourth, **rescans}), "what was decided before is over"
        assert listed(lab) == {FINAL, *rescans}


async def test_of_three_scans_the_newest_good_one_gets_the_name_back(lab: Lab) -> None:
    lab.images.blurry["second.svs"] = 30.0
    async with lab.open() as station:
        first = await scan_again(lab, station, "first.svs")
        second = await scan_again(lab, station, "second.svs")
        await station.acts.keep(lab.id("second.svs"), "new")
        await lab.rest()
        third = await scan_again(lab, station, "third.svs")
        await station.acts.keep(lab.id("third.svs"), "old")
        await lab.rest()
        names = {FINAL: first, in_rescans(lab, "second.svs"): second, in_rescans(lab, "third.svs"): third}
        assert lab.published() == bytes_of(names), "the second was not sharp"


@pytest.mark.parametrize(("scan", "answer"), [("new.svs", "new"), ("old.svs", "old"), ("old.svs", "both")])
async def test_what_changes_nothing_or_means_nothing_is_refused_in_words(lab: Lab, scan: str, answer: str) -> None:
    async with lab.open() as station:
        await twice(lab, station)
        if scan == "old.svs":
            await station.acts.keep(lab.id("new.svs"), "old")
            await lab.rest()
        before = lab.published()
        with pytest.raises(UseError, match="stays as it is"):
            await station.acts.keep(lab.id(scan), answer)
        await lab.rest()
        assert lab.published() == before


async def test_one_scan_alone_leaves_nothing_to_keep(lab: Lab) -> None:
    async with lab.open() as station:
        await scan_again(lab, station, "old.svs")
        with pytest.raises(UseError, match="only one scan"):
            await station.acts.keep(lab.id("old.svs"), "old")


async def test_the_old_scan_gets_no_name_back_when_its_bytes_are_no_longer_those_that_were_verified(lab: Lab) -> None:
    async with lab.open() as station:
        _, new = await twice(lab, station)
        lying = lab.share_root / in_rescans(lab, "old.svs")
        good = lying.read_bytes()
        lying.write_bytes(good[:-1] + b"?")
        await station.acts.keep(lab.id("new.svs"), "old")
        await lab.rest()
        assert lab.get("new.svs").steps[SUPERSEDE].title == OLDER_MISSING
        assert (lab.share_root / FINAL).read_bytes() == new.read_bytes(), "the new one keeps the name meanwhile"
        lying.write_bytes(good)
        await station.acts.restart(lab.id("new.svs"))
        await lab.rest()
        assert (lab.share_root / FINAL).read_bytes() == good


async def test_a_rescan_that_is_given_up_gives_the_older_scan_its_name_back(lab: Lab) -> None:
    async with lab.open() as station:
        old = await scan_again(lab, station, "old.svs")
        lab.share.script["publish"].extend(RetryableError("The share is away", "between two renames") for _ in range(9))
        lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await until(lambda: lab.state("new.svs", VERIFY) is S.FAILED)
        assert lab.published() == bytes_of({in_rescans(lab, "old.svs"): old})
        await station.acts.cancel(lab.id("new.svs"))
        await lab.rest()
        assert lab.published() == bytes_of({FINAL: old})
        assert listed(lab) == {FINAL}
        assert lab.get("old.svs").scan.superseded_by is None
        assert lab.get("old.svs").state is S.SUCCEEDED
        assert lab.share.leftovers() == ()
        assert lab.sheet.cells["620995", "SHA-256"] == lab.get("old.svs").files[0].sha256
        lab.share.script["publish"].clear()
        await station.acts.restart(lab.id("new.svs"))
        await lab.rest()
        assert lab.get("old.svs").scan.superseded_by == lab.id("new.svs"), "taken up again it takes the name"


async def test_a_name_given_up_while_the_share_is_away_comes_back_with_the_share(lab: Lab) -> None:
    async with lab.open() as station:
        old = await scan_again(lab, station, "old.svs")
        lab.share.script["publish"].extend(RetryableError("The share is away", "between two renames") for _ in range(9))
        lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await until(lambda: lab.state("new.svs", VERIFY) is S.FAILED)
        lab.share.script["relocate"].append(DestinationError("The share is away", "no route"))
        await station.acts.cancel(lab.id("new.svs"))
        await until(lambda: lab.published() == bytes_of({FINAL: old}))
        await lab.rest()


async def lose(lab: Lab, station) -> tuple[Path, Path]:
    """Scan a slide, take its image off the share, scan it again: the question about the older image stands."""
    old = await scan_again(lab, station, "old.svs")
    (lab.share_root / FINAL).rename(lab.folder / "taken away.svs")
    new = await scan_again(lab, station, "new.svs")
    assert lab.get("new.svs").steps[VERIFY].title == OLDER_MISSING
    attention = attention_of(lab.get("new.svs"))
    assert attention is not None
    assert attention.choices == (Choice.FIND_OLDER, Choice.GO_ON_WITHOUT, Choice.HOLD)
    return old, new


async def test_a_missing_older_image_is_found_wherever_somebody_put_it(lab: Lab) -> None:
    async with lab.open() as station:
        old, new = await lose(lab, station)
        elsewhere = lab.share_root / "to be deleted" / "old one.svs"
        elsewhere.parent.mkdir()
        (lab.folder / "taken away.svs").rename(elsewhere)
        await station.acts.missing(lab.id("new.svs"), "find", "moved by the cleaner")
        await lab.rest()
        assert lab.published() == bytes_of({FINAL: new, in_rescans(lab, "old.svs"): old})
        assert listed(lab) == {FINAL, in_rescans(lab, "old.svs")}
        assert lab.get("new.svs").state is S.SUCCEEDED
        assert lab.get("new.svs").scan.keep == "new"
        entries = await station.kit.store.work(lambda journal: journal.audits())
        assert [(each.action, each.new, each.reason) for each in entries if each.action == "missing image"] == [
            ("missing image", "find", "moved by the cleaner")
        ]


async def test_an_image_that_is_nowhere_is_asked_about_again(lab: Lab) -> None:
    async with lab.open() as station:
        await lose(lab, station)
        await station.acts.missing(lab.id("new.svs"), "find")
        await lab.rest()
        step = lab.get("new.svs").steps[VERIFY]
        assert step.title == OLDER_MISSING
        assert "nowhere" in step.message
        assert lab.share.calls.count("locate") == 1


async def test_the_image_of_another_scan_is_never_taken_for_the_missing_one(lab: Lab) -> None:
    """Two slides with equal bytes, a made-up case: the other slide's image stays where it is."""
    async with lab.open() as station:
        old, _ = await lose(lab, station)
        other = lab.watch / "other.svs"
        other.write_bytes(old.read_bytes().replace(b"620995", b"407871", 1))
        await station.runner.look()
        await lab.rest()
        twin = lab.get("other.svs")
        lying = lab.share_root / FINAL_2
        assert lying.exists()
        lying.write_bytes(old.read_bytes())
        await station.acts.missing(lab.id("new.svs"), "find")
        await lab.rest()
        assert lab.get("new.svs").steps[VERIFY].title == OLDER_MISSING
        assert lying.exists()
        lying.write_bytes(other.read_bytes())
        assert lab.get("other.svs") == twin


async def test_going_on_without_it_says_so_and_never_frees_the_last_copy(lab: Lab) -> None:
    lab.release(7.0)
    async with lab.open() as station:
        old, new = await lose(lab, station)
        await station.acts.missing(lab.id("new.svs"), "without", "nobody knows where it went")
        await lab.rest()
        assert lab.published() == bytes_of({FINAL: new})
        lost = lab.get("old.svs")
        assert not lost.published
        assert lost.scan.superseded_by == lab.id("new.svs")
        lab.clock.skip(8 * 86400)
        for name in ("old.svs", "new.svs"):
            station.runner.go_on(lab.id(name))
        await until(lambda: lab.state("new.svs", RELEASE) is S.SUCCEEDED)
        await until(lambda: lab.state("old.svs", RELEASE) is S.SKIPPED)
        assert old.exists()
        assert not new.exists()
        await station.acts.restart(lost.id, COPY)
        await lab.rest()
        assert in_rescans(lab, "old.svs") in lab.published(), "and from there it can be carried again"


async def test_held_it_waits_for_a_person_and_asks_again_when_resumed(lab: Lab) -> None:
    async with lab.open() as station:
        old, new = await lose(lab, station)
        scan = lab.id("new.svs")
        await station.acts.missing(scan, "hold", "I ask in the archive")
        await lab.rest()
        assert lab.get("new.svs").state is S.PAUSED
        assert "Held" in lab.get("new.svs").steps[VERIFY].message
        await station.acts.resume(scan)
        await lab.rest()
        assert lab.get("new.svs").steps[VERIFY].title == OLDER_MISSING
        (lab.folder / "taken away.svs").rename(lab.share_root / FINAL)
        await station.acts.restart(scan)
        await lab.rest()
        assert lab.published() == bytes_of({FINAL: new, in_rescans(lab, "old.svs"): old})


async def test_there_must_be_such_a_question(lab: Lab) -> None:
    async with lab.open() as station:
        await scan_again(lab, station, "old.svs")
        with pytest.raises(UseError, match="no such question"):
            await station.acts.missing(lab.id("old.svs"), "find")
        with pytest.raises(UseError, match="What becomes of it"):
            await station.acts.missing(lab.id("old.svs"), "nothing")


async def test_a_wrong_barcode_is_put_right_after_publishing(lab: Lab) -> None:
    """The image moves to its own slide's name, the one it displaced gets its name back, both rows are right."""
    async with lab.open() as station:
        old, wrong = await twice(lab, station)
        wrong.unlink()  # the scanner's copy is no longer needed for it
        assert lab.sheet.cells["620995", "SHA-256"] == lab.get("new.svs").files[0].sha256
        await station.acts.assign(lab.id("new.svs"), "407871", "the label was stuck on the wrong glass")
        await lab.rest()
        published = lab.published()
        assert set(published) == {FINAL, FINAL_2}
        assert published[FINAL] == old.read_bytes()
        assert listed(lab) == {FINAL, FINAL_2}
        assert {lab.get(name).state for name in ("old.svs", "new.svs")} == {S.SUCCEEDED}
        assert lab.get("old.svs").scan.superseded_by is None
        cells = lab.sheet.cells
        assert cells["620995", "SHA-256"] == lab.get("old.svs").files[0].sha256
        assert cells["407871", "SHA-256"] == lab.get("new.svs").files[0].sha256
        assert cells["620995", "Status"] == cells["407871", "Status"] == "Complete"
        entries = await station.kit.store.work(lambda journal: journal.audits())
        assert [(each.old, each.new) for each in entries if each.action == "assign"] == [("620995", "407871")]


async def test_the_row_of_a_slide_that_has_no_image_after_all_is_emptied(lab: Lab) -> None:
    async with lab.open() as station:
        path = await scan_again(lab, station, "only.svs")
        assert lab.sheet.cells["620995", "Status"] == "Complete"
        await station.acts.assign(lab.id("only.svs"), "407871", "wrong glass")
        await lab.rest()
        assert lab.published() == bytes_of({FINAL_2: path})
        row = {header: value for (barcode, header), value in lab.sheet.cells.items() if barcode == "620995" and value}
        assert list(row) == ["Message"]
        assert "407871" in row["Message"]
        assert lab.sheet.cells["407871", "Status"] == "Complete"


async def test_a_correction_to_a_slide_that_has_an_image_asks_which_is_kept(lab: Lab) -> None:
    async with lab.open() as station:
        right = await scan_again(lab, station, "right.svs", "407871")
        wrong = await scan_again(lab, station, "wrong.svs")
        await station.acts.assign(lab.id("wrong.svs"), "407871", "wrong glass")
        await lab.rest()
        assert lab.get("wrong.svs").steps[VERIFY].title == WHICH_ONE
        assert lab.published() == bytes_of({FINAL: wrong, FINAL_2: right})
        await station.acts.keep(lab.id("wrong.svs"), "new")
        await lab.rest()
        assert lab.published() == bytes_of({FINAL_2: wrong, in_rescans(lab, "right.svs", FINAL_2): right})
        assert listed(lab) == set(lab.published())


async def test_a_correction_to_a_slide_without_a_row_is_a_question_and_can_be_taken_back(lab: Lab) -> None:
    async with lab.open() as station:
        path = await scan_again(lab, station, "only.svs")
        await station.acts.assign(lab.id("only.svs"), "999999", "misread again")
        await lab.rest()
        assert lab.get("only.svs").steps[MATCH].title == "Missing Task"
        assert lab.published() == bytes_of({FINAL: path}), "it stays where it is meanwhile"
        await until(lambda: lab.sheet.cells["620995", "Status"] == "", "the sheet no longer says that it is complete")
        await station.acts.assign(lab.id("only.svs"), "620995", "it was right at first")
        await lab.rest()
        assert lab.published() == bytes_of({FINAL: path})
        assert lab.state("only.svs", RECORD) is S.SUCCEEDED
        assert lab.sheet.cells["620995", "Status"] == "Complete"
        assert lab.sheet.cells["620995", "Message"] == ""


async def test_a_barcode_put_right_before_publishing_gives_the_older_scan_its_name_back(lab: Lab) -> None:
    async with lab.open() as station:
        old = await scan_again(lab, station, "old.svs")
        lab.share.script["publish"].extend(RetryableError("The share is away", "between two renames") for _ in range(3))
        lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await until(lambda: lab.state("new.svs", VERIFY) is S.FAILED)
        lab.share.script["publish"].clear()
        await station.acts.assign(lab.id("new.svs"), "407871", "another glass")
        await lab.rest()
        assert set(lab.published()) == {FINAL, FINAL_2}
        assert lab.published()[FINAL] == old.read_bytes()


async def test_the_chain_and_the_report_tell_what_became_of_each_scan_and_who_decided(lab: Lab) -> None:
    lab.images.blurry["old.svs"] = 12.4
    async with lab.open() as station:
        await twice(lab, station)
        before = await chain_of(lab, station)
        assert [each.place for each in before.scans] == [Place.RESCANS, Place.NAME]
        assert (before.scans[0].verdict, before.scans[0].decided_by) == (Verdict.RESCAN, "")
        assert "blurry" in before.scans[0].reason
        await station.acts.keep(lab.id("new.svs"), "old", "the new one lost its label")
        await lab.rest()
        after = await chain_of(lab, station)
        assert [each.place for each in after.scans] == [Place.NAME, Place.RESCANS]
        assert after.kept == lab.id("old.svs")
        assert after.scans[1].decided_by == "Mira Holm"
        assert after.scans[1].destination == in_rescans(lab, "new.svs")
        await station.report(lab.folder / "run.pdf")
    (line,) = lab.maker.reports[-1].rescans
    assert line.kept == line.older
    assert "Mira Holm decided to keep old: the new one lost its label" in line.reason


async def test_the_chain_tells_a_lost_image_and_a_scan_given_up(lab: Lab) -> None:
    async with lab.open() as station:
        await lose(lab, station)
        await station.acts.missing(lab.id("new.svs"), "without", "nobody knows")
        await lab.rest()
        third = lab.scan("third.svs", "620995", mark="third")
        lab.share.script["copy"].extend(RetryableError("Away", "no route") for _ in range(9))
        await station.runner.look()
        await until(lambda: lab.state(third.name, COPY) is S.FAILED)
        await station.acts.cancel(lab.id(third.name))
        await lab.rest()
        chain = await chain_of(lab, station)
        assert [each.place for each in chain.scans] == [Place.LOST, Place.NAME, Place.GIVEN_UP]
        assert [each.kept for each in chain.scans] == [False, True, False]
        assert chain.scans[1].decided_by == "Mira Holm"


async def chain_of(lab: Lab, station) -> RescanChain:
    desk = Desk(station, lab.folder)
    chain = (await desk.detail(lab.id("new.svs"))).chain
    assert chain is not None
    return chain
