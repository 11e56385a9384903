"""Giving verified parts their final names, all of a scan or none, without ever overwriting."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from app.adapters.files import names, platform
from app.adapters.files.failures import at_destination
from app.adapters.files.listing import Listing
from app.adapters.files.manifest import read_manifest
from app.adapters.files.medium import hash_medium
from app.adapters.files.share_lock import FolderLock
from app.adapters.files.site import Site, names_in
from app.adapters.files.tree import is_folder, places, plain_status, regular_status
from app.domain.errors import CorruptionError, NameTakenError, RetryableError, SlideError
from app.domain.scan import VerifiedFile
from app.domain.transfer import TransferPlan


class Item(NamedTuple):
    """One member on its way from its part to its final name, both in `folder`, which members share."""

    folder: Path
    name: str
    final: str
    part: str
    sha256: str
    size_bytes: int


class Publication:
    """One scan being published; what an interrupted one did is read from the disk and finished.

    `trusted` tells whether a part is, unchanged, one this program has verified; others are read back again.
    """

    def __init__(
        self,
        site: Site,
        items: tuple[Item, ...],
        trusted: Callable[[str, os.stat_result], bool],
        own_folder: str = "",
    ) -> None:
        self._site = site
        self._own = {site.tree.path(own_folder)} if own_folder else set()
        self._items = items
        self._folders = {item.folder for item in items}
        self._trusted = trusted

    def run(self) -> None:
        """Publish the companions, then the main member (the first), then write the manifests."""
        with self._site.locked(self._folders | self._own) as held:
            self._require_own_folders()
            present = {folder: Listing(folder) for folder in self._folders}
            waiting = [item for item in self._items if not self._is_done(item, present[item.folder])]
            self._require_parts(waiting)
            self._rename(waiting)
            self._write_down(held)

    def conclude(self) -> bool:
        """Finish what was cut after the main member, the last, got its name; take anything less back.

        Returns whether the scan lies under its final names now; nothing of it does otherwise. A member that is listed
        is taken back, too: it was this scan's, for it has no part any more, and its main member is gone.
        """
        with self._site.locked(self._folders | self._own) as held:
            holding = [_holds(item.final, item) for item in self._items]
            named = [item for item, holds in zip(self._items, holding, strict=True) if holds]
            waiting = [item for item, holds in zip(self._items, holding, strict=True) if not holds]
            if holding[0] and all(regular_status(item.part) is not None for item in waiting):
                for item in named:
                    with at_destination(item.part):
                        platform.remove_if_there(item.part)
                self._require_parts(waiting)
                self._rename(waiting)
                self._write_down(held)
                return True
            for item in named:
                _take_back(item)
            self._sync_folders()
            gone = [item for item in self._items if plain_status(item.final) is None]
            self._site.change_manifests(held, {}, self._own_lines(gone))
            return False

    def _write_down(self, held: Mapping[Path, FolderLock]) -> None:
        """Make the new names durable, then list them."""
        self._sync_folders()
        lines: dict[Path, dict[str, str]] = {}
        for item in self._items:
            lines.setdefault(item.folder, {})[item.name] = item.sha256
        self._site.change_manifests(held, lines)

    def _sync_folders(self) -> None:
        for folder in filter(is_folder, self._folders):
            with at_destination(folder):
                platform.sync_folder(folder)

    def _own_lines(self, gone: list[Item]) -> list[Path]:
        """Return the final names of those that a manifest lists with this scan's bytes."""
        manifests = {folder: read_manifest(folder) for folder in self._folders}
        return [item.folder / item.name for item in gone if manifests[item.folder].get(item.name) == item.sha256]

    def _require_own_folders(self) -> None:
        """Refuse a folder where another set was published: two whose files are named differently must not mix."""
        own = {*self._own, *(folder for folder in self._folders if self._is_own(folder))}
        finals = {(item.folder, item.name) for item in self._items} if own else set()
        for folder in own:
            for name in read_manifest(folder):
                occupant = folder / name
                if (folder, name) not in finals and regular_status(occupant) is not None:
                    self._withdraw()
                    raise _taken(self._site, occupant)

    def _is_own(self, folder: Path) -> bool:
        """Return whether a folder belongs to this set alone: its own, or one below the folder of its main member."""
        home = self._items[0].folder
        return home in folder.parents or any(own == folder or own in folder.parents for own in self._own)

    def _is_done(self, item: Item, present: Listing) -> bool:
        """Return whether the final name holds these bytes; take back what is ours when it holds others."""
        there = present.find(item.name)
        if there is None:
            return False
        occupant = item.folder / there
        if there != item.name or not _holds(occupant, item):
            self._withdraw()
            raise _taken(self._site, occupant)
        with at_destination(item.part):
            platform.remove_if_there(item.part)
        return True

    def _require_parts(self, waiting: list[Item]) -> None:
        for item in waiting:
            status = regular_status(item.part)
            if status is None:
                message = f"{item.final}: neither the file nor its part is there any more"
                raise RetryableError("The copy has gone", message, "It is copied again by itself.")
            if status.st_size != item.size_bytes:
                with at_destination(item.part):
                    platform.remove_if_there(item.part)
                message = f"{item.final}: its part is not as long as what was verified, and was removed"
                raise RetryableError("The copy has gone", message, "It is copied again by itself.")
            if not self._trusted(item.part, status) and not _holds(item.part, item):
                with at_destination(item.part):
                    platform.remove_if_there(item.part)
                message = f"{item.final}: its part no longer holds what was verified, and was removed"
                raise CorruptionError("The copy changed after it was verified", message, "Check the share's disks.")

    def _rename(self, waiting: list[Item]) -> None:
        for item in reversed(waiting):  # the main member is the first: it appears when all the others are there
            try:
                with at_destination(item.final):
                    platform.rename_exclusively(item.part, item.final)
            except SlideError as error:
                if isinstance(error.__cause__, FileExistsError):
                    self._withdraw()
                    raise _taken(self._site, item.folder / item.name) from error
                raise

    def _withdraw(self) -> None:
        """Give members of this scan that are final, but listed nowhere yet, their part names back."""
        listed: dict[Path, Mapping[str, str]] = {}
        for item in self._items:
            folder = item.folder
            lines = listed.setdefault(folder, read_manifest(folder))
            if item.name not in lines and item.name in names_in(folder) and _holds(item.final, item):
                _take_back(item)


