"""Which name a scan gets on the share, seen together with the other scans of its slide."""

from dataclasses import dataclass
from enum import Enum

from app.domain.dossier import Dossier
from app.domain.naming import member_finals, rescan_finals
from app.domain.transfer import MemberPlan, TransferPlan
from app.pipeline.case import Case
from app.pipeline.rescans import earlier_scans, later_scan


class Role(Enum):
    """What a scan is among the scans of its slide."""

    ONLY = "only"
    REPLACES = "replaces"
    """It takes the name; earlier scans move to the rescans."""
    GIVES_WAY = "gives_way"
    """Another scan keeps the name; this one goes to the rescans."""
    BESIDE = "beside"
    """A person keeps both: this one lies beside the other under a name with its id."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The role of a scan and the final path of each of its members, main member first."""

    role: Role
    finals: dict[str, str]
    others: tuple[Dossier, ...]


def place(case: Case) -> Placement:
    """Decide the name from the scans known now and from what a person said."""
    dossier, ledger = case.dossier, case.kit.ledger
    finals = own_finals(dossier)
    later = later_scan(ledger, dossier)
    earlier = tuple(other for other in earlier_scans(ledger, dossier) if other.scan.superseded_by in (None, case.id))
    rescans = case.kit.settings.destination.rescans
    if dossier.scan.keep == "both" and (later or earlier):
        return Placement(Role.BESIDE, _apart(dossier, finals, ""), (later,) if later else earlier)
    if later is not None and dossier.scan.keep != "new":
        return Placement(Role.GIVES_WAY, _apart(dossier, finals, rescans), (later,))
    if earlier and dossier.scan.keep == "old":
        return Placement(Role.GIVES_WAY, _apart(dossier, finals, rescans), earlier)
    others = earlier if later is None else (*earlier, later)
    return Placement(Role.REPLACES if others else Role.ONLY, finals, others)


def plan_for(dossier: Dossier, placement: Placement) -> TransferPlan:
    """Return what is to be carried, the main member first."""
    files = dossier.scan.files
    members = sorted(files.members, key=lambda member: member.path != files.main)
    return TransferPlan(
        files.fingerprint(),
        tuple(MemberPlan(files.root / m.path, placement.finals[m.path], m.size_bytes, m.mtime_ns) for m in members),
    )


def own_finals(dossier: Dossier) -> dict[str, str]:
    """Return the final path of every member under the name from the sheet."""
    files = dossier.scan.files
    paths = [member.path for member in files.members]
    return member_finals(files.layout, files.main, paths, dossier.scan.folder or "", dossier.scan.stem or "")


def moved_finals(dossier: Dossier, rescans: str) -> tuple[str, ...]:
    """Return where the published files of an older scan go, in the order of its files."""
    destinations = [file.destination for file in dossier.files]
    moved = rescan_finals(
        dossier.scan.files.layout,
        destinations[0],
        destinations,
        rescans_folder=rescans,
        older_scan_id=dossier.id,
    )
    return tuple(moved[destination] for destination in destinations)


def _apart(dossier: Dossier, finals: dict[str, str], rescans: str) -> dict[str, str]:
    """Return the finals under a name with the scan's id, in the rescans or (empty) in the same folder."""
    files = dossier.scan.files
    if rescans:
        main = finals[files.main]
        moved = rescan_finals(
            files.layout, main, list(finals.values()), rescans_folder=rescans, older_scan_id=dossier.id
        )
        return {member: moved[final] for member, final in finals.items()}
    stem = f"{dossier.scan.stem}__{dossier.id}"
    return member_finals(files.layout, files.main, list(finals), dossier.scan.folder or "", stem)
