"""A destination that is a folder: a local disk, a mounted share, a UNC path."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit

from app.adapters.files import names, platform
from app.adapters.files.audit_head import read_head, write_head
from app.adapters.files.carrying import carry_members
from app.adapters.files.claim import claimed
from app.adapters.files.failures import at_destination
from app.adapters.files.leftover_files import list_leftovers, remove_leftover
from app.adapters.files.lines import listed_files
from app.adapters.files.locating import HashMemory, locate
from app.adapters.files.manifest import read_manifest
from app.adapters.files.medium import hash_medium
from app.adapters.files.meter import Meter
from app.adapters.files.part import Carried
from app.adapters.files.publishing import Item, Publication, items_of
from app.adapters.files.relocating import relocate
from app.adapters.files.scrubbing import scrub, scrub_files
from app.adapters.files.share_lock import Patience
from app.adapters.files.site import Site, about_the_root, names_in, require_distinct, same_or_twin
from app.adapters.files.small_part import Pair
from app.adapters.files.source import Identity, identity, require_same
from app.adapters.files.station_notes import read_stations, write_station
from app.adapters.files.tree import Tree, places, plain_status
from app.domain import long_path
from app.domain.audit import AuditHead
from app.domain.errors import DestinationError, UseError
from app.domain.scan import VerifiedFile
from app.domain.share import Leftover, ShareStation
from app.domain.transfer import (
    CheckGrade,
    ListedFile,
    MemberPlan,
    Occupant,
    Relocation,
    ScrubResult,
    TransferPlan,
    TransferWatch,
)


class FolderDestination:
    """Meets the port `Destination` for one root folder; safe to use from several threads, one plan in one thread."""

    def __init__(self, root: Path, rescans: str, station: str, *, patience: Patience | None = None) -> None:
        self._shown = root.absolute()
        self._rescans = rescans
        self._site = Site(Tree(Path(long_path.long_form(self._shown))), station, patience or Patience())
        self._id: str | None = None
        self._verified: dict[str, Identity] = {}
        self._hashes = HashMemory()

    def check(self) -> None:
        """Raise DestinationError when the marker is missing or another's, the root is gone or read-only."""
        self._require_marker()
        self._site.require_writable()

    def initialise(self) -> str:
        """Make the marker and the folder of rescans; return the marker's id. Raises UseError when there is a marker."""
        root = self._site.tree.root
        with about_the_root(self._shown):
            root.mkdir(exist_ok=True)
            try:
                found = self._site.write_marker()
            except FileExistsError as error:
                message = f"{self._shown} has a marker already"
                raise UseError("This is a destination already", message, "Use “destination adopt” instead.") from error
        self._site.tree.make_folder(f"{self._rescans}/x")
        return found

    def adopt(self) -> str:
        """Return the id of the marker that is there. Raises UseError when there is none."""
        found = self._site.read_id()
        if found is None:
            message = f"{self._shown} has no marker"
            raise UseError("This is no destination yet", message, "Use “destination init” to make it one.")
        return found

    def copy(self, plan: TransferPlan, watch: TransferWatch) -> tuple[VerifiedFile, ...]:
        """Carry all members to verified parts, as the port `Destination` describes."""
        self._require_marker()
        require_distinct(member.final for member in plan.members)
        self._require_room(plan)
        pairs = tuple(self._pairs(plan, self._site.tree.make_folder))
        with self._claimed(pairs[0].part):
            return self._carry(plan, pairs, watch)

    def _carry(self, plan: TransferPlan, pairs: Sequence[Pair], watch: TransferWatch) -> tuple[VerifiedFile, ...]:
        carried: dict[str, Carried] = {}
        for pair, result in carry_members(pairs, Meter(plan.size_bytes, watch)):
            self._verified[pair.part] = result.identity
            carried[pair.member.final] = result
        for member in plan.members:  # also those carried long ago: a set is one scan, and all of it must stand still
            require_same(member.source, carried[member.final].source)
        with at_destination(self._shown):
            for folder in {pair.folder for pair in pairs}:
                platform.sync_folder(folder)
        self._require_still_there(pairs)
        return tuple(_verified_file(member, carried[member.final]) for member in plan.members)

    def _require_still_there(self, pairs: Sequence[Pair]) -> None:
        """Ask for the marker once more: the empty folder under a share that was unmounted takes parts as well."""
        try:
            self._require_marker()
        except DestinationError:
            for pair in pairs:
                with suppress(OSError):
                    platform.remove_if_there(pair.part)
            raise

    def _pairs(self, plan: TransferPlan, enter: Callable[[str], Path]) -> Iterator[Pair]:
        """Pair every member with its part, which waits beside the final name; `enter` is asked once for each folder."""
        finals = (member.final for member in plan.members)
        for member, place in zip(plan.members, places(enter, finals), strict=True):
            yield Pair(member, place.folder, place.prefix + names.part_name(place.name, plan.fingerprint))

    def publish(self, plan: TransferPlan, files: tuple[VerifiedFile, ...]) -> None:
        """Give all members their final names, as the port `Destination` describes."""
        items = self._items(plan, files)
        with self._claimed(items[0].part):
            Publication(self._site, items, self._is_trusted, plan.own_folder).run()
        for item in items:
            self._verified.pop(item.part, None)

    def conclude(self, plan: TransferPlan, files: tuple[VerifiedFile, ...]) -> bool:
        """Finish or take back a publication that was cut, as the port `Destination` describes."""
        items = self._items(plan, files)
        with self._claimed(items[0].part):
            return Publication(self._site, items, self._is_trusted, plan.own_folder).conclude()

    def _claimed(self, part: str) -> AbstractContextManager[None]:
        return claimed(self._site.tree.control / names.LOCKS_FOLDER, self._site.tree.relative(Path(part)))

    def _items(self, plan: TransferPlan, files: tuple[VerifiedFile, ...]) -> tuple[Item, ...]:
        self._require_marker()
        require_distinct(member.final for member in plan.members)
        return items_of(self._site, plan, files)

    def occupant(self, final: str) -> Occupant | None:
        """Return what lies under this final name or a name some file system takes for it."""
        path = self._site.tree.path(final)
        there = same_or_twin(path.name, names_in(path.parent))
        if there is None:
            return None
        found = path.with_name(there)
        with at_destination(found):
            size_bytes = found.lstat().st_size
        return Occupant(self._site.tree.relative(found), size_bytes, read_manifest(path.parent).get(there))

    def relocate(self, move: Relocation) -> None:
        """Move an older scan inside the destination, as the port `Destination` describes."""
        self._require_marker()
        relocate(self._site, move)

    def locate(self, files: tuple[VerifiedFile, ...], watch: TransferWatch) -> tuple[str, ...] | None:
        """Search for a scan's bytes, as the port `Destination` describes; what was read once is remembered."""
        self._require_marker()
        return locate(self._site, files, self._hashes, watch)

    def discard(self, plan: TransferPlan) -> None:
        """Remove this plan's parts and no others."""
        self._require_marker()
        for _, _, part in self._pairs(plan, self._site.tree.path):
            with at_destination(part), suppress(NotADirectoryError):
                platform.remove_if_there(part)
            self._verified.pop(part, None)

    def leftovers(self) -> tuple[Leftover, ...]:
        """Return files of ours that ended programs may have left; parts of scans under way are among them."""
        self._require_marker()
        return tuple(list_leftovers(self._site))

    def remove_leftover(self, leftover: Leftover) -> None:
        """Remove one of them, as the port `Destination` describes."""
        self._require_marker()
        remove_leftover(self._site, leftover)

    def announce(self, station: ShareStation) -> None:
        """Say that this station uses the destination."""
        self._require_marker()
        write_station(self._site, station)

    def stations(self) -> tuple[ShareStation, ...]:
        """Return the stations that ever said so, the one heard last first."""
        self._require_marker()
        return read_stations(self._site)

    def check_file(self, file: VerifiedFile) -> CheckGrade | None:
        """Read a published member back from the medium and compare; None also where it is missing."""
        self._require_marker()
        path = self._site.tree.path(file.destination)
        status = plain_status(path)
        if status is None or status.st_size != file.size_bytes:
            return None
        sha256, _, grade = hash_medium(path, lambda _: None)
        return grade if sha256 == file.sha256 else None

    def scrub(self, watch: TransferWatch) -> ScrubResult:
        """Re-read everything and compare with the manifests."""
        self._require_marker()
        return scrub(self._site, watch)

    def scrub_files(self, paths: Sequence[str], watch: TransferWatch) -> ScrubResult:
        """Re-read listed files that are named, in this order."""
        self._require_marker()
        return scrub_files(self._site, paths, watch)

    def listed(self) -> Iterator[ListedFile]:
        """Yield every line of every manifest, folder by folder."""
        self._require_marker()
        return listed_files(self._site)

    def put_audit_head(self, head: AuditHead) -> None:
        """Remember how far a journal's audit log goes."""
        self._require_marker()
        write_head(self._site.tree, head)

    def audit_head(self, journal: str) -> AuditHead | None:
        """Return how far the log of the journal with this id went when it was last told."""
        self._require_marker()
        return read_head(self._site.tree, journal)

    def absolute(self, relative: str) -> str:
        """Return the full path of something below the root, as people write it."""
        return str(self._shown.joinpath(*names.components(relative)))

    def free_bytes(self) -> int | None:
        """Return the space left, None where the system does not say."""
        try:
            usage = shutil.disk_usage(self._site.tree.root)
        except OSError:
            return None
        return usage.free if usage.total else None  # some mounted object stores say 0 of 0

    def _require_marker(self) -> None:
        found = self._site.require_id()
        if self._id is not None and found != self._id:
            message = f"{self._shown} has another marker than when the program started ({found}, not {self._id})"
            hint = "Another share is mounted there. Mount the right one, or restart the program to use this one."
            raise DestinationError("The destination was exchanged", message, hint)
        self._id = found

    def _require_room(self, plan: TransferPlan) -> None:
        """Refuse at once what cannot fit, instead of filling the disk to the brim; parts count as there already."""
        free = self.free_bytes()
        if free is None or free >= plan.size_bytes:
            return
        present = 0
        for _, _, part in self._pairs(plan, self._site.tree.path):
            status = plain_status(part)
            present += status.st_size if status else 0
        if plan.size_bytes - present > free:
            message = f"{self._shown}: {free} bytes are free, {plan.size_bytes - present} are needed"
            hint = "Free space there or ask for a larger quota; the waiting copies then go on."
            raise DestinationError("The destination is full", message, hint)

    def _is_trusted(self, part: str, status: os.stat_result) -> bool:
        return self._verified.get(part) == identity(status)


def _verified_file(member: MemberPlan, carried: Carried) -> VerifiedFile:
    return VerifiedFile(str(member.source), member.final, member.size_bytes, carried.sha256, carried.grade.value)


def folder_of(url: str, *, system: str = sys.platform) -> Path:
    """Return the folder a path or a file:// URL means; raises UseError for other URLs."""
    if "://" not in url:
        return Path(url).expanduser()
    parts = urlsplit(url)
    if parts.scheme.lower() != "file":
        raise UseError("This destination is not a folder", f"{url} is neither a path nor a file:// address")
    path = unquote(parts.path)
    if system == platform.WINDOWS:
        share = f"//{parts.netloc}{path}" if parts.netloc not in {"", "localhost"} else path.lstrip("/")
        return Path(str(PureWindowsPath(share)))
    if parts.netloc not in {"", "localhost"}:
        hint = "Mount the share and give the folder's path."
        raise UseError("This destination names another computer", f"{url} begins with the host {parts.netloc}", hint)
    return Path(str(PurePosixPath(path)))
