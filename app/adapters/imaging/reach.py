"""A scan under paths that its readers can open."""

from dataclasses import replace
from pathlib import Path

from app.domain import long_path
from app.domain.scan import ScanSet


def in_reach(scan: ScanSet) -> ScanSet:
    """Return the same set, below the long form of its root where a member's path may be too long for Windows."""
    longest = max((scan.main, *(member.path for member in scan.members)), key=len)
    path = scan.root / longest
    return scan if long_path.reachable(path) == path else replace(scan, root=Path(long_path.long_form(scan.root)))
