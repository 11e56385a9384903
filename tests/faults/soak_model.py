"""What must come of an afternoon's scans, worked out from what was written and said, not from the program.

From the journal it takes only what nobody outside can know: which id a scan got, in which order scans were found, and
in which order they reached the share.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath

FOLDER = "Prec01/Run 2"
OTHER = "another slide has the name"


@dataclass
class Slide:
    """A row of the sheet: its barcode, and the name its images get."""

    barcode: str
    panel: str

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return f"Prec01_{self.panel}"


@dataclass
class Written:
    """One scan as the scanner wrote it: its files by path, what its label says, and what glass it really is."""

    main: str
    label: str
    truth: str
    blurred: bool
    files: dict[str, bytes]

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of each file as it is now."""
        return {path: hashlib.sha256(content).hexdigest() for path, content in self.files.items()}


@dataclass
class Said:
    """What people said of one scan; what they said of bytes that were overwritten is forgotten."""

    cancelled: bool = False
    assigned: str = ""
    keep: str = ""
    verdict: str = ""
    ever_judged: bool = False
    ever_kept: bool = False


@dataclass
class Known:
    """One scan: its id, in the order in which scans were found."""

    id: str
    written: Written
    said: Said
    place: str = ""
    """The stem of its main file's path on the share, with folder; empty while it is not there."""
    superseded_by: str = ""

    @property
    def barcode(self) -> str:
        """The slide it is taken for."""
        return self.said.assigned or self.written.label

    @property
    def rescan(self) -> bool:
        """Whether the advice is to scan again."""
        return self.said.verdict == "rescan" if self.said.verdict else self.written.blurred


@dataclass
class Expected:
    """The end: every file on the share, every scan's state, what the sheet says of each slide."""

    share: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    superseded: dict[str, str] = field(default_factory=dict)
    cells: dict[tuple[str, str], str] = field(default_factory=dict)
    scanner: set[str] = field(default_factory=set)


def head(scan: str, superseded_by: dict[str, str]) -> str:
    """Return the scan that has the name in the end, empty for that scan itself.

    Which of two newer ones an older scan made way for first depends on the moment at which the program died: it says so
    before it moves the older one, and the other may be quicker to the share then.
    """
    seen = [scan]
    while (next_one := superseded_by.get(seen[-1], "")) and next_one not in seen:
        seen.append(next_one)
    return seen[-1] if len(seen) > 1 else ""


def expect(found: list[Known], published: list[str], slides: dict[str, Slide], *, released: bool) -> Expected:
    """Return what must be there. `found` in order of appearance, `published` the ids in the order of their arrival."""
    end = Expected()
    by_id = {each.id: each for each in found}
    order = {each.id: number for number, each in enumerate(found)}
    for arrived in published:
        _arrive(by_id[arrived], [e for e in found if e.barcode == by_id[arrived].barcode], order, slides)
    for each in found:
        if each.place:
            end.share |= {_final(each, path): digest for path, digest in each.written.hashes().items()}
            end.superseded[each.id] = head(each.id, {other.id: other.superseded_by for other in found})
        end.states[each.id] = _state(each, found, slides, released=released)
    _fill_cells(end, found, slides)
    newest = {each.written.main: each for each in found}
    for each in newest.values():
        if not (released and end.states[each.id] == "succeeded"):
            end.scanner |= set(each.written.files)
    return end


def _arrive(new: Known, of_slide: list[Known], order: dict[str, int], slides: dict[str, Slide]) -> None:
    """Give a scan its place among those of its slide that are on the share already."""
    there = [each for each in of_slide if each.place and not each.superseded_by and each is not new]
    earlier = [each for each in there if order[each.id] < order[new.id]]
    later = [each for each in there if order[each.id] > order[new.id]]
    own = f"{FOLDER}/{slides[new.barcode].stem}"
    if new.said.keep == "both" and there:
        new.place = f"{own}__{new.id}"
    elif later and new.said.keep != "new":
        new.place, new.superseded_by = f"Rescans/{own}__{new.id}", later[-1].id
    elif earlier and new.said.keep == "old":
        new.place, new.superseded_by = f"Rescans/{own}__{new.id}", earlier[-1].id
    else:
        others = [*earlier, *(later[-1:] if new.said.keep == "new" else [])]
        _require_asked(new, others)
        for other in others:
            other.place, other.superseded_by = f"Rescans/{own}__{other.id}", new.id
        new.place = own


def _require_asked(new: Known, others: list[Known]) -> None:
    """A good image makes way for a blurred one, or for one that a person named, only if a person said so."""
    if (
        not others
        or new.said.keep
        or new.said.ever_kept
        or new.said.ever_judged
        or any(each.said.ever_judged for each in others)
    ):
        return
    assert not (new.written.blurred and not others[-1].written.blurred), f"{new.id} took a good image's name unasked"
    assert not new.said.assigned, f"{new.id} was named by hand and took an image's name unasked"


def _final(each: Known, path: str) -> str:
    """Return where one member lies: the main file under the name, the others in the folder beside it."""
    main = PurePosixPath(each.written.main)
    if path == each.written.main:
        return each.place + main.suffix
    return f"{each.place}/{PurePosixPath(path).name}"


def _state(each: Known, found: list[Known], slides: dict[str, Slide], *, released: bool) -> str:
    if each.said.cancelled:
        return "cancelled"
    if not each.place:
        slide = slides.get(each.barcode)
        twins = slide and any(o.place and slides[o.barcode].stem == slide.stem and o is not each for o in found)
        assert slide is None or twins, f"{each.id} of {each.barcode} is not on the share, and nothing explains it"
        return "needs_attention"
    undecided = each.written.blurred and not each.said.verdict and not each.superseded_by
    if undecided:
        return "waiting_to_retry" if released else "needs_attention"
    return "succeeded"


def _fill_cells(end: Expected, found: list[Known], slides: dict[str, Slide]) -> None:
    for barcode in slides:
        kept = [each for each in found if each.barcode == barcode and each.place and not each.superseded_by]
        if kept:
            speaker = kept[-1]
            digest = speaker.written.hashes()[speaker.written.main]
            end.cells[barcode, "SHA-256"] = digest
            end.cells[barcode, "Status"] = "Need to rescan" if speaker.rescan else "Complete"
            end.cells[barcode, "Scan File"] = PurePosixPath(_final(speaker, speaker.written.main)).name
