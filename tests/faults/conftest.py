"""What the fault tests share: the collector of faults, its document, and which of them a prove run takes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.files import share_lock, stream
from tests.faults.collector import HANDED_OVER, Collected, Faults, read_collected

HERE = Path(__file__).parent
CHUNK = 64 * 1024
COLLECTED = pytest.StashKey[Collected]()


def pytest_configure(config: pytest.Config) -> None:
    """Tell of the mark, wherever this file is loaded from."""
    config.addinivalue_line("markers", "quick_share: a sample of a long test, left out where that one runs")


def is_proving() -> bool:
    return os.environ.get("SLIDEFERRY_PROVE") == "1"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a prove run every test of this folder counts as long, but those that are a sample of a long one."""
    if not is_proving():
        return
    ours = [item for item in items if HERE in item.path.parents]
    samples = {item for item in ours if item.get_closest_marker("quick_share")}
    for item in ours:
        if item not in samples:
            item.add_marker(pytest.mark.long)
    items[:] = [item for item in items if item not in samples]
    config.hook.pytest_deselected(items=list(samples))


def collected_of(config: pytest.Config) -> Collected:
    return config.stash.setdefault(COLLECTED, Collected())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep what passed, failed and was skipped, each skip with its reason."""
    outcome = yield
    report = outcome.get_result()
    collected = collected_of(item.config)
    name = f"{item.path.name}::{item.name}"
    collected.seconds += report.duration
    collected.modules.add(item.path.name)
    if report.failed:
        collected.failed.append(f"{name} ({report.when})")
    elif report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        collected.skipped[name] = reason.removeprefix("Skipped: ")
    elif report.when == "call":
        collected.passed += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    collected = session.config.stash.get(COLLECTED, None)
    if collected is None:
        return
    if path := os.environ.get(HANDED_OVER):
        Path(path).write_text(collected.told(), encoding="utf-8")
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output[HANDED_OVER] = collected.told()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Count what one of several processes side by side noted (pytest-xdist)."""
    if told := getattr(node, "workeroutput", {}).get(HANDED_OVER):
        collected_of(node.config).add(read_collected(told))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    collected = terminalreporter.config.stash.get(COLLECTED, None)
    if collected is not None and collected.faults:
        terminalreporter.write_line(
            f"faults: {len(collected.faults)} distinct, {collected.injected} injected, "
            f"{len(collected.failed)} lost, {len(collected.skipped)} tests skipped"
        )


@pytest.fixture
def faults(request: pytest.FixtureRequest) -> Faults:
    """The collector of this run, for one test."""
    name = getattr(request.node, "originalname", None) or request.node.name
    return Faults(collected_of(request.config), f"{request.node.path.name}::{name}")


@pytest.fixture
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks, so that small files take many, and quick looks at a lock that somebody left."""
    monkeypatch.setattr(share_lock, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(stream, "CHUNK_BYTES", CHUNK)
