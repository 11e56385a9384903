"""The settings as text: read from TOML with errors a person can act on, written back, and described for the docs."""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.domain.declaration import Declaration, value_problem
from app.domain.errors import UseError
from app.domain.own_columns import taken_header
from app.domain.settings import Declared, Settings, declared_settings

_AT_LINE = re.compile(r"\s*\(at line (\d+), column (\d+)\)|\s*\(at end of document\)")
_SHOWN_VALUE = 80
_LARGEST_WHOLE = 10**15


class _Problem(NamedTuple):
    line: int
    text: str


def parse_settings(text: str, *, name: str) -> Settings:
    """Return the settings a TOML text holds; what it leaves out keeps its default. `name` is the file's name.

    Raises UseError naming each wrong line, its key, what the value was and what it may be.
    """
    document = _load(text.removeprefix("\ufeff"), name)
    where = _Lines(text)
    problems = sorted(_problems(document, where))
    settings = Settings() if problems else _build(document)
    problems += _clashes(settings, where)
    if problems:
        lines = "\n".join(f"{name}, line {problem.line}: {problem.text}" for problem in problems)
        raise UseError("The settings cannot be used", lines, f"Correct {name}, then try again.")
    return settings


def settings_to_toml(settings: Settings) -> str:
    """Return the settings as TOML that `parse_settings` reads back equal; each key with its title and help above."""
    lines: list[str] = []
    section = ""
    for each in declared_settings():
        if each.section != section:
            section = each.section
            lines += ["", f"[{section}]"] if lines else [f"[{section}]"]
        value = getattr(getattr(settings, section), each.key)
        lines += [f"# {_comment(each)}", f"{each.key} = {toml_value(value)}"]
    return "\n".join(lines) + "\n"


