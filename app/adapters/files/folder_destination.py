"""A destination that is a folder: a local disk, a mounted share, a UNC path."""

import shutil
import sys
from contextlib import suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit

from app.adapters.files import names, platform
from app.adapters.files.carrying import carry_member
from app.adapters.files.failures import at_destination
from app.adapters.files.manifest import read_manifest
from app.adapters.files.medium import hash_medium
from app.adapters.files.meter import Meter
from app.adapters.files.publishing import Publication, items_of
from app.adapters.files.relocating import relocate
from app.adapters.files.scrubbing import scrub
from app.adapters.files.share_lock import Patience
from app.adapters.files.site import Site, about_the_root, names_in, require_distinct, same_or_twin
from app.adapters.files.source import Identity, identity
from app.adapters.files.stream import Lanes
from app.adapters.files.tree import Tree, plain_status
from app.domain.errors import DestinationError, UseError
from app.domain.scan import VerifiedFile
from app.domain.transfer import Occupant, Relocation, ScrubResult, TransferPlan, TransferWatch


class FolderDestination:
    """Meets the port `Destination` for one root folder; safe to use from several threads, one plan in one thread."""

    def __init__(self, root: Path, rescans: str, station: str, *, patience: Patience | None = None) -> None:
        self._shown = root.absolute()
        self._rescans = rescans
        self._site = Site(Tree(Path(platform.long_path(self._shown))), station, patience or Patience())
        self._id: str | None = None
        self._verified: dict[Path, Identity] = {}

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
        meter = Meter(plan.size_bytes, watch)
        files = []
        with Lanes(max((member.size_bytes for member in plan.members), default=0)) as lanes:
            for member in plan.members:
                meter.require_running()
                final = self._site.tree.make_folder(member.final)
                part = final.with_name(names.part_name(final.name, plan.fingerprint))
                carried = carry_member(member, part, lanes, meter)
                self._verified[part] = carried.identity
                files.append(
                    VerifiedFile(
                        str(member.source), member.final, member.size_bytes, carried.sha256, carried.grade.value
                    )
                )
        with at_destination(self._shown):
            for folder in {self._site.tree.path(member.final).parent for member in plan.members}:
                platform.sync_folder(folder)
        return tuple(files)

    def publish(self, plan: TransferPlan, files: tuple[VerifiedFile, ...]) -> None:
        """Give all members their final names, as the port `Destination` describes."""
        self._require_marker()
        require_distinct(member.final for member in plan.members)
        items = items_of(self._site, plan, files)
        Publication(self._site, items, self._is_trusted).run()
        for item in items:
            self._verified.pop(item.part, None)

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

    def discard(self, plan: TransferPlan) -> None:
        """Remove this plan's parts and no others."""
        self._require_marker()
        for member in plan.members:
            final = self._site.tree.path(member.final)
            part = final.with_name(names.part_name(final.name, plan.fingerprint))
            with at_destination(part), suppress(NotADirectoryError):
                platform.remove_if_there(part)
            self._verified.pop(part, None)

    def leftovers(self) -> tuple[str, ...]:
        """Return part files below the root, POSIX-style, relative."""
        with at_destination(self._shown):
            return tuple(
                self._site.tree.relative(path) for path, _ in self._site.tree.files() if names.is_part(path.name)
            )

    def check_file(self, file: VerifiedFile) -> bool:
        """Read a published member back from the medium and compare; False also where it is missing."""
        self._require_marker()
        path = self._site.tree.path(file.destination)
        status = plain_status(path)
        if status is None or status.st_size != file.size_bytes:
            return False
        return hash_medium(path, lambda _: None)[0] == file.sha256

    def scrub(self, watch: TransferWatch) -> ScrubResult:
        """Re-read everything and compare with the manifests."""
        self._require_marker()
        return scrub(self._site, watch)

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
        if free is None:
            return
        present = 0
        for member in plan.members:
            final = self._site.tree.path(member.final)
            status = plain_status(final.with_name(names.part_name(final.name, plan.fingerprint)))
            present += status.st_size if status else 0
        if plan.size_bytes - present > free:
            message = f"{self._shown}: {free} bytes are free, {plan.size_bytes - present} are needed"
            hint = "Free space there or ask for a larger quota; the waiting copies then go on."
            raise DestinationError("The destination is full", message, hint)

    def _is_trusted(self, part: Path) -> bool:
        status = plain_status(part)
        return status is not None and self._verified.get(part) == identity(status)


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
