"""Re-reading a whole destination and comparing it with its manifests."""

from dataclasses import dataclass
from pathlib import Path

from app.adapters.files import names
from app.adapters.files.failures import at_destination
from app.adapters.files.manifest import read_manifest
from app.adapters.files.medium import hash_medium
from app.adapters.files.meter import Meter
from app.adapters.files.site import Site
from app.adapters.files.tree import plain_status
from app.domain.errors import RetryableError, SlideError
from app.domain.transfer import ScrubFinding, ScrubResult, TransferWatch

_MISSING, _DIFFERS, _NOT_LISTED = "missing", "differs", "not listed"


@dataclass(frozen=True, slots=True)
class _Found:
    """A file or link that lies at the destination."""

    path: Path
    size_bytes: int
    is_manifest: bool


def scrub(site: Site, watch: TransferWatch) -> ScrubResult:
    """Hash every listed file from the medium; also name what is missing and what no manifest lists."""
    tree = site.tree
    with at_destination(tree.root):
        lying = [_Found(path, status.st_size, path.name == names.MANIFEST_NAME) for path, status in tree.files()]
    listed = {
        found.path.with_name(name): sha256
        for found in lying
        if found.is_manifest
        for name, sha256 in read_manifest(found.path.parent).items()
    }
    sizes = {found.path: found.size_bytes for found in lying}
    meter = Meter(sum(sizes.get(path, 0) for path in listed), watch)
    findings: list[ScrubFinding] = []
    read_bytes = 0
    for path in sorted(listed):
        problem, size_bytes = _compare(site, path, listed[path], meter)
        read_bytes += size_bytes
        if problem and not _explained(path, listed[path]):
            findings.append(ScrubFinding(tree.relative(path), problem))
    strangers = [found.path for found in lying if found.path not in listed and not names.is_own(found.path.name)]
    findings += [ScrubFinding(tree.relative(path), _NOT_LISTED) for path in strangers if not _explained(path, None)]
    return ScrubResult(len(listed), read_bytes, tuple(sorted(findings, key=lambda each: each.path)))


def _compare(site: Site, path: Path, sha256: str, meter: Meter) -> tuple[str | None, int]:
    meter.require_running()
    if plain_status(path) is None:
        return (_DIFFERS if path.is_symlink() else _MISSING), 0
    try:
        found, size_bytes, _ = hash_medium(path, meter.verified)
    except (RetryableError, SlideError):
        # A file that cannot be read is a finding of its own; a share that went away ends the whole reading.
        site.require_id()
        return _DIFFERS, 0
    return (None if found == sha256 else _DIFFERS), size_bytes


def _explained(path: Path, sha256: str | None) -> bool:
    """Return whether another program published or moved the file while we read: it or its line changed meanwhile."""
    if sha256 is None and not path.is_symlink() and not path.exists():
        return True
    return read_manifest(path.parent).get(path.name) != sha256
