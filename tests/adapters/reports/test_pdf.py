"""The PDF run report, read back with pypdf."""

import io
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from app.adapters.reports import PdfReport
from app.domain.errors import StoppedError, SurroundingsError
from app.domain.report import RunReport
from tests.adapters.reports.samples import (
    EMOJI,
    IMG,
    LONG_WORD,
    drawn_thumbnail,
    many_slides,
    sample_report,
)

FONTS = Path(__file__).parents[3] / "resources" / "fonts"


def write(report: RunReport, out: Path) -> PdfReader:
    PdfReport(FONTS).write_pdf(report, out, lambda done, total: None)
    return PdfReader(out)


@pytest.fixture(scope="module")
def report() -> RunReport:
    return sample_report()


@pytest.fixture(scope="module")
def reader(report: RunReport, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    return write(report, tmp_path_factory.mktemp("report") / "run.pdf")


@pytest.fixture(scope="module")
def pages(reader: PdfReader) -> list[str]:
    return [page.extract_text() for page in reader.pages]


@pytest.fixture(scope="module")
def text(pages: list[str]) -> str:
    return "\n".join(pages)


def part(text: str, start: str, end: str) -> str:
    """Return what stands between two headings, each the last of its words in the text."""
    return text[text.index(start) : text.rindex(end)]


def test_head_block_holds_every_field(report: RunReport, pages: list[str]) -> None:
    first = pages[0]
    for said in (
        report.lab,
        "Slide Scanning Run Report",
        "Mara Lindqvist",
        "mara.lindqvist@lab.example",
        "04-Mar-2019 09:02:11",
        "04-Mar-2019 09:53:18",
        "51 min 07 s",
        "04-Mar-2019 14:05:09 UTC+01:00",
        report.program_version,
        report.quality_version,
        report.sheet_title,
        report.journal_id,
        report.audit_head,
    ):
        assert said in first


def test_the_newest_audit_entry_is_named_and_each_says_that_nobody_was_authenticated(pages: list[str]) -> None:
    assert "Entry 41:" in pages[0]
    audits = " ".join(" ".join(pages).split())
    assert "not authenticated" in audits


def test_every_page_has_date_audit_head_and_its_number_of_all(report: RunReport, pages: list[str]) -> None:
    for number, page in enumerate(pages, start=1):
        assert "Document Generated: 04-Mar-2019" in page
        assert f"Audit head {report.audit_head[:16]}…" in page
        assert f"Page {number} of {len(pages)}" in page


def test_each_scan_is_one_row_of_the_details(report: RunReport, text: str) -> None:
    details = part(text, "The complete SHA-256", "Audits and Exclusions")
    for slide in report.slides:
        if slide.barcode and slide.superseded_by is None and slide.barcode != report.slides[4].barcode:
            lines = [line for line in details.splitlines() if line == slide.barcode]
            assert len(lines) == 1, slide.barcode
    assert [line for line in details.splitlines() if line == "PASS"] == ["PASS"] * 8
    assert [line for line in details.splitlines() if line == "FAIL"] == ["FAIL"] * 3
    assert details.count("SUPERSEDED") == 1
    assert details.count("no picture") == 2  # a truncated PNG, and none at all
    assert details.splitlines().count("No barcode") == 1


def test_the_table_head_is_repeated_on_every_page_of_the_table(pages: list[str]) -> None:
    with_rows = [page for page in pages if "Found 09:" in page]
    assert len(with_rows) >= 2
    assert all("Failing Reasons" in page for page in with_rows)


def test_reasons_are_told_also_where_nobody_gave_one(text: str) -> None:
    assert "Need to rescan, too blurry 12.6 %" in text
    assert "Copy File to Share: Failed: The share is full: 1.2 GB wanted, 0.4 GB free" in text


def test_accounts_tell_rescans_audits_and_what_is_not_done(text: str) -> None:
    assert "Superseded, see" in text
    assert "superseded/2019-03-04/2019/ONC-17/" in text
    assert "Label torn, read from the glass" in text
    assert "Review → Pass" in text
    assert "mlindqvist at SCAN-PC-02" in text
    assert "Missing Expected by hand scan, never found: slide broken, told the pathologist" in " ".join(text.split())


def test_hostile_texts_are_printed_as_texts(reader: PdfReader, text: str) -> None:
    assert f"Looked at it at 40x {IMG}" in text
    assert "<b>x" in text
    assert "root:" not in text
    assert "\x1b" not in text
    assert "\x00" not in text
    assert text.count("\ufffd") >= 2
    assert "[U+1F52C]" in text
    assert EMOJI not in text
    for page in reader.pages:
        for annotation in page.get("/Annots", ()):
            assert "/A" not in annotation.get_object()  # links lead inside the document only


def test_a_long_word_is_printed_whole(text: str) -> None:
    lines = [line for line in text.splitlines() if line and set(line) == {"W"}]
    assert "".join(lines) == LONG_WORD
    assert max(map(len, lines)) < 12


def test_hebrew_is_drawn_from_the_right(text: str) -> None:
    # The page holds the drawing order; readers turn each run back, so the number stands before the first word.
    assert any(line.split() in (["123", "שלום"], ["123", "םולש"]) for line in text.splitlines())


def test_appendix_lists_every_file_as_sha256sum_does(report: RunReport, reader: PdfReader, text: str) -> None:
    lines = [f"{file.sha256}  {file.destination}" for slide in report.slides for file in slide.files]
    assert len(lines) == 23
    for line in lines:
        assert line in text
    assert reader.attachments["manifest.sha256"] == ["".join(f"{line}\n" for line in lines).encode()]
    assert reader.attachments["run.csv"][0].startswith(b"\xef\xbb\xbfScan,Barcode,Study")
    assert reader.attachments["run.json"][0].startswith(b"{")


def test_manifest_escapes_names_and_keeps_their_bytes(report: RunReport, tmp_path: Path) -> None:
    contents = {"plain.svs": b"one", "back\\slash.svs": b"two", "caf\udce9 \u00fc.svs": b"three"}
    files = tuple(
        replace(report.slides[0].files[0], destination=name, sha256=sha256(content).hexdigest())
        for name, content in contents.items()
    )
    reader = write(replace(report, slides=(replace(report.slides[0], files=files),)), tmp_path / "run.pdf")
    manifest = reader.attachments["manifest.sha256"][0]
    lines = manifest.decode("utf-8", "surrogateescape").splitlines()
    assert lines[0] == f"{sha256(b'one').hexdigest()}  plain.svs"
    assert lines[1] == f"\\{sha256(b'two').hexdigest()}  back\\\\slash.svs"
    assert manifest.endswith(b"  caf\xe9 \xc3\xbc.svs\n")


def test_settings_and_durations_are_in_the_appendix(text: str) -> None:
    assert "quality.blur_rescan_percent" in text
    assert "\\\\share\\slides" in text
    durations = part(text, "Appendix B: Step Durations", "Appendix D")
    assert "38 s" in durations
    assert "22 s ×3" in durations
    assert durations.splitlines().count("Blocked") == 6


def test_the_table_of_durations_begins_on_the_page_of_its_heading(tmp_path: Path) -> None:
    report = many_slides(1)
    (slide,) = report.slides
    for count in range(1, 60):
        longer = replace(report, slides=(replace(slide, files=slide.files[:1] * count),))
        pages = [page.extract_text() for page in write(longer, tmp_path / "run.pdf").pages]
        page = next(page for page in pages if "Appendix B: Step Durations\n" in page)
        assert "Wait Until" in page.split("Appendix B: Step Durations\n")[-1], f"after {count} checksums"


def test_signoff_has_fields_to_fill(reader: PdfReader) -> None:
    fields = reader.get_form_text_fields()
    assert sorted(fields) == sorted(
        f"{role}_{what}" for role in ("operator", "reviewer") for what in ("signature", "date", "print_name")
    )


def test_outline_leads_to_the_page_of_each_part_and_scan(reader: PdfReader, pages: list[str]) -> None:
    top = [entry for entry in reader.outline if not isinstance(entry, list)]
    titles = [entry.title for entry in top]
    assert titles[:7] == [
        "Slide Scanning Run Report",
        "Summary",
        "Slide Details",
        "Rescans",
        "Audits and Exclusions",
        "Not Done",
        "Sign-off",
    ]
    for entry in top:
        assert entry.title in pages[reader.get_destination_page_number(entry)]
    below = next(entry for entry in reader.outline if isinstance(entry, list))
    assert len(below) == 12
    for entry in below:
        assert entry.title in pages[reader.get_destination_page_number(entry)]


def test_document_information(reader: PdfReader, report: RunReport) -> None:
    told = reader.metadata
    assert told is not None
    assert told.title == "Slide Scanning Run Report: 2019-03-04-AT2-01 on Aperio AT2 (SS12345)"
    assert told.author == f"Mara Lindqvist, {report.lab}"
    assert told.subject == "12 scans of run 2019-03-04-AT2-01 at Aperio AT2 (SS12345)"
    assert "Experiment" in (told.keywords or "")
    assert told.creation_date == report.created_at
    assert reader.trailer["/Root"]["/Lang"] == "en"


def test_all_fonts_of_the_pages_are_embedded(reader: PdfReader) -> None:
    used = set()
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            descriptor = font.get_object().get("/FontDescriptor")
            assert descriptor is not None
            assert "/FontFile2" in descriptor
            used.add(font["/BaseFont"].split("+")[1])
    assert used == {"DejaVuSansCondensed", "DejaVuSansCondensed-Bold", "DejaVuSansMono"}


def test_the_same_report_makes_the_same_bytes(report: RunReport, tmp_path: Path) -> None:
    write(report, tmp_path / "one.pdf")
    write(replace(report), tmp_path / "two.pdf")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_another_process_makes_the_same_bytes(report: RunReport, tmp_path: Path) -> None:
    write(report, tmp_path / "one.pdf")
    code = (
        "import sys; from pathlib import Path; from app.adapters.reports import PdfReport\n"
        "from tests.adapters.reports.samples import sample_report\n"
        "PdfReport(Path(sys.argv[1])).write_pdf(sample_report(), Path(sys.argv[2]), lambda done, total: None)\n"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code, str(FONTS), str(tmp_path / "two.pdf")], cwd=root, check=True)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_a_thousand_slides_are_laid_out_and_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    report = many_slides(1000)
    PdfReport(FONTS).write_pdf(report, tmp_path / "run.pdf", lambda done, total: told.append((done, total)))
    assert told[0] == (0, 1000)
    assert told[-1] == (1000, 1000)
    assert len(told) == 1001
    reader = PdfReader(tmp_path / "run.pdf")
    last = reader.pages[-1].extract_text()
    assert f"Page {len(reader.pages)} of {len(reader.pages)}" in last
    assert len(next(entry for entry in reader.outline if isinstance(entry, list))) == 1000


def test_an_empty_run_has_a_report(report: RunReport, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    empty = replace(report, slides=(), rescans=(), audits=(), not_done=(), settings=(), columns=(), audit_head="")
    PdfReport(FONTS).write_pdf(empty, tmp_path / "run.pdf", lambda done, total: told.append((done, total)))
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "run.pdf").pages)
    assert "No scan was found in this run." in text
    assert "Every expected and every found slide has a verified image." in text
    assert told == [(0, 0)]


def test_many_columns_share_one_with_their_titles(report: RunReport, tmp_path: Path) -> None:
    titles = tuple(f"Column {number}" for number in range(9))
    row = {title: f"value {number}" for number, title in enumerate(titles)}
    slides = tuple(replace(slide, row=row) for slide in report.slides[5:7])
    reader = write(replace(report, slides=slides, columns=titles, rescans=(), audits=()), tmp_path / "run.pdf")
    text = "".join(page.extract_text() for page in reader.pages)
    for title, value in row.items():
        assert text.count(value) == 2
        assert title in text


def test_texts_longer_than_a_page_and_broken_surrogates_are_printed_whole(report: RunReport, tmp_path: Path) -> None:
    words = " ".join(f"w{number}" for number in range(4000))
    slide = replace(
        report.slides[6],
        failing_reasons=(words,),
        source_name="a\udce9.svs",
        row={"Study": "\ud800", "Panel": "x" * 9000},
    )
    long_titles = ("Study", "Panel", "many words " * 400)
    hostile = replace(report, lab="Lab " * 3000, slides=(slide,), columns=long_titles, rescans=(), audits=())
    reader = write(hostile, tmp_path / "run.pdf")
    text = "".join(page.extract_text() for page in reader.pages)
    printed = set(text.split())
    assert {f"w{number}" for number in range(4000)} <= printed
    assert text.count("x") >= 9000


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a" + b"\0" * 40,
        b"\0" * 1000,
        drawn_thumbnail()[:-300],
        b"\xff\xd8\xff\xe0junk",
    ],
)
def test_damaged_thumbnails_cost_only_their_picture(report: RunReport, tmp_path: Path, damaged: bytes) -> None:
    slide = replace(report.slides[0], thumbnail=damaged)
    reader = write(replace(report, slides=(slide,), rescans=(), audits=()), tmp_path / "run.pdf")
    assert "no picture" in "".join(page.extract_text() for page in reader.pages)


