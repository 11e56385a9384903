"""Where each member of a scan lies on the share, so that a viewer still opens the set under its new name."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from app.domain.clean_name import clean_component, clean_part
from app.domain.errors import SlideError, UseError
from app.domain.scan import Layout

_COMPOUND = re.compile(r"\.(ome\.(tiff?|btf|tf2|tf8|zarr)|companion\.ome|tar\.gz|nii\.gz)$", re.IGNORECASE)
_SINGLE = re.compile(r"\.(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,10}$")


def split_name(name: str) -> tuple[str, str]:
    """Split a file name into stem and extension; `.ome.tif` and its like stay whole, `v1.5` has no extension."""
    found = _COMPOUND.search(name) or _SINGLE.search(name)
    if found is None or found.start() == 0:
        return name, ""
    return name[: found.start()], name[found.start() :]


def member_finals(layout: Layout, main: str, members: Sequence[str], folder: str, stem: str) -> dict[str, str]:
    """Return the final path of every member, POSIX-style and relative to the destination's root.

    FILE: `<folder>/<stem><ext>`, companions keep what follows the scanner's stem. FILE_AND_FOLDER: the folder is
    renamed with the file. FOLDER: `<folder>/<stem>/<path below the set's own folder>`. `folder` and `stem` must be
    clean already. Raises SlideError when two members would get one name or a member's path is unsafe.
    """
    if not stem:
        raise SlideError("No name can be made for this scan", f"The stem for {main} is empty.")
    everything = list(dict.fromkeys((main, *members)))
    for member in everything:
        _refuse_unsafe(member)
    place = _inside_folder(everything, stem) if layout is Layout.FOLDER else _beside_main(main, stem)
    finals = {member: "/".join(part for part in (folder, *place(member)) if part) for member in everything}
    _refuse_twins(finals)
    return finals


def rescan_finals(
    layout: Layout, main_final: str, finals: Sequence[str], *, rescans_folder: str, older_scan_id: str
) -> dict[str, str]:
    """Return where each final path of an older scan moves: `Rescans/<folder>/<name>__<older scan id><ext>`.

    The set moves as one and stays openable. Raises UseError when `rescans_folder` names no folder.
    """
    target = [clean_part(part) for part in re.split(r"[/\\]", rescans_folder)]
    suffix = "__" + clean_part(older_scan_id)
    if not any(target):
        raise UseError("No folder for rescans", f"[destination] rescans is “{rescans_folder}”.", "Name a folder.")
    if layout is Layout.FOLDER:
        own = PurePosixPath(*_common_folder([main_final, *finals]))
        folder, stem = own.parent, own.name
    else:
        folder, stem = PurePosixPath(main_final).parent, split_name(PurePosixPath(main_final).name)[0]
    return member_finals(layout, main_final, finals, "/".join((*filter(None, target), *folder.parts)), stem + suffix)


def own_folder(layout: Layout, finals: Sequence[str]) -> str:
    """Return the folder that belongs to a set that is a folder as a whole, empty for other sets."""
    return "/".join(_common_folder(finals)) if layout is Layout.FOLDER else ""


def rescan_final(final: str, rescans_folder: str, older_scan_id: str) -> str:
    """Return where an older scan of one file moves; a set is moved by `rescan_finals`."""
    return rescan_finals(Layout.FILE, final, (final,), rescans_folder=rescans_folder, older_scan_id=older_scan_id)[
        final
    ]


def _beside_main(main: str, stem: str) -> Callable[[str], tuple[str, ...]]:
    home = PurePosixPath(main).parent
    scanner_stem = split_name(PurePosixPath(main).name)[0]

    def place(member: str) -> tuple[str, ...]:
        path = PurePosixPath(member)
        below = path.relative_to(home).parts if path.is_relative_to(home) else (path.name,)
        return (_renamed(below[0], scanner_stem, stem), *map(clean_component, below[1:]))

    return place


def _inside_folder(members: Iterable[str], stem: str) -> Callable[[str], tuple[str, ...]]:
    depth = len(_common_folder(members))

    def place(member: str) -> tuple[str, ...]:
        return (stem, *map(clean_component, PurePosixPath(member).parts[depth:]))

    return place


def _common_folder(members: Iterable[str]) -> tuple[str, ...]:
    folders = [PurePosixPath(member).parent.parts for member in members]
    common: list[str] = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return tuple(common)


def _renamed(name: str, scanner_stem: str, stem: str) -> str:
    """Put the new stem in the place of the scanner's: `x.xml`, `x_map.png`, CellSens's `_x_`; else in front."""
    for before in ("", "_"):
        old = before + scanner_stem
        if name[: len(old)].casefold() == old.casefold():
            return clean_component(before + stem + name[len(old) :])
    return clean_component(f"{stem}_{name}")


def _refuse_unsafe(member: str) -> None:
    path = PurePosixPath(member)
    unsafe = path.is_absolute() or ".." in path.parts or not path.name
    if unsafe or not all(clean_component(part) for part in path.parts):
        raise SlideError("A member of the scan has an unsafe name", f"“{member}” cannot be carried to the share.")


def _refuse_twins(finals: dict[str, str]) -> None:
    seen: dict[str, str] = {}
    for member, final in finals.items():
        other = seen.setdefault(unicodedata.normalize("NFC", final).casefold(), member)
        if other != member:
            raise SlideError(
                "Two members of the scan would get one name",
                f"“{other}” and “{member}” would both become “{final}”.",
                "Rename one of them on the scanner.",
            )
