"""Which name a scan gets on the share, seen together with the other scans of its slide."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from app.domain.dossier import Dossier
from app.domain.naming import member_finals, own_folder, rescan_finals
from app.domain.scan import Member
from app.domain.transfer import MemberPlan, TransferPlan
from app.pipeline.case import Case
from app.pipeline.rescans import BOTH, NEW, OLD, earlier_scans, kept_choice, later_scan, missing_answer, stands


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
    earlier = tuple(other for other in earlier_scans(ledger, dossier) if _waits_for_heir(case, other))
    rescans = case.kit.settings.destination.rescans
    choice = kept_choice(dossier.scan)
    wants_name = choice == NEW or missing_answer(dossier.scan) is not None
    if choice == BOTH and (later or earlier):
        return Placement(Role.BESIDE, apart(dossier), (later,) if later else earlier)
    if later is not None and not wants_name:
        return Placement(Role.GIVES_WAY, apart(dossier, rescans), (later,))
    if earlier and choice == OLD:
        return Placement(Role.GIVES_WAY, apart(dossier, rescans), earlier)
    others = earlier if later is None else (*earlier, later)
    return Placement(Role.REPLACES if others else Role.ONLY, finals, others)


def _waits_for_heir(case: Case, other: Dossier) -> bool:
    """Whether no scan but this one took another's place: it has its name, or made way for one still to come."""
    heir = other.scan.superseded_by
    if heir in (None, case.id):
        return True
    found = case.kit.ledger.find(heir)
    return found is not None and not stands(found)


def plan_for(dossier: Dossier, placement: Placement) -> TransferPlan:
    """Return what is to be carried, the main member first."""
    files = dossier.scan.files
    return TransferPlan(
        files.fingerprint(),
        tuple(
            MemberPlan(files.root / m.path, placement.finals[m.path], m.size_bytes, m.mtime_ns)
            for m in _main_first(dossier)
        ),
        own_folder=own_folder(files.layout, tuple(placement.finals.values())),
    )


def in_order(dossier: Dossier, finals: Mapping[str, str]) -> tuple[str, ...]:
    """Return final paths in the order of the scan's verified files: the main member first."""
    return tuple(finals[member.path] for member in _main_first(dossier))


def _main_first(dossier: Dossier) -> list[Member]:
    return sorted(dossier.scan.files.members, key=lambda member: member.path != dossier.scan.files.main)


def own_finals(dossier: Dossier) -> dict[str, str]:
    """Return the final path of every member under the name from the sheet."""
    files = dossier.scan.files
    paths = [member.path for member in files.members]
    return member_finals(files.layout, files.main, paths, dossier.scan.folder or "", dossier.scan.stem or "")


def apart(dossier: Dossier, rescans: str = "") -> dict[str, str]:
    """Return the finals under a name with the scan's id, in the rescans or (empty) in the same folder."""
    files, finals = dossier.scan.files, own_finals(dossier)
    if rescans:
        main = finals[files.main]
        moved = rescan_finals(
            files.layout, main, list(finals.values()), rescans_folder=rescans, older_scan_id=dossier.id
        )
        return {member: moved[final] for member, final in finals.items()}
    stem = f"{dossier.scan.stem}__{dossier.id}"
    return member_finals(files.layout, files.main, list(finals), dossier.scan.folder or "", stem)
