"""Where Google sends the browser back to: a listener on this machine alone, for one sign-in."""

import queue
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from app.domain.errors import SurroundingsError

LOOPBACK = "127.0.0.1"
_REQUEST_SECONDS = 10.0
_PAGE = (
    '<!doctype html><meta charset="utf-8"><title>Slideferry</title>'
    '<body style="font-family:sans-serif;margin:4em"><h1>Slideferry</h1><p>{}</p>'
)


@dataclass(frozen=True, slots=True)
class Redirect:
    """What the browser brought back: a code, or why there is none."""

    code: str = field(default="", repr=False)
    error: str = ""


class RedirectListener(socketserver.ThreadingTCPServer):
    """Takes the first answer with the right state; a thread each, because browsers open connections in store."""

    allow_reuse_address = False
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.state = ""
        self.redirects: queue.SimpleQueue[Redirect] = queue.SimpleQueue()

    @property
    def address(self) -> str:
        """The address that the browser is sent back to."""
        return f"http://{LOOPBACK}:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a browser that went away before it was answered; it is no fault of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    timeout = _REQUEST_SECONDS

    def do_GET(self) -> None:
        """Take an answer; anything else that asks is refused and changes nothing."""
        parts = urlsplit(self.path)
        told = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        listener = cast(RedirectListener, self.server)
        if parts.path != "/" or not ("code" in told or "error" in told):
            self._answer(404, "There is nothing here.")
        elif not listener.state or told.get("state") != listener.state:
            self._answer(400, "This answer belongs to another sign-in.")
        else:
            allowed = "Slideferry may use the slide sheet now." if "code" in told else "Slideferry was not allowed to."
            self._answer(200, f"{allowed} You can close this window.")
            listener.redirects.put(Redirect(told.get("code", ""), told.get("error", "")))

    def _answer(self, status: int, words: str) -> None:
        content = _PAGE.format(words).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so it is called there
        """Write nothing: the line of a request holds the code."""


@contextmanager
def listening() -> Iterator[RedirectListener]:
    """Yield a listener on a free port; it ends with the block. Raises SurroundingsError where there is none."""
    try:
        opened = RedirectListener()
    except OSError as error:
        message = f"No port of {LOOPBACK} can be listened at: {error.strerror or error}"
        raise SurroundingsError("Signing in is not possible", message, "Does a firewall forbid it?") from error
    with opened as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.1,), name="sign-in", daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            listener.shutdown()
            thread.join()
