"""Runs the real program with its window, and writes what a person would see to a file, ten times a second."""

import json
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.ui import main_window
from app.ui.main_window import MainWindow


def seen(window: MainWindow) -> dict[str, object]:
    """Return what matters of the window."""
    focus = QApplication.focusWidget()
    field = window.queue_page.filter
    middle = field.mapToGlobal(field.rect().center())
    question = window.asker.open_question
    return {
        "page": window.pages.currentIndex(),
        "focus_in_filter": focus is field,
        "filter_text": field.text(),
        "filter_at": [middle.x(), middle.y()],
        "last_scan": texts(window.run_page),
        "chosen": list(window.run_page.selected()),
        "scans": {view.barcode: view.id for view in window.desk.scans()},
        "active": window.isActiveWindow(),
        "question": texts(question) if question is not None and question.isActiveWindow() else [],
    }


def texts(widget: QWidget) -> list[str]:
    """Return every text that labels of a page show."""
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def watch(out: Path) -> None:
    """Have every main window that is shown written down."""
    shown = MainWindow.showEvent

    def show_event(self: MainWindow, event: object) -> None:
        shown(self, event)
        timer = QTimer(self)
        timer.setInterval(100)
        timer.timeout.connect(lambda: write(out, seen(self)))
        timer.start()

    main_window.MainWindow.showEvent = show_event


def write(out: Path, state: dict[str, object]) -> None:
    """Write the state so that a reader never sees half of it."""
    passing = out.with_suffix(".new")
    passing.write_text(json.dumps(state), encoding="utf-8")
    passing.replace(out)


if __name__ == "__main__":
    from app.cli import main

    watch(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
