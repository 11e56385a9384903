"""The tips of audit logs at a destination: what each journal's log was when its program last wrote it down."""

import json
import re
from datetime import datetime
from pathlib import Path

from app.adapters.files import platform
from app.adapters.files.atomic import write_atomically
from app.adapters.files.failures import at_destination
from app.adapters.files.tree import Tree
from app.domain.audit import AuditHead, AuditTip
from app.domain.errors import DestinationError

_FOLDER = "audit"
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


def write_head(tree: Tree, head: AuditHead) -> None:
    """Put a head in the place of the journal's older one: a reader sees the one or the other, whole."""
    path = _path(tree, head.journal)
    told = {
        "station": head.station,
        "journal": head.journal,
        "number": head.tip.number,
        "hash": head.tip.hash,
        "at": head.at.isoformat(),
    }
    with at_destination(path):
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            platform.sync_folder(path.parent.parent)
        content = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
        write_atomically(path, content.encode("utf-8", "replace"), via=path.with_name(f"{path.name}.new"))


def read_head(tree: Tree, journal: str) -> AuditHead | None:
    """Return a journal's head, None where none was ever written; raise DestinationError for one nobody can read."""
    path = _path(tree, journal)
    with at_destination(path):
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
    try:
        told = json.loads(content)
        tip = AuditTip(int(told["number"]), str(told["hash"]))
        return AuditHead(str(told["station"]), str(told["journal"]), tip, datetime.fromisoformat(told["at"]))
    except (ValueError, KeyError, TypeError) as error:
        hint = "Somebody changed it: find out who. It is not written anew as long as it lies there."
        raise DestinationError("The audit log's head at the destination cannot be read", str(path), hint) from error


def _path(tree: Tree, journal: str) -> Path:
    if not _ID.fullmatch(journal):
        raise DestinationError("This is no journal's id", repr(journal))
    return tree.control / _FOLDER / f"{journal}.json"
