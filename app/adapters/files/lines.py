"""The lines of a destination's manifests: which files they list, wherever below its folder a line leads."""

from collections.abc import Iterator
from pathlib import Path

from app.adapters.files import names
from app.adapters.files.failures import from_destination
from app.adapters.files.manifest import Manifest, load_manifest
from app.adapters.files.meter import Meter
from app.adapters.files.site import Site, about_the_root
from app.adapters.files.tree import FolderContents, Tree, is_folder
from app.domain.errors import DestinationError, SlideferryError
from app.domain.transfer import ListedFile, TransferWatch

UNREADABLE_MANIFEST = Manifest({}, faulty=(0,))
"""What stands for a manifest that cannot be read at all: nobody knows what it lists."""


def listed_files(site: Site) -> Iterator[ListedFile]:
    """Yield what the port `Destination` describes as `listed`; keeps one folder in memory at a time."""
    tree = site.tree
    with about_the_root(tree.root):
        for contents in tree.folders():
            manifest = _manifest_of(contents)
            for name, sha256 in manifest.listed.items():
                yield ListedFile(tree.relative(contents.folder / name), sha256, _size_bytes(tree, contents, name))
            if manifest.faulty or manifest.outside:
                yield ListedFile(tree.relative(contents.folder / names.MANIFEST_NAME), "")
            for path, error in contents.failed:
                meant = from_destination(error, path)
                if isinstance(meant, DestinationError):
                    raise meant
                yield ListedFile(tree.relative(path), "", failed=meant.message)
    site.require_id()  # an empty mount point lists nothing, too


def listed_bytes(tree: Tree, watch: TransferWatch) -> int:
    """Return how many bytes all listed files have; raises StoppedError when the watch says so."""
    total = 0
    with about_the_root(tree.root):
        for contents in tree.folders():
            Meter(0, watch).require_running()
            total += sum(_size_bytes(tree, contents, name) for name in _manifest_of(contents).listed)
    return total


def manifest_folders(tree: Tree, path: Path) -> tuple[Path, ...]:
    """Return the folders whose manifests may list a file: from the root down to its own, none behind a link.

    Raises as the destination does.
    """
    folders = [tree.root]
    for part in path.relative_to(tree.root).parts[:-1]:
        if not is_folder(folders[-1] / part):
            break
        folders.append(folders[-1] / part)
    return tuple(folders)


def name_below(folder: Path, path: Path) -> str:
    """Return how a manifest in `folder` names a file."""
    return path.relative_to(folder).as_posix()


def hashes_now(tree: Tree, path: Path) -> set[str]:
    """Return the SHA-256 of every line that names this file now. Raises as the destination does."""
    found = (load_manifest(folder).listed.get(name_below(folder, path)) for folder in manifest_folders(tree, path))
    return {each for each in found if each is not None}


def size_of(tree: Tree, path: Path) -> int:
    """Return the size of what lies there, 0 where nothing does or it cannot be looked at: the reading tells that."""
    try:
        status = tree.status(path)
    except DestinationError:
        raise
    except SlideferryError:
        return 0
    return status.st_size if status else 0


def _size_bytes(tree: Tree, contents: FolderContents, name: str) -> int:
    status = contents.entries.get(name)
    if status is None and "/" in name:
        return size_of(tree, contents.folder / name)
    return status.st_size if status else 0


def _manifest_of(contents: FolderContents) -> Manifest:
    """Return a listed folder's manifest, an empty one where it cannot be read: that is told where it is checked."""
    if names.MANIFEST_NAME not in contents.entries or names.is_new_manifest(contents.folder.name):
        return Manifest({})
    try:
        return load_manifest(contents.folder)
    except DestinationError:
        raise
    except SlideferryError:
        return UNREADABLE_MANIFEST
