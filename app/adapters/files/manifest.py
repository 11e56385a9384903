"""`manifest-sha256.txt`: the SHA-256 of every published file of one folder, as `sha256sum -c` reads it."""

import hashlib
import re
from collections.abc import Callable, Mapping, Set
from pathlib import Path

from app.adapters.files import names, platform
from app.adapters.files.atomic import write_atomically
from app.adapters.files.failures import at_destination
from app.domain.errors import SlideError

_LINE = re.compile(r"(?P<escaped>\\?)(?P<sha256>[0-9a-fA-F]{64}) [ *](?P<name>.+)", re.DOTALL)
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANINGS = {"\\": "\\", "n": "\n", "r": "\r"}


def format_line(name: str, sha256: str) -> str:
    """Return one line; GNU's rule for odd names: a leading backslash says that the name is escaped."""
    escaped = "".join(_ESCAPES.get(character, character) for character in name)
    return f"{'' if escaped == name else chr(92)}{sha256}  {escaped}\n"


def parse_line(line: str) -> tuple[str, str] | None:
    """Return (name, SHA-256) of one line without its end, None when it is no such line."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    name = match["name"]
    if match["escaped"]:
        name = _ESCAPED.sub(lambda found: _MEANINGS.get(found[1], found[0]), name)
    return name, match["sha256"].lower()


def read_manifest(folder: Path) -> dict[str, str]:
    """Return name → SHA-256 of what a folder's manifest lists, empty where there is none.

    Raises SlideError for a manifest that is not one, for nobody may overwrite it then.
    """
    path = folder / names.MANIFEST_NAME
    with at_destination(path):
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return {}
    listed: dict[str, str] = {}
    for number, raw in enumerate(content.split(b"\n"), 1):
        line = raw.decode("utf-8", "surrogateescape").removesuffix("\r")
        if not line:
            continue
        entry = parse_line(line)
        if entry is None:
            message = f"{path}, line {number}: this is not a line of sha256sum"
            raise SlideError("A manifest cannot be read", message, "Correct or remove that line, then restart.")
        listed[entry[0]] = entry[1]
    return listed


def change_manifest(
    folder: Path, *, add: Mapping[str, str], drop: Set[str], station: str, require_held: Callable[[], None]
) -> None:
    """Add and drop lines; a manifest left without lines is removed. The folder's lock must be held.

    `require_held` raises when that lock is lost. Changes nothing when all is as wanted.
    """
    before = read_manifest(folder)
    after = {name: sha256 for name, sha256 in before.items() if name not in drop} | dict(add)
    path = folder / names.MANIFEST_NAME
    with at_destination(path):
        if after == before:
            return
        if not after:
            require_held()
            platform.remove_if_there(path)
            platform.sync_folder(folder)
            return
        lines = "".join(format_line(name, after[name]) for name in sorted(after))
        # A name of the station's own: should two PCs ever write at once, neither mixes its bytes with the other's.
        via = folder / names.new_manifest_name(hashlib.sha256(station.encode()).hexdigest()[:8])
        write_atomically(path, lines.encode("utf-8", "surrogateescape"), via=via, before_swap=require_held)
