"""The frame of every question: a title, a body, two buttons; and how a coroutine waits for the answer."""

import asyncio

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.ui.wording import say


class Question(QDialog):
    """A modal question. Subclasses fill `body` and call `allow` when the answer is complete.

    One with `wants_scans` gets what the hand scanner reads while it is open.
    """

    wants_scans = False

    def __init__(self, title: str, text: str, yes: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(True)
        self.setMinimumWidth(520)
        heading = QLabel(title)
        heading.setObjectName("pageTitle")
        heading.setWordWrap(True)
        self.text = QLabel(text)
        self.text.setObjectName("muted")
        self.text.setWordWrap(True)
        self.text.setVisible(bool(text))
        self._remark = QLabel()
        self._remark.setObjectName("strong")
        self._remark.setTextFormat(Qt.TextFormat.PlainText)
        self._remark.setWordWrap(True)
        self._remark.hide()
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self._yes = QPushButton(yes)
        self._yes.setObjectName("primary")
        self._yes.setDefault(True)
        self._yes.clicked.connect(self.accept)
        self._no = QPushButton(say("Back"))
        self._no.setAutoDefault(False)
        self._no.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._no)
        buttons.addWidget(self._yes)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(22, 20, 22, 18)
        whole.setSpacing(12)
        whole.addWidget(heading)
        whole.addWidget(self.text)
        whole.addWidget(self._remark)
        whole.addLayout(self.body)
        whole.addSpacing(6)
        whole.addLayout(buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)

    def allow(self, complete: bool) -> None:
        """Let the answer be given, or not yet."""
        self._yes.setEnabled(complete)

    def field(self, title: str, widget: QWidget) -> None:
        """Add a titled field to the body."""
        label = QLabel(title)
        label.setObjectName("strong")
        label.setBuddy(widget)
        widget.setAccessibleName(title)
        self.body.addWidget(label)
        self.body.addWidget(widget)

    def only_yes(self) -> None:
        """Leave only one button: there is nothing to decide."""
        self._no.hide()

    def take_scan(self, code: str) -> None:
        """Take a barcode from the hand scanner; only asked of a question that `wants_scans`."""

    def remark(self, words: str) -> None:
        """Say something about the last scan; empty: nothing."""
        self._remark.setText(words)
        self._remark.setVisible(bool(words))


class Asker(QObject):
    """Shows one question at a time and gives the answer to the coroutine that asked."""

    def __init__(self, window: QWidget | None) -> None:
        super().__init__(window)
        self.window = window
        self._turn = asyncio.Lock()
        self.open_question: Question | None = None

    async def ask(self, question: Question) -> bool:
        """Show a question and wait for its answer: True for yes. It is closed when the caller is cancelled."""
        async with self._turn:
            answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

            def finished(result: int) -> None:
                if not answer.done():
                    answer.set_result(result == QDialog.DialogCode.Accepted.value)

            question.finished.connect(finished)
            self.open_question = question
            question.open()
            try:
                return await answer
            finally:
                self.open_question = None
                question.close()
                question.deleteLater()

    async def confirm(self, title: str, text: str, yes: str) -> bool:
        """Ask a plain question."""
        return await self.ask(Question(title, text, yes, self.window))
