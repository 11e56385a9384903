"""What the house promises of its own files: documents that match the program, a lock that fits, small modules."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from app.cli.parser import make_parser
from app.domain.step import MOVES, StepState
from app.pipeline.journey import JOURNEY

ROOT = Path(__file__).parents[1]
MODULE_LINES = 400
FUNCTION_LINES = 50
SUPPORTED = [(system, python) for system in ("linux", "win32", "darwin") for python in ("3.11", "3.12", "3.13")]


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def files_of_the_project() -> list[Path]:
    """Return what git tracks or would track; without git, as in an unpacked release, everything of ours."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode().split("\0")
        return [ROOT / name for name in names if name and (ROOT / name).is_file()]
    folders = ("app", "docs", "packaging", "resources", "tests", ".ci")
    return [*ROOT.glob("*.*"), ROOT / "Makefile", *(each for f in folders for each in (ROOT / f).rglob("*"))]


def texts_of_the_project() -> Iterator[tuple[str, str]]:
    """Yield name and contents of every text file of ours; sample files are others' work, as they are."""
    for path in files_of_the_project():
        name = path.relative_to(ROOT).as_posix()
        if not path.is_file() or path == Path(__file__) or name.startswith(("tests/data/", "resources/demo/")):
            continue
        data = path.read_bytes()
        if b"\0" not in data[:4096] and path.suffix not in (".pdf", ".ttf"):
            yield name, data.decode("utf-8")


# --- the Makefile and who mentions it


