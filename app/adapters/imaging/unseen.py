"""Which sets may have members among what a listing could not look at."""

from app.adapters.imaging.folder_listing import FolderListing, join, name_of, parent_of
from app.adapters.imaging.names import is_ndtiff_level, is_ndtiff_stack, may_be_dicom
from app.domain.scan import Layout, ScanSet


def may_lack_members(scan: ScanSet, listing: FolderListing) -> bool:
    """Say whether something unseen is a member of this set, or may hold or be one."""
    members = {member.path for member in scan.members} if listing.unseen else set()
    own = _own_folders(scan)
    return any(
        path in members or any(_is_inside(path, folder) for folder in own) or _may_be_of_series(path, scan, listing)
        for path in listing.unseen
    )


def _own_folders(scan: ScanSet) -> tuple[str, ...]:
    """Return the folders that belong to a set with all that is in them."""
    folder = parent_of(scan.main)
    if scan.layout is Layout.FILE_AND_FOLDER:
        stem = scan.name.rpartition(".")[0]
        return join(folder, stem), join(folder, f"_{stem}_")
    if scan.name == "NDTiff.index" or is_ndtiff_stack(scan.name):
        return (parent_of(folder) if is_ndtiff_level(name_of(folder)) else folder,)
    return ()


def _is_inside(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _may_be_of_series(path: str, scan: ScanSet, listing: FolderListing) -> bool:
    """Say whether an unseen file may be DICOM beside DICOM: only its contents say which series it is of."""
    folder, name = parent_of(path), name_of(path)
    is_beside = folder == parent_of(scan.main) and name in listing.folders.get(folder, {})
    return is_beside and may_be_dicom(name) and may_be_dicom(scan.name)
