import json
from pathlib import Path

import pytest

from app.adapters.imaging.finder import FolderFinder
from app.domain.scan import ScanSet
from tests.adapters.imaging.samples import CODE128, DAMAGE, MIRAX, SLIDES, copy_tree
from tests.damage.__main__ import main
from tests.damage.judging import FormatResult, Outcome, Verdict
from tests.damage.report import faults, format_figures
from tests.damage.variants import Damage, copy_scan, damages, lay_out, middle_of_last_block

SMALL_OME = SLIDES / "ome-tiff" / "qupath_OS-1-detail.ome.tif"
WHOLE = Verdict("aperio", True, "complete", 0.1, False)
UNFINISHED = Verdict("aperio", False, "The scan is not complete: x.svs: it is short.", 0.1, False)


def scan_of(path: Path) -> ScanSet:
    (scan,) = FolderFinder().find(path)
    return scan


def test_a_single_file_is_cut_at_even_places_and_near_its_ends_and_its_tail_is_zeroed(tmp_path: Path) -> None:
    scan = scan_of(copy_tree(CODE128, tmp_path).parent)
    size_bytes = scan.size_bytes
    found = damages(scan)
    cut = {each.kept_bytes for each in found if not each.zero_bytes}
    assert {size_bytes * part // 20 for part in range(20)} | {size_bytes - 1, size_bytes - 100} <= cut
    assert middle_of_last_block(CODE128) in cut
    zeroed = [each for each in found if each.zero_bytes]
    assert len(zeroed) == 5
    assert all(each.kept_bytes + each.zero_bytes == size_bytes for each in zeroed)
    assert not any(each.removed for each in found)


def test_every_member_of_a_set_is_cut_zeroed_and_removed(tmp_path: Path) -> None:
    copy_tree(MIRAX, tmp_path)
    copy_tree(MIRAX.with_suffix(""), tmp_path)
    scan = scan_of(tmp_path)
    found = damages(scan)
    members = {member.path for member in scan.members}
    assert len(members) == 4
    assert {each.member for each in found if each.removed} == members
    assert {each.member for each in found if each.zero_bytes} == members
    assert {each.member for each in found if each.place == "last byte cut off"} == members


def test_a_tail_that_is_zeros_anyway_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.svs"
    path.write_bytes(b"x" * 50 + bytes(50))
    places = [each.place for each in damages(scan_of(tmp_path)) if each.zero_bytes]
    assert places == ["reserved, nothing written", "reserved, a quarter written"]


def test_the_damaged_member_is_as_told_and_the_others_are_whole(tmp_path: Path) -> None:
    source = tmp_path / "source"
    copy_tree(MIRAX, source)
    copy_tree(MIRAX.with_suffix(""), source)
    good = copy_scan(scan_of(source), tmp_path / "good")
    member = f"{MIRAX.stem}/Index.dat"
    data = (source / member).read_bytes()
    kinds = {
        "cut": (Damage(member, "cut", 100), data[:100]),
        "zeroed": (Damage(member, "zeroed", 100, len(data) - 100), data[:100].ljust(len(data), b"\0")),
        "reserved": (Damage(member, "reserved", 0, len(data), sparse=True), bytes(len(data))),
    }
    for name, (damage, expected) in kinds.items():
        lay_out(good, damage, tmp_path / name)
        assert (tmp_path / name / member).read_bytes() == expected
        assert (tmp_path / name / MIRAX.name).samefile(good.root / MIRAX.name)
    lay_out(good, Damage(member, "removed", removed=True), tmp_path / "removed")
    assert not (tmp_path / "removed" / member).exists()
    assert (good.root / member).read_bytes() == data


def test_the_command_counts_what_the_program_recognises(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slides = copy_tree(SMALL_OME, tmp_path / "slides").parent
    told = tmp_path / "told.json"
    assert main([str(slides), "--json", str(told)]) == 0
    (figures,) = json.loads(told.read_text(encoding="utf-8"))["formats"]
    assert (figures["format"], figures["tiff_based"], figures["slides"]) == ("ome-tiff", True, 1)
    assert figures["damaged"] >= 25
    assert figures["share"] >= 0.95
    assert figures["slowest_seconds"] > 0
    assert figures["readers_stopped"] == []
    assert "ome-tiff" in capsys.readouterr().out


def test_the_command_fails_when_a_slide_meant_to_be_good_is_not_called_complete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slides = tmp_path / "slides"
    slides.mkdir()
    (slides / "x.svs").write_bytes(CODE128.read_bytes()[:5000])
    assert main([str(slides)]) == 1
    told = capsys.readouterr().out
    assert "FAULT: a good slide was not called complete: x.svs" in told
    assert " 100.0%" not in told
    assert main([str(slides), "--without", "x.*"]) == 1
    assert capsys.readouterr().out.endswith("FAULT: there is no slide in this folder\n")


def test_malformed_files_get_a_verdict_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("02_header_only_8.svs", "06_all_zero.svs", "27_zip_named_svs.svs")
    for name in names:
        copy_tree(DAMAGE / name, tmp_path / "malformed")
    assert main(["--malformed", str(tmp_path / "malformed")]) == 0
    told = capsys.readouterr().out
    assert all(f"{name}: " in told for name in names)
    assert "3 files" in told


@pytest.mark.parametrize("mode", [["--malformed"], []])
def test_an_empty_folder_proves_nothing(tmp_path: Path, mode: list[str]) -> None:
    assert main([*mode, str(tmp_path)]) == 1


def outcome(*verdicts: Verdict) -> Outcome:
    return Outcome("x.svs", Damage("x.svs", "cut at 3/20", 30), verdicts)


def figures_of(*outcomes: Outcome, word: str = "aperio") -> dict[str, object]:
    return format_figures(FormatResult(word, {"x.svs": WHOLE}, list(outcomes), 100 << 20))


def test_damage_counts_as_recognised_only_when_nothing_of_it_passes_for_whole() -> None:
    figures = figures_of(outcome(), outcome(UNFINISHED), outcome(UNFINISHED, WHOLE))
    assert (figures["recognised"], figures["damaged"]) == (2, 3)
    assert figures["not_recognised"] == ["x.svs: cut at 3/20"]


def test_members_taken_away_are_counted_apart() -> None:
    taken = Outcome("x.dcm", Damage("x/label.dcm", "removed", removed=True), (WHOLE,))
    figures = figures_of(outcome(UNFINISHED), taken)
    assert (figures["recognised"], figures["damaged"], figures["share"]) == (1, 1, 1.0)
    assert (figures["removed_recognised"], figures["removed"]) == (0, 1)
    assert figures["not_recognised"] == ["x/label.dcm: removed"]


def test_95_percent_are_wanted_of_tiff_based_formats_only() -> None:
    enough = [outcome(UNFINISHED)] * 19 + [outcome(WHOLE)]
    assert faults(figures_of(*enough)) == []
    assert "aperio: only 94.7% recognised" in faults(figures_of(*enough[1:]))[0]
    assert faults(figures_of(*enough[1:], word="dicom")) == []


def test_slow_verdicts_much_memory_and_dead_readers_are_faults() -> None:
    slow = Verdict("aperio", False, "The scan is not complete: x", 5.2, False)
    dead = Verdict("unknown", False, "The reader stopped: x.svs: no answer after 5 seconds.", 5.0, True)
    assert "5.2 s" in faults(figures_of(outcome(slow)))[0]
    assert "a reader stopped: The reader stopped: x.svs" in faults(figures_of(outcome(dead)))[0]
    result = FormatResult("aperio", {}, [outcome(UNFINISHED)], 513 << 20)
    assert "513 MB" in faults(format_figures(result))[0]