def test_a_huge_picture_is_not_decoded(report: RunReport, tmp_path: Path) -> None:
    picture = bytearray(drawn_thumbnail())
    picture[16:24] = struct.pack(">II", 12_000, 12_000)  # above Pillow's limit for warnings, below that for errors
    picture[29:33] = struct.pack(">I", zlib.crc32(picture[12:29]))
    slide = replace(report.slides[0], thumbnail=bytes(picture))
    reader = write(replace(report, slides=(slide,), rescans=(), audits=()), tmp_path / "run.pdf")
    assert "no picture" in "".join(page.extract_text() for page in reader.pages)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "I;16"])
def test_pictures_of_every_mode_are_shown(report: RunReport, tmp_path: Path, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (200, 90)).save(out, "PNG")
    slide = replace(report.slides[0], thumbnail=out.getvalue())
    reader = write(replace(report, slides=(slide,), rescans=(), audits=()), tmp_path / "run.pdf")
    assert sum(len(page.images) for page in reader.pages) == 1


def test_stopping_leaves_the_old_report_and_no_part(report: RunReport, tmp_path: Path) -> None:
    out = tmp_path / "run.pdf"
    out.write_bytes(b"old")

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise StoppedError("Stopped", "A person stopped the report")

    with pytest.raises(StoppedError):
        PdfReport(FONTS).write_pdf(report, out, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pdf"]
    assert out.read_bytes() == b"old"


def test_a_folder_that_is_not_there_is_told(report: RunReport, tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError, match="cannot be written"):
        PdfReport(FONTS).write_pdf(report, tmp_path / "away" / "run.pdf", lambda done, total: None)


def test_missing_fonts_are_told(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from app.adapters.reports import PdfReport\n"
        "from app.domain.errors import SurroundingsError\n"
        "from tests.adapters.reports.samples import sample_report\n"
        "folder = Path(sys.argv[1])\n"
        "try:\n"
        "    PdfReport(folder).write_pdf(sample_report(), folder / 'run.pdf', lambda done, total: None)\n"
        "except SurroundingsError as error:\n"
        "    print(error.title)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "A font of the report cannot be read"
    assert list(tmp_path.iterdir()) == []


def test_importing_the_adapter_loads_no_page_library() -> None:
    code = "import sys, app.adapters.reports; print([name for name in ('reportlab', 'PIL') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