def settings_markdown() -> str:
    """Return docs/settings.md: every setting with its default, what it may be and what it is for."""
    lines = [
        "# Settings",
        "",
        "Slideferry reads one TOML file. Every setting has a default; only what differs needs to stand in the file.",
        "An unknown key or a wrong value stops the program with the line, the key and what it may be.",
        "This page is made from the same declaration that checks the file.",
    ]
    section = ""
    for each in declared_settings():
        if each.section != section:
            section = each.section
            lines += ["", f"## [{section}]", "", "| key | default | may be | what it is |", "|---|---|---|---|"]
        cells = (
            f"`{each.key}`",
            f"`{toml_value(each.default)}`",
            may_be(each),
            f"**{_title(each)}** {each.declaration.help}",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def may_be(declared: Declared) -> str:
    """Say in words what a setting may be, with its unit."""
    kind, declaration = declared.default, declared.declaration
    if declaration.choices:
        words = " or ".join(f'"{choice}"' for choice in declaration.choices)
        return f"a list of {words}" if isinstance(kind, tuple) else words
    if isinstance(kind, bool):
        return "true or false"
    if isinstance(kind, (int, float)):
        return f"{'a whole number' if isinstance(kind, int) else 'a number'}{_range(declaration)}"
    if isinstance(kind, tuple):
        return "a list of pairs of characters" if declaration.pairs else "a list of texts"
    if declaration.day:
        return 'a day in quotes such as "2026-03-01", or empty'
    return "a regular expression, or empty" if declaration.pattern else "a text"


def _range(declaration: Declaration) -> str:
    low = "" if declaration.low is None else f" from {declaration.low:.15g}"
    high = "" if declaration.high is None else f" up to {declaration.high:.15g}"
    return low + high + (f" {declaration.unit}" if declaration.unit else "")


def _title(each: Declared) -> str:
    unit = each.declaration.unit
    return f"{each.declaration.title} ({unit})." if unit else f"{each.declaration.title}."


def _comment(each: Declared) -> str:
    return f"{_title(each)} {each.declaration.help} May be {may_be(each)}."


def _load(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError is one; a number of thousands of digits raises a plain one
        lines = text.rstrip().split("\n")
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found and found[1] else len(lines)
        reason = _AT_LINE.sub("", str(error))
        shown = lines[line - 1].strip() if line <= len(lines) else ""
        hint = "Write key = value below a [section]; put texts in quotes."
        if "\\" in shown:
            hint = "In a path write / instead of \\, or put the path in single quotes: 'C:\\scans'."
        message = f"{name}, line {line}: {reason}; the line is: {shown}" if shown else f"{name}, line {line}: {reason}"
        raise UseError("The settings file cannot be read", message, hint) from error


def _problems(document: Mapping[str, Any], where: "_Lines") -> Iterator[_Problem]:
    by_section: dict[str, dict[str, Declared]] = {}
    for each in declared_settings():
        by_section.setdefault(each.section, {})[each.key] = each
    for section, values in document.items():
        line = where.line(section, None)
        if section not in by_section:
            yield _Problem(line, _unknown_section(section, by_section))
        elif not isinstance(values, dict):
            yield _Problem(line, f"{section} is {_shown(values)}; it must be a section, written [{section}].")
        else:
            yield from _section_problems(section, values, by_section[section], where)


def _clashes(settings: Settings, where: "_Lines") -> Iterator[_Problem]:
    sheet = settings.sheet
    for key in ("barcode_column", "scanner_column"):
        taken = getattr(sheet, key)
        ours = taken_header(sheet.headers, taken)
        if ours:
            text = f"[sheet] headers gives “{ours}” the header “{taken}”, which is [sheet] {key}; it must be another."
            yield _Problem(where.line("sheet", "headers"), text)


def _unknown_section(section: str, by_section: Mapping[str, Mapping[str, Declared]]) -> str:
    homes = [name for name, keys in by_section.items() if section in keys]
    if homes:
        return f"{section} stands outside its section; put it below [{homes[0]}]."
    return f"there is no section [{section}]{_nearest(section, by_section, '[{}]')}"


def _section_problems(
    section: str, values: Mapping[str, Any], keys: Mapping[str, Declared], where: "_Lines"
) -> Iterator[_Problem]:
    for key, value in values.items():
        line = where.line(section, key)
        if key not in keys:
            yield _Problem(line, f"[{section}] has no key {key}{_nearest(key, keys, '{}')}")
            continue
        problem = _value_problem(keys[key], value)
        if problem:
            yield _Problem(line, f"[{section}] {key} is {_shown(value)}; it {problem}.")


def _value_problem(declared: Declared, value: object) -> str | None:
    if not _right_type(declared.default, value):
        return "may be " + may_be(declared)
    return value_problem(declared.declaration, _converted(declared.default, value))


def _right_type(default: object, value: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, tuple):
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if isinstance(default, float):
        return isinstance(value, float) or (isinstance(value, int) and abs(value) <= _LARGEST_WHOLE)
    return isinstance(value, type(default))


def _converted(default: object, value: Any) -> object:
    if isinstance(default, tuple):
        return tuple(value)
    return float(value) if isinstance(default, float) else value


def _build(document: Mapping[str, Mapping[str, Any]]) -> Settings:
    settings = Settings()
    for section, values in document.items():
        before = getattr(settings, section)
        changed = {key: _converted(getattr(before, key), value) for key, value in values.items()}
        settings = dataclasses.replace(settings, **{section: dataclasses.replace(before, **changed)})
    return settings


def _nearest(word: str, known: Iterable[str], form: str) -> str:
    names = list(known)
    close = difflib.get_close_matches(word.casefold(), names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {form.format(close[0])}?"
    return "; there are " + ", ".join(form.format(name) for name in names) + "."


def _shown(value: object) -> str:
    text = toml_value(value) if isinstance(value, (str, bool, int, float, list, tuple)) else str(value)
    return text if len(text) <= _SHOWN_VALUE else text[: _SHOWN_VALUE - 1] + "…"


def toml_value(value: object) -> str:
    """Return a setting's value as it is written in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(toml_value(each) for each in value) + "]"
    return str(value)


def _quoted(text: str) -> str:
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each.isprintable() else _escape(each) for each in escaped) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


class _Lines:
    """Where keys stand in a TOML text, which `tomllib` does not say; strings of many lines are stepped over."""

    _HEADER = re.compile(r"\s*\[\s*([\w\"'.\- ]+?)\s*\]")
    _KEY = re.compile(r"\s*([\w\"'.\-]+(?:\s*\.\s*[\w\"'\-]+)*)\s*=")

    def __init__(self, text: str) -> None:
        self._found: dict[tuple[str, str | None], int] = {}
        section, inside = "", ""
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
            if not inside and line.lstrip().startswith("#"):
                continue
            if not inside:
                section = self._note(line, section, number)
            for quotes in re.findall(r"\"\"\"|'''", line):
                inside = "" if inside == quotes else inside or quotes

    def line(self, section: str, key: str | None) -> int:
        """Return the line of a key, else of its section, else the first."""
        return self._found.get((section, key)) or self._found.get((section, None), 1)

    def _note(self, line: str, section: str, number: int) -> str:
        header = self._HEADER.match(line)
        if header:
            section = _bare(header[1].split(".")[0])
            self._found.setdefault((section, None), number)
            return section
        entry = self._KEY.match(line)
        if entry:
            parts = [_bare(part) for part in entry[1].split(".")]
            path = parts if not section else [section, *parts]
            self._found.setdefault((path[0], path[1] if len(path) > 1 else None), number)
            self._found.setdefault((path[0], None), number)
        return section


def _bare(name: str) -> str:
    return name.strip().strip("\"'")
