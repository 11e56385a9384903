"""How one setting is declared, and what may be wrong with its value."""

import math
import re
from datetime import date
from typing import NamedTuple

from app.domain.own_columns import headers_problem


class Declaration(NamedTuple):
    """How a setting is shown and checked.

    `pattern` asks for a regular expression that compiles, `inside` for a folder below the share's root, `day` for a
    date, `pairs` for texts of two characters, no two of which begin alike, `headers` for the
    lab's headers of our columns.
    """

    title: str
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: bool = False
    inside: bool = False
    day: bool = False
    pairs: bool = False
    headers: bool = False


def value_problem(declaration: Declaration, value: object) -> str | None:
    """Say what is wrong with a value of the right type, None when it may stand."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = declaration.low, declaration.high
        if (low is not None and value < low) or (high is not None and value > high) or math.isnan(value):
            bounds = [f"from {low:.15g}" if low is not None else "", f"up to {high:.15g}" if high is not None else ""]
            return " ".join(word for word in ("may be a number", *bounds, declaration.unit) if word)
    texts = value if isinstance(value, tuple) else (value,)
    if declaration.choices and any(text not in declaration.choices for text in texts):
        return "may be " + ", ".join(declaration.choices)
    if declaration.pattern and isinstance(value, str):
        try:
            re.compile(value)
        except re.error as error:
            return f"must be a regular expression ({error})"
    if declaration.inside and isinstance(value, str) and not _is_inside(value):
        return "must name a folder on the share, such as Rescans"
    if declaration.day and isinstance(value, str) and value and not _is_day(value):
        return "must be a day such as 2026-03-01, or empty"
    if declaration.pairs and (any(len(text) != 2 for text in texts) or len({text[0] for text in texts}) < len(texts)):
        return "must be texts of two characters, what arrives and what it means, each arriving one once"
    return headers_problem(texts) if declaration.headers else None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_inside(folder: str) -> bool:
    """Whether a path names a folder below another, on every system."""
    parts = [part.strip() for part in re.split(r"[/\\]", folder)]
    return parts[0] != "" and not re.match(r"[A-Za-z]:", parts[0]) and not any(part in (".", "..") for part in parts)
