"""Which files are one scan: the rules of each format, applied to a folder as it is listed."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from app.adapters.imaging.contents import ContentsMemory, names_in_ome
from app.adapters.imaging.folder_listing import FolderListing, join, name_of, parent_of
from app.adapters.imaging.key_files import SMALL_TEXT_BYTES, is_cut_key, names_in_key
from app.adapters.imaging.leading import SLIDES, Leading
from app.adapters.imaging.names import (
    CHANNEL_EXTENSIONS,
    KEY_EXTENSIONS,
    OTHER_EXTENSIONS,
    SLIDE_EXTENSIONS,
    extension,
    is_dicomdir,
    is_ndtiff_level,
    is_ndtiff_stack,
    is_ome_tiff,
    may_be_dicom,
    mmstack_prefix,
)
from app.adapters.imaging.sidecars import Sidecars
from app.domain import long_path
from app.domain.scan import Layout, Member, ScanSet

CZI_PART = re.compile(r"^(.+)\s?\((\d+)\)$")


class Grouping:
    """Takes files out of a listing, format by format, until only loose ones are left."""

    def __init__(self, listing: FolderListing, contents: ContentsMemory) -> None:
        self.listing = listing
        self.contents = contents
        self.sets: list[ScanSet] = []
        self._left = {folder: dict(files) for folder, files in listing.folders.items()}

    def run(self) -> tuple[ScanSet, ...]:
        """Return all sets, ordered by their main members."""
        self._take_ndtiff()
        self._take_companion_folders()
        for folder in sorted(self._left):
            self._take_mmstacks(folder)
            self._take_named_sets(folder)
            self._take_split_czi(folder)
            self._take_dicom(folder)
            self._take_single_files(folder)
        return tuple(sorted(self.sets, key=lambda each: each.main))

    def _add(self, main: str, members: Iterable[Member], layout: Layout) -> None:
        ordered = tuple(sorted(members, key=lambda member: (member.path != main, member.path)))
        for member in ordered:
            self._left[parent_of(member.path)].pop(name_of(member.path), None)
        self.sets.append(ScanSet(self.listing.root, main, ordered, layout))

    def _is_scan(self, member: Member) -> bool:
        kind = extension(member.path)
        if kind in SLIDE_EXTENSIONS:
            return True
        if kind in OTHER_EXTENSIONS or not member.size_bytes or is_dicomdir(name_of(member.path)):
            return False
        return self.contents.of(self.listing.root, member).leading in SLIDES

    def _members_below(self, folder: str) -> tuple[Member, ...]:
        """Return what is still loose in a folder and in those inside it."""
        return tuple(m for each in self.listing.below(folder) for m in self._left[each].values())

    def _take_ndtiff(self) -> None:
        """NDTiff: one data set is a folder tree with an index and stacks of up to 4 GB in each resolution."""
        datasets = set()
        for folder, files in self._left.items():
            if "NDTiff.index" in files or any(is_ndtiff_stack(name) for name in files):
                datasets.add(parent_of(folder) if is_ndtiff_level(name_of(folder)) else folder)
        for folder in sorted(datasets):
            members = self._members_below(folder)
            if members:
                self._add(_ndtiff_main(members), members, Layout.FOLDER)

    def _take_companion_folders(self) -> None:
        """MRXS has a folder of the same name beside it, VSI one between underscores."""
        for folder in sorted(self._left):
            for name, member in sorted(self._left[folder].items()):
                kind = extension(name)
                if kind not in ("mrxs", "vsi"):
                    continue
                stem = name[: -len(kind) - 1]
                beside = join(folder, stem if kind == "mrxs" else f"_{stem}_")
                self._add(member.path, (member, *self._members_below(beside)), Layout.FILE_AND_FOLDER)

    def _take_mmstacks(self, folder: str) -> None:
        """Micro-Manager: stacks, which name each other, their metadata, and whatever text it keeps beside them."""
        by_name: dict[str, list[Member]] = defaultdict(list)
        for name, member in self._left[folder].items():
            prefix = mmstack_prefix(name)
            if prefix is not None:
                by_name[prefix].append(member)
        stacks = {prefix: found for prefix, found in by_name.items() if any(is_ome_tiff(m.path) for m in found)}
        for found in stacks.values():
            main = min(member.path for member in found if is_ome_tiff(member.path))
            if folder and len(stacks) == 1:
                others = [member for member in self._left[folder].values() if not self._is_scan(member)]
                found.extend(member for member in others if member not in found)
            several = sum(is_ome_tiff(member.path) for member in found) > 1
            self._add(main, found, Layout.FOLDER if several else self._layout(folder, found))

    def _take_named_sets(self, folder: str) -> None:
        """Multi-file OME-TIFF, NDPIS, VMS, AFI: members name one another, so they keep their names in a folder."""
        files = self._left[folder]
        for group in _connected(self._names_by_file(folder)):
            found = [files[name] for name in sorted(group & files.keys())]
            if len(found) < 2:
                continue
            keys = [member.path for member in found if extension(member.path) in KEY_EXTENSIONS]
            images = [member.path for member in found if not member.path.endswith(".companion.ome")]
            self._add(min(keys or images), found, Layout.FOLDER)

    def _names_by_file(self, folder: str) -> dict[str, frozenset[str]]:
        """Return which names each file of the folder refers to: those that are there, and a companion still to come.

        An OME-TIFF counts only if it names itself too, else it is a renamed copy that speaks of its original.
        """
        present = self._left[folder].keys()
        by_any_case = {name.casefold(): name for name in present}
        named: dict[str, frozenset[str]] = {}
        for name, member in self._left[folder].items():
            if name.lower().endswith(".companion.ome"):
                named[name] = names_in_ome(self._small_text(member))
            elif extension(name) in KEY_EXTENSIONS:
                text = self._small_text(member).decode("utf-8", "replace")
                spoken_of = names_in_key(extension(name), text)
                named[name] = frozenset(by_any_case.get(each.casefold(), each) for each in spoken_of)
                if is_cut_key(extension(name), text) or not named[name] <= present:
                    named[name] |= self._likely_channels(folder, name)
            elif is_ome_tiff(name):
                names = self.contents.of(self.listing.root, member).names
                companions = frozenset(each for each in names if each.endswith(".companion.ome"))
                named[name] = companions | names if name in names else companions
        return {
            name: frozenset(each for each in names if each in present or each.endswith(".companion.ome"))
            for name, names in named.items()
        }

    def _likely_channels(self, folder: str, key: str) -> frozenset[str]:
        """Return the files that a text still being written will surely name: channels called after it."""
        kind, stem = CHANNEL_EXTENSIONS.get(extension(key)), key.rpartition(".")[0].casefold()
        called = [name for name in self._left[folder] if extension(name) == kind and name.casefold().startswith(stem)]
        return frozenset(name for name in called if not name[len(stem)].isalnum())

    def _small_text(self, member: Member) -> bytes:
        if member.size_bytes > SMALL_TEXT_BYTES:
            return b""
        try:
            return long_path.reachable(self.listing.root / member.path).read_bytes()
        except OSError:  # vanished: then it names nothing
            return b""

    def _take_split_czi(self, folder: str) -> None:
        """ZEISS splits large files: `x.czi`, `x(1).czi`, `x(2).czi`. A copy that got such a name is its own slide."""
        parts: dict[str, list[Member]] = defaultdict(list)
        for name, member in self._left[folder].items():
            found = CZI_PART.match(name[:-4]) if extension(name) == "czi" else None
            if found is not None and found.group(1).rstrip() + ".czi" in self._left[folder]:
                main = self._left[folder][found.group(1).rstrip() + ".czi"]
                if self._is_czi_part(main, member):
                    parts[name_of(main.path)].append(member)
        for name, found_parts in parts.items():
            whole = self._left[folder][name]
            self._add(whole.path, (whole, *found_parts), Layout.FILE)

    def _is_czi_part(self, main: Member, part: Member) -> bool:
        """Say whether two files are of one slide by the ids in their heads; where they do not say it yet, by name."""
        whole, other = (self.contents.of(self.listing.root, each) for each in (main, part))
        if whole.series is None or other.series is None:
            return True
        return whole.series == other.series and (whole.own is None or whole.own != other.own)

    def _take_dicom(self, folder: str) -> None:
        """DICOM: the files of one folder that share a Series Instance UID.

        The oldest is the main one: it stays so while the others are still being written. A file that does not yet
        say its series belongs to the only one there is.
        """
        series: dict[str, list[Member]] = defaultdict(list)
        unnamed = []
        for name, member in self._left[folder].items():
            if not may_be_dicom(name):
                continue
            contents = self.contents.of(self.listing.root, member)
            if contents.leading is Leading.DICOM and contents.series:
                series[contents.series].append(member)
            elif extension(name) == "dcm" or is_dicomdir(name):
                unnamed.append(member)
        if len(series) == 1:
            next(iter(series.values())).extend(unnamed)
        for found in series.values():
            main = min(found, key=lambda member: (member in unnamed, member.mtime_ns, member.path))
            self._add(main.path, found, self._layout(folder, found))

    def _take_single_files(self, folder: str) -> None:
        """Every other slide is one file, with the notes beside it that are named after it."""
        files = self._left[folder]
        sidecars = Sidecars(files)
        for name, member in list(files.items()):
            if self._is_scan(member):
                beside = (files[each] for each in sidecars.of(name) if each in files)
                self._add(member.path, (member, *beside), Layout.FILE)

    def _layout(self, folder: str, found: Sequence[Member]) -> Layout:
        """Return FOLDER when these members have the folder for themselves, else FILE."""
        if not folder:
            return Layout.FILE
        mine = {member.path for member in found}
        others = (m for each in self.listing.below(folder) for m in self.listing.folders[each].values())
        alone = not any(self._is_scan(member) for member in others if member.path not in mine)
        return Layout.FOLDER if alone else Layout.FILE


def _ndtiff_main(members: Sequence[Member]) -> str:
    """Return the stack a viewer opens: the first of the full resolution, else the first, else the index."""
    stacks = [member.path for member in members if is_ndtiff_stack(name_of(member.path))]
    full = [path for path in stacks if name_of(parent_of(path)) == "Full resolution"]
    indexes = [member.path for member in members if name_of(member.path) == "NDTiff.index"]
    return min(full or stacks or indexes)


def _connected(links: dict[str, frozenset[str]]) -> list[set[str]]:
    """Return the groups of names that refer to one another, directly or through others."""
    groups: list[set[str]] = []
    for name, names in links.items():
        joined = {name, *names}
        apart = []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups
