"""Names below a destination's root: which are allowed, which count as the same, what a part is called."""

import hashlib
import os
import re
import sys
import unicodedata

from app.adapters.files.platform import WINDOWS
from app.domain.errors import SlideError
from app.domain.share import LeftoverKind

CONTROL_FOLDER = ".slideferry"
MANIFEST_NAME = "manifest-sha256.txt"
LOCKS_FOLDER = "locks"
STATIONS_FOLDER = "stations"
BROKEN_LOCK_SUFFIX = ".broken"
_PART = re.compile(r"\..+\.(?P<fingerprint>[0-9A-Za-z]{8,64})\.part", re.DOTALL)
_FINGERPRINT = re.compile(r"[0-9A-Za-z]{8,64}")
_DRIVE = re.compile(r"[A-Za-z]:")
_NEW_MANIFEST = re.compile(rf"\.{re.escape(MANIFEST_NAME)}\.[0-9a-f]+\.new")
_BROKEN_LOCK = re.compile(r"[0-9a-f]{24}\.[0-9a-f]{32}\.broken")
_PROBE = re.compile(r"probe-[0-9a-f]{16}")
_NEW_MARKER = re.compile(r"destination\.json\.[0-9a-f]{32}\.new")
_NEW_STATION = re.compile(r"[0-9a-f]{16}\.json\.new")
_KEPT = "this name is kept for the program's own files"
_WINDOWS_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]')
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?", re.I | re.DOTALL)


def components(relative: str, *, system: str = sys.platform) -> tuple[str, ...]:
    """Split a POSIX-style path below the root; raise SlideError for whatever would lead or mean elsewhere."""
    if not relative or relative.startswith("/") or _DRIVE.match(relative):
        raise _refused(relative, "it is not a path below the destination")
    parts = tuple(relative.split("/"))
    for part in parts:
        reason = _fault(part, system)
        if reason:
            raise _refused(relative, reason)
    if twin_key(parts[0]) == CONTROL_FOLDER or is_own(twin_key(parts[-1])):
        raise _refused(relative, _KEPT)
    return parts


def require_sibling(relative: str, above: str) -> None:
    """Raise as `components` does for a path in the folder `above`, another of whose names was accepted already."""
    name = relative[len(above) + 1 :]
    if not above:
        components(relative)
    elif (reason := _fault(name, sys.platform)) is not None:
        raise _refused(relative, reason)
    elif is_own(twin_key(name)):
        raise _refused(relative, _KEPT)


def below_folder(listed: str, *, system: str = sys.platform) -> str | None:
    """Return a manifest's name as a plain path below the manifest's folder; None where it would lead elsewhere."""
    path = listed.replace("\\", "/") if system == WINDOWS else listed
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if path.startswith("/") or not parts or any(_leads_away(part, system) for part in parts):
        return None
    return "/".join(parts)


def _leads_away(part: str, system: str) -> bool:
    if system == WINDOWS and (_DRIVE.match(part) or not part.rstrip(". ")):
        return True
    return part == ".." or "\0" in part


def _fault(part: str, system: str) -> str | None:
    if part in {"", ".", ".."} or "\0" in part:
        return f"“{part}” is no name"
    if not part.isascii() and not _can_be_stored(part):
        return "it holds characters that no file system can store"
    if system == WINDOWS:
        if _WINDOWS_FORBIDDEN.search(part) or part.endswith((".", " ")):
            return f"Windows does not allow “{part}”"
        if _WINDOWS_DEVICE.fullmatch(part):
            return f"“{part}” is a device's name on Windows"
    return None


def _can_be_stored(part: str) -> bool:
    try:
        os.fsencode(part)
    except UnicodeEncodeError:
        return False
    return True


def _refused(relative: str, reason: str) -> SlideError:
    hint = "Correct the rule in the slide sheet that makes the name, then restart."
    return SlideError("This name cannot be used at the destination", f"{relative!r}: {reason}", hint)


def twin_key(name: str) -> str:
    """Return what two names have in common that some file system takes for the same (case, Unicode form)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def part_name(name: str, fingerprint: str) -> str:
    """Return the name under which a file waits beside its final name; raises SlideError for an odd fingerprint."""
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise _refused(name, f"the fingerprint {fingerprint!r} is not made of 8 to 64 letters and digits")
    return f".{name}.{fingerprint}.part"


def claim_name(part: str) -> str:
    """Return the name of the claim on a part, given relative to the root: that of a part of the same scan itself."""
    key = hashlib.sha256(twin_key(part).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return part_name(key, part_fingerprint(part.rpartition("/")[2]))


def is_part(name: str) -> bool:
    """Return whether a name is that of a part file."""
    return _PART.fullmatch(name) is not None


def part_fingerprint(name: str) -> str:
    """Return the fingerprint in a part's name, empty for other names."""
    match = _PART.fullmatch(name)
    return match["fingerprint"] if match else ""


def new_manifest_name(token: str) -> str:
    """Return the name under which the holder of a lock, known by its token, prepares a manifest."""
    return f".{MANIFEST_NAME}.{token}.new"


def is_new_manifest(name: str) -> bool:
    """Return whether a name is that of a manifest somebody prepared."""
    return _NEW_MANIFEST.fullmatch(name) is not None


def is_own(name: str) -> bool:
    """Return whether a name belongs to this program and not to a scan: manifests and parts."""
    return name == MANIFEST_NAME or (name.startswith(".") and (is_part(name) or is_new_manifest(name)))


def kind_of_leftover(relative: str) -> LeftoverKind | None:
    """Return what a file below the root is if it is one of ours that an ended program left behind, else None."""
    *folders, name = relative.split("/")
    if CONTROL_FOLDER not in folders:
        if is_part(name):
            return LeftoverKind.PART
        return LeftoverKind.NEW_MANIFEST if any(is_new_manifest(each) for each in (*folders, name)) else None
    place = tuple(folders)
    kinds = {
        (CONTROL_FOLDER,): ((_PROBE, LeftoverKind.PROBE), (_NEW_MARKER, LeftoverKind.NEW_MARKER)),
        (CONTROL_FOLDER, LOCKS_FOLDER): ((_BROKEN_LOCK, LeftoverKind.BROKEN_LOCK), (_PART, LeftoverKind.PART)),
        (CONTROL_FOLDER, STATIONS_FOLDER): ((_NEW_STATION, LeftoverKind.NEW_STATION),),
    }
    return next((kind for pattern, kind in kinds.get(place, ()) if pattern.fullmatch(name)), None)