def items_of(site: Site, plan: TransferPlan, files: tuple[VerifiedFile, ...]) -> tuple[Item, ...]:
    """Pair a plan's members with what was verified; raise SlideError when they are not of one scan."""
    verified = {file.destination: file for file in files}
    if set(verified) != {member.final for member in plan.members}:
        raise SlideError("Only a whole scan can be published", "The verified files are not those of the plan")
    finals = [member.final for member in plan.members]
    items = []
    for place, relative in zip(places(site.tree.path, finals), finals, strict=True):
        file, final = verified[relative], place.prefix + place.name
        part = place.prefix + names.part_name(place.name, plan.fingerprint)
        items.append(Item(place.folder, place.name, final, part, file.sha256, file.size_bytes))
    return tuple(items)


def _take_back(item: Item) -> None:
    """Give a member its part's name back; one with a part beside it is somebody else's, or has two names itself."""
    final, part = regular_status(item.final), regular_status(item.part)
    with at_destination(item.final):
        if part is None:
            platform.rename_exclusively(item.final, item.part)
        elif final is not None and final.st_ino and (final.st_dev, final.st_ino) == (part.st_dev, part.st_ino):
            platform.remove_if_there(item.final)  # killed between link and unlink


def _holds(path: Path | str, item: Item) -> bool:
    status = plain_status(path)
    if status is None or status.st_size != item.size_bytes:
        return False
    sha256, _, _ = hash_medium(path, lambda _: None)
    return sha256 == item.sha256


def _taken(site: Site, occupant: Path) -> NameTakenError:
    with at_destination(occupant):
        status = occupant.lstat()
    day = datetime.fromtimestamp(status.st_mtime, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    message = f"“{site.tree.relative(occupant)}” is there already ({status.st_size} bytes, written {day})"
    hint = "Decide which of the two is right: move or rename the one there, or give this slide another name."
    return NameTakenError("Another file has this name", message, hint)
