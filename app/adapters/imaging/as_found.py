"""Whether a scan's files are still those that were found: a scanner may use a name again for another slide."""

from app.domain.scan import ScanSet


def is_as_found(scan: ScanSet) -> bool:
    """Say whether the main file has the size and the time that the set holds; a time of 0 is not known."""
    found = next((member for member in scan.members if member.path == scan.main), None)
    try:
        status = scan.main_path.stat()
    except OSError:
        return False
    if found is None or found.size_bytes != status.st_size:
        return False
    return found.mtime_ns in (0, status.st_mtime_ns)
