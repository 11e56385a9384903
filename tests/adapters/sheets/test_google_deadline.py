"""A call of Google Sheets ends within its one limit, whatever it is that takes so long."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from google.oauth2.credentials import Credentials

from app.adapters.sheets.google_link import GoogleLink
from app.adapters.sheets.google_quota import AccountQuota
from app.domain.errors import AwayError
from tests.adapters.sheets.google_lab import GoogleLab, google_lab, link_to, row
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.oauth import make_key
from tests.fakes.sheets_server.script import silence

HOST = "localhost"
ADDRESSES = 100


@pytest.fixture
def lab() -> Iterator[GoogleLab]:
    # A server of its own: one that hangs ends with its test.
    with SheetsServer() as server, google_lab(server, [row("620995")]) as lab:
        yield lab


@contextmanager
def link(lab: GoogleLab, seconds: float, *, api_root: str = "") -> Iterator[GoogleLink]:
    link = link_to(lab, timeout_seconds=seconds, api_root=api_root)
    try:
        yield link
    finally:
        link.close()


@contextmanager
def deaf(address: str, port: int = 0) -> Iterator[int]:
    """Listen without ever taking a connection, the queue being full, and yield the port."""
    with socket.socket() as listener:
        try:
            listener.bind((address, port))
        except OSError as error:
            pytest.skip(f"{address} cannot be listened at: {error}")
        listener.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        try:
            for each in waiting:
                each.setblocking(False)
                with suppress(BlockingIOError):
                    each.connect(listener.getsockname())
            yield listener.getsockname()[1]
        finally:
            for each in waiting:
                each.close()


def resolves_to(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    """Let the name of the host have these addresses."""
    real: Callable[..., Any] = socket.getaddrinfo

    def answer(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        names = addresses if host == HOST else [host]
        return [found for each in names for found in real(each, port, *args, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setenv("NO_PROXY", "*")


def test_all_addresses_of_a_host_share_the_limit(lab: GoogleLab, monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, ["127.0.0.1"] * ADDRESSES)
    with deaf("127.0.0.1") as port, link(lab, 0.4, api_root=f"http://{HOST}:{port}") as line:
        began = time.monotonic()
        with pytest.raises(AwayError, match="does not answer"):
            line.read("")
        took = time.monotonic() - began
    assert took < 0.4 * ADDRESSES / 4, "each address had the whole limit to itself"


def test_an_address_that_is_deaf_leaves_time_for_the_next(lab: GoogleLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that loses what goes to IPv6 still reaches Google."""
    port = int(lab.server.url.rpartition(":")[2])
    resolves_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    with deaf("127.0.0.2", port), link(lab, 4.0, api_root=f"http://{HOST}:{port}") as line:
        assert line.read("")["spreadsheetId"] == lab.book.id


def test_a_host_without_an_address_is_told(lab: GoogleLab) -> None:
    with link(lab, 4.0, api_root="http://no-such-host.invalid") as line, pytest.raises(AwayError, match="not answer"):
        line.read("")


def test_the_token_and_the_answer_share_the_limit(lab: GoogleLab) -> None:
    lab.server.script.fail(silence(0.7), on="token")
    lab.server.script.fail(silence(0.7), on="read")
    with link(lab, 1.2) as line, pytest.raises(AwayError, match="does not answer"):
        line.read("")


def test_each_call_has_the_whole_limit(lab: GoogleLab) -> None:
    with link(lab, 2.0) as line:
        for _ in range(3):
            lab.server.script.fail(silence(0.8), on="read")
            assert line.read("")


class Secure(BaseHTTPRequestHandler):
    """Answers each question with an empty spreadsheet, and ends the connection."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"spreadsheetId": "secure"}')

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@contextmanager
def secure(folder: Path) -> Iterator[tuple[int, Path]]:
    """Serve with TLS on the loopback; yield the port and the certificate to trust."""
    key = make_key().private
    private = load_pem_private_key(key.encode(), None)
    assert isinstance(private, RSAPrivateKey)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, private.public_key(), 1, now, now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    certificate, private_key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.sign(private, SHA256()).public_bytes(Encoding.PEM))
    private_key.write_text(key, encoding="ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private_key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Secure) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_port, certificate
        finally:
            server.shutdown()
            thread.join()


def safe_link(port: int, seconds: float) -> GoogleLink:
    """Return a line that has its token, and uses TLS."""
    token = Credentials("a token")  # type: ignore[no-untyped-call]
    quota = AccountQuota(60)
    return GoogleLink(token, "x", api_root=f"https://{HOST}:{port}", timeout_seconds=seconds, quota=quota)


def test_a_safe_line_knows_its_host_whichever_address_took_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    with secure(tmp_path) as (port, certificate), closing(safe_link(port, 10.0)) as line:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert line.read("") == {"spreadsheetId": "secure"}


def test_a_handshake_that_nobody_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with closing(safe_link(port, 0.4)) as line, pytest.raises(AwayError, match="does not answer"):
            line.read("")
