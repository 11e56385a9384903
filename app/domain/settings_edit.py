"""Changes one section of a settings file as a person would: comments and all other lines keep their bytes."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.errors import UseError
from app.domain.settings_text import toml_value

_QUOTES = ('"""', "'''")


def with_section(text: str, section: str, values: Mapping[str, object], *, name: str) -> str:
    """Return a TOML text in which these keys of a section have these values. `name` is the file's name.

    Keys that stand there change in their line, others are added at the section's end, a missing section at the file's.
    The result is read back before it is returned: UseError where the text is no TOML, or is written in a way that
    only a person can change, with the lines to write.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    span = _span(lines, section)
    if span is None:
        blank = [end] if lines and lines[-1].strip() else []
        entries = [f"{key} = {toml_value(value)}{end}" for key, value in values.items()]
        changed = [*lines, *blank, f"[{section}]{end}", *entries]
    else:
        changed = [*lines[: span[0]], *_changed(lines[span[0] : span[1]], values, end), *lines[span[1] :]]
    made = "".join(changed)
    _check(text, made, section, values, name)
    return made


def _span(lines: list[str], section: str) -> tuple[int, int] | None:
    """Return where the lines below a section's header begin and end."""
    first = None
    for number in _header_lines(lines):
        if first is not None:
            return first, number
        if lines[number].split("#")[0].strip().strip("[]").strip().strip("\"'") == section:
            first = number + 1
    return None if first is None else (first, len(lines))


def _header_lines(lines: list[str]) -> Iterator[int]:
    """Yield the numbers of lines that begin a section; texts of many lines and arrays are stepped over."""
    inside, depth = "", 0
    for number, line in enumerate(lines):
        if not inside and not depth and line.lstrip().startswith("["):
            yield number
            continue
        if not inside and line.lstrip().startswith("#"):
            continue
        for quotes in _QUOTES:
            if line.count(quotes) % 2:
                inside = "" if inside == quotes else inside or quotes
        if not inside and "=" in line:
            depth = 0 if _is_whole(line) else 1
        elif depth and line.split("#")[0].strip().endswith("]"):
            depth = 0


def _changed(lines: list[str], values: Mapping[str, object], end: str) -> list[str]:
    left, made, last, number = dict(values), list[str](), 0, 0
    while number < len(lines):
        entry = _entry(lines, number)
        key = _key(entry[0])
        if key in left:
            made.append(f"{key} = {toml_value(left.pop(key))}{_remark(entry)}{end}")
        else:
            made += entry
        number += len(entry)
        last = len(made) if key else last
    return [*made[:last], *(f"{key} = {toml_value(value)}{end}" for key, value in left.items()), *made[last:]]


def _entry(lines: list[str], number: int) -> list[str]:
    """Return a line with those behind it that its value goes on in."""
    if _key(lines[number]):
        for last in range(number + 1, len(lines) + 1):
            if _is_whole("".join(lines[number:last])):
                return lines[number:last]
    return [lines[number]]


def _key(line: str) -> str:
    plain = line.strip()
    return "" if plain.startswith("#") or "=" not in plain else plain.split("=")[0].strip().strip("\"'")


def _remark(entry: list[str]) -> str:
    """Return the comment behind a value of one line, with the blanks before it."""
    line = entry[0].rstrip()
    for place, character in enumerate(line):
        if len(entry) == 1 and character == "#" and _is_whole(line[:place]):
            return line[len(line[:place].rstrip()) :]
    return ""


def _is_whole(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _check(text: str, made: str, section: str, values: Mapping[str, object], name: str) -> None:
    """Raise UseError unless the text made says what the old one said, but for these values."""
    wanted, found = _read(text), _read(made)
    if wanted is not None and isinstance(wanted.setdefault(section, {}), dict):
        wanted[section] |= {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
        if wanted == found:
            return
    lines = "\n".join([f"[{section}]", *(f"{key} = {toml_value(value)}" for key, value in values.items())])
    raise UseError(
        "The settings file has to be changed by hand",
        f"{name} is written in its own way",
        f"Write there:\n{lines}",
    )


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
