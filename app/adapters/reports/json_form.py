"""The run as JSON, for other programs."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from hashlib import sha256
from pathlib import Path

from app.adapters.reports.atomic import replacing
from app.domain.report import RunReport

FORMAT = 1


def write_json(report: RunReport, out: Path) -> None:
    """Write the report as JSON, atomically. Raises SurroundingsError when the file cannot be written."""
    with replacing(out) as file:
        file.write(report_json(report).encode("ascii"))


def report_json(report: RunReport) -> str:
    """Return everything in the report as ASCII JSON with the domain's names, times in ISO 8601, enums by value.

    Of a thumbnail only the SHA-256 is told. `format` grows when a name changes its meaning or goes away.
    """
    return json.dumps({"format": FORMAT, "report": _plain(report)}, indent=2) + "\n"


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return _leaf(value)


def _leaf(value: object) -> object:
    if isinstance(value, bytes):
        return {"sha256": sha256(value).hexdigest(), "size_bytes": len(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"A report holds no {type(value).__name__}")