def make_targets() -> dict[str, str]:
    return dict(re.findall(r"^([a-z]+):.*## (.+)$", text_of("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_every_make_target_that_is_named_exists(document: str) -> None:
    named = set(re.findall(r"^\s*make ([a-z]+)|`make ([a-z]+)", text_of(document), re.MULTILINE))
    assert named
    assert {a or b for a, b in named} <= set(make_targets())


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.+)$", text_of("Makefile"), re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == set(make_targets())
    assert all(f"make {name}" in listed and words in listed for name, words in make_targets().items())


# --- documents and the program


def parser_words() -> dict[str, set[str]]:
    """Return each command with its options, as argparse knows them."""
    groups = make_parser()._subparsers
    assert groups is not None
    commands = groups._group_actions[0].choices
    assert isinstance(commands, dict)
    return {
        name: {word for action in parser._actions for word in action.option_strings if word.startswith("--")}
        for name, parser in commands.items()
    }


def documented_commands() -> dict[str, set[str]]:
    """Return each command of the table in docs/interface.md with its options."""
    page = text_of("docs/interface.md")
    table = page[page.index("## Commands") : page.index("## JSON")]
    found: dict[str, set[str]] = {}
    for row in re.findall(r"^\| (.+?) \| ", table, re.MULTILINE):
        for words in re.findall(r"`([^`]+)`", row):
            options = set(re.findall(r"--[a-z-]+", words))
            found.setdefault(words.split()[0], set()).update(options)
    return found


def test_the_interface_page_and_the_parser_have_the_same_commands() -> None:
    assert set(documented_commands()) == set(parser_words())


def test_the_interface_page_and_the_parser_have_the_same_options() -> None:
    common = {"--help", "--json"}
    documented = documented_commands()
    for command, options in parser_words().items():
        assert documented[command] == options - common, command


def test_the_interface_page_lists_the_steps_of_the_journey() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (.+?) \| (.*?) ?\|$", text_of("docs/interface.md"), re.MULTILINE)
    steps = [(step.id, step.title, set(step.upstream)) for step in JOURNEY]
    assert [(step, title, set(re.findall(r"`(\w+)`", before))) for step, title, before in rows] == steps


def test_the_operators_guide_has_the_table_of_moves() -> None:
    titles = {state.title: state for state in StepState}
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", text_of("docs/operators-guide.md"), re.MULTILINE)
    moves = {(titles[old], titles[new]): why for old, new, why in rows if old in titles and new in titles}
    assert moves == MOVES


def test_the_operators_guide_has_the_keys_of_the_window() -> None:
    guide = text_of("docs/operators-guide.md")
    table = guide[guide.index("## Pages and keys") : guide.index("## When a card needs you")]
    key = r"(?:Ctrl\+(?:Shift\+)?\w+|F\d+|Esc|Del)"
    told = {each for row in re.findall(r"^\| (.+?) \|", table, re.MULTILINE) for each in re.findall(key, row)}
    assert told == set(re.findall(f'"({key})"', text_of("app/ui/commands.py")))


def test_links_between_documents_lead_somewhere() -> None:
    for name, text in texts_of_the_project():
        if name.endswith(".md"):
            for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
                if not re.match(r"[a-z]+:", target):
                    assert ((ROOT / name).parent / target).exists(), f"{name} → {target}"


# --- what no file of ours may hold

FORBIDDEN = {
    "a package registry's address": r"pypi\.org|pythonhosted\.org|registry\.npmjs|conda\.anaconda|file:///opt",
    "a path of somebody's machine": r"(?<![\w.])/(?:work|root|home/\w+)/\w",
    "a tool that writes text": r"\b(?:LLMs?|chatbot|AI (?:assistant|session|agent)|language model)\b",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = {name: hit[0] for name, text in texts_of_the_project() if (hit := pattern.search(text))}
    assert not found


# --- the lock


def wanted() -> list[Requirement]:
    project = tomllib.loads(text_of("pyproject.toml"))
    groups = project["dependency-groups"].values()
    lines = [*project["project"]["dependencies"], *(line for group in groups for line in group)]
    return [Requirement(line) for line in lines]


def locked() -> list[Requirement]:
    lines = [line.strip() for line in text_of("requirements.lock").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_the_lock_pins_exact_versions_and_names_no_address() -> None:
    lines = [line for line in text_of("requirements.lock").splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][^\s;]*( ; .+)?", line) for line in lines)
    assert "://" not in text_of("requirements.lock")


@pytest.mark.parametrize(("system", "python"), SUPPORTED)
def test_the_lock_satisfies_what_the_project_asks_for(system: str, python: str) -> None:
    here = {
        "sys_platform": system,
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_python_implementation": "CPython",
    }
    pins: dict[str, str] = {}
    for pin in locked():
        if pin.marker is None or Marker(str(pin.marker)).evaluate(here):
            assert canonicalize_name(pin.name) not in pins, f"{pin.name} is pinned twice"
            pins[canonicalize_name(pin.name)] = str(pin.specifier).removeprefix("==")
    for each in wanted():
        if each.marker is not None and not each.marker.evaluate(here):
            continue  # not asked for on this system
        assert Version(pins[canonicalize_name(each.name)]) in each.specifier, each


def test_whatever_the_program_imports_is_a_dependency_of_its_own() -> None:
    names = {"PySide6": "pyside6-essentials", "shiboken6": "pyside6-essentials", "PIL": "pillow"}
    names |= {"cv2": "opencv-python-headless", "openslide": "openslide-python", "zxingcpp": "zxing-cpp"}
    names |= {"google": "google-auth", "win32ctypes": "pywin32-ctypes"}
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    asked = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    imported = {name for _, tree in modules_of_the_program() for name in imports(tree)}
    foreign = imported - set(sys.stdlib_module_names) - {"app"}
    assert {canonicalize_name(names.get(name, name)) for name in foreign} <= asked


# --- sizes


def modules_of_the_program() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def test_modules_stay_short_and_say_what_they_are_for() -> None:
    too_long, silent = {}, []
    for path, tree in modules_of_the_program():
        name, lines = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8").count("\n")
        if lines > MODULE_LINES:
            too_long[name] = lines
        if lines and not ast.get_docstring(tree):
            silent.append(name)
    assert (too_long, silent) == ({}, [])


def test_functions_stay_short() -> None:
    too_long = {}
    for path, tree in modules_of_the_program():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                if lines > FUNCTION_LINES:
                    too_long[f"{path.relative_to(ROOT).as_posix()}: {node.name}"] = lines
    assert too_long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty_words = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
    assert not [path for path, _ in modules_of_the_program() if empty_words & set(path.stem.split("_"))]


def test_the_changelog_is_in_order() -> None:
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", text_of("CHANGELOG.md"), re.MULTILINE)
    assert versions
    assert all(Version(newer) > Version(older) for newer, older in pairwise(versions))
    assert tomllib.loads(text_of("pyproject.toml"))["project"]["name"] == "slideferry"
