"""The server itself: it listens on the loopback, and a test holds the strings of it in its hand."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.call import Answer, Call, answer_json
from tests.fakes.sheets_server.cell import Scalar
from tests.fakes.sheets_server.collaborator import Collaborator
from tests.fakes.sheets_server.errors import ApiError, InvalidError, invalid_argument, refusal
from tests.fakes.sheets_server.oauth import Accounts, make_key
from tests.fakes.sheets_server.quota import Quota
from tests.fakes.sheets_server.routes import Route, route_for
from tests.fakes.sheets_server.script import HTML, Fault, Script
from tests.fakes.sheets_server.store import Store

LOOPBACK = "127.0.0.1"
TOKEN_PATH = "/token"
SCIENTIST = "scientist@lab.example"
STATION = "station@slideferry.iam.gserviceaccount.com"


@dataclass(frozen=True, slots=True)
class Served:
    """A request that came in; `status` is None where the connection was cut."""

    kind: str
    method: str
    path: str
    account: str
    status: int | None


class SheetsServer:
    """Google Sheets and Drive on 127.0.0.1, while the `with` block lasts. `clock` gives seconds since 1970.

    `store` holds the spreadsheets, `script` what goes wrong and what others do, `log` the requests in order.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time, port: int = 0) -> None:
        self.store = Store(clock)
        self.accounts = Accounts(clock)
        self.quota = Quota(clock)
        self.script = Script()
        self.log: list[Served] = []
        self.failures: list[Exception] = []
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._http = _Listener(self, port)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="sheets-server")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.close_connections()
        self._http.server_close()
        if self.failures and error is None:
            raise self.failures[0]

    @property
    def url(self) -> str:
        """Where it listens, such as http://127.0.0.1:40123; this stands for both of Google's hosts."""
        return f"http://{LOOPBACK}:{self._http.server_port}"

    # --- what a test starts from

    def service_account(self, email: str = STATION) -> dict[str, str]:
        """Return a service account's JSON whose key this server knows."""
        key = make_key()
        self.accounts.keys[email] = key.public
        return {
            "type": "service_account",
            "project_id": "slideferry",
            "private_key_id": "1",
            "private_key": key.private,
            "client_email": email,
            "client_id": "1",
            "token_uri": f"{self.url}{TOKEN_PATH}",
        }

    def add_book(self, title: str, rows: Sequence[Sequence[Scalar]] = (), *, shared_with: str = STATION) -> Book:
        """Keep a scientist's spreadsheet that an account may write to, its first tab holding these rows."""
        with self._lock:
            book = self.store.create(title, SCIENTIST)
            if shared_with:
                self.store.share(book, "writer", email=shared_with)
            self.collaborator(book).puts(rows)
            return book

    def collaborator(self, book: Book, tab_id: int = 0) -> Collaborator:
        """Return the scientist whose spreadsheet it is, at work in one tab."""
        return Collaborator(self.store, book, tab_id, SCIENTIST)

    # --- answering

    def serve(self, call: Call, authorization: str) -> tuple[Answer | None, float]:
        """Return what a request is answered with, None for a cut connection, and how many seconds that is held back."""
        route = route_for(call.method, call.path)
        kind = "token" if call.path == TOKEN_PATH else route.kind if route else "unknown"
        with self._lock:
            acts, fault = self.script.due(kind, call.path)
            for act in acts:
                act()
            answer: Answer | None = None
            account = ""
            if fault is None or fault.after:
                answer, account = self._done(call, authorization, route)
            answer = _spoiled(answer, fault) if fault is not None else answer
            self.log.append(Served(kind, call.method, call.path, account, answer.status if answer else None))
        return answer, fault.silent_seconds if fault else 0.0

    def _done(self, call: Call, authorization: str, route: Route | None) -> tuple[Answer, str]:
        account = ""
        try:
            if call.path == TOKEN_PATH:
                return self.accounts.grant(call), ""
            account = self.accounts.account(authorization)
            return self._routed(replace(call, account=account), route), account
        except ApiError as error:
            return answer_json(error.body, error.status), account
        except InvalidError as error:
            return answer_json(invalid_argument(str(error)).body, 400), account
        except Exception as error:  # noqa: BLE001 - a test learns of it when the server ends
            self.failures.append(error)
            return answer_json(refusal(500, "INTERNAL", "Internal error encountered.").body, 500), account

    def _routed(self, call: Call, route: Route | None) -> Answer:
        if route is None:
            return Answer(404, _NO_SUCH_PAGE.encode("utf-8"), HTML)
        if route.kind in ("read", "write"):
            self.quota.spend(route.kind, call.account)
        return route.answer(self.store, call)

    def hold_back(self, seconds: float) -> bool:
        """Wait; return False when the server ends meanwhile."""
        return not self._stopping.wait(seconds)


_NO_SUCH_PAGE = """<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <title>Error 404 (Not Found)!!1</title>
  <p><b>404.</b> <ins>That’s an error.</ins>
  <p>The requested URL was not found on this server.
"""


def _spoiled(answer: Answer | None, fault: Fault) -> Answer | None:
    """Return what comes through of an answer."""
    if fault.half and answer is not None:
        return replace(answer, half=True)
    if fault.silent_seconds:
        return answer
    return fault.answer


class _Listener(ThreadingHTTPServer):
    """Takes connections, each in a thread of its own, and ends them all in order."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, sheets: SheetsServer, port: int) -> None:
        self.sheets = sheets
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__((LOOPBACK, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """End connections that clients keep open for more, so that their threads end."""
        with self._guard:
            for each in self._open:
                _hang_up(each)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news; anything else goes to the test."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            self.sheets.failures.append(error)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was quicker


class _Handler(BaseHTTPRequestHandler):
    """Reads requests from one connection and writes the answers."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body go out together
    disable_nagle_algorithm = True  # the end of a large body would wait 40 ms for the client's acknowledgement
    server: _Listener

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = parse_qs(parts.query, keep_blank_values=True)
        call = Call(self.command, parts.path, query, content)
        answer, seconds = self.server.sheets.serve(call, self.headers.get("Authorization", ""))
        if seconds and not self.server.sheets.hold_back(seconds):
            answer = None
        if answer is None:
            self.close_connection = True
            _hang_up(self.connection)
            return
        self._write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - http.server's names

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status, HTTPStatus(answer.status).phrase)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.content)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content[: len(answer.content) // 2] if answer.half else answer.content)
        self.close_connection = self.close_connection or answer.half

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the log is in the test's hand."""
