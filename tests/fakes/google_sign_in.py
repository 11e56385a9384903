"""Google's sign-in on the loopback: asks for consent at once, and gives tokens for what it gave before."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from google.auth import jwt

EMAIL = "slideferry@lab-sheets.iam.gserviceaccount.com"
CLIENT_ID = "1234-lab.apps.googleusercontent.com"
CLIENT_SECRET = "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"
SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
GOOGLE = "https://oauth2.googleapis.com/token"
"""Whom google-auth addresses an assertion to, wherever it sends it."""

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@cache
def key_pair() -> tuple[str, str]:
    """Return a private and a public key in PEM, of 2048 bits as Google's own; one for all tests of a process."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private.decode(), key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class GoogleSignIn(ThreadingHTTPServer):
    """Notes whom it gave what. `consent` is what the person answers: "yes", "no", or the scope they allow
    instead; `page` is what stands in the token's place, as a portal on the way may put it there.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.consent = "yes"
        self.gives_refresh_token = True
        self.page = b""
        self.asked: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: list[str] = []
        self.access_tokens: list[str] = []

    def key_file(self) -> dict[str, str]:
        """Return a service account's key file as Google's console gives it."""
        return {
            "type": "service_account",
            "project_id": "lab-sheets",
            "private_key_id": "0123456789abcdef0123456789abcdef01234567",
            "private_key": key_pair()[0],
            "client_email": EMAIL,
            "client_id": "109876543210987654321",
            "auth_uri": f"{self.url}/auth",
            "token_uri": f"{self.url}/token",
            "universe_domain": "googleapis.com",
        }

    def client_file(self) -> dict[str, Any]:
        """Return a client file of the kind Desktop app."""
        client = {
            "client_id": CLIENT_ID,
            "project_id": "lab-sheets",
            "auth_uri": f"{self.url}/auth",
            "token_uri": f"{self.url}/token",
            "client_secret": CLIENT_SECRET,
            "redirect_uris": ["http://localhost"],
        }
        return {"installed": client}

    def redirect(self, asked: dict[str, str]) -> str:
        """Return where the browser goes when the person has answered."""
        self.asked.append(asked)
        if self.consent == "no":
            return f"{asked['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"
        code = f"4/{secrets.token_urlsafe(32)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Answer the token endpoint."""
        kind = asked.get("grant_type")
        if kind == JWT_GRANT:
            jwt.decode(asked["assertion"], certs=key_pair()[1], audience=GOOGLE)  # type: ignore[no-untyped-call]
            return 200, self._access(SHEETS_SCOPE)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked.get("client_secret") != CLIENT_SECRET and authorization != f"Basic {basic}":
            return 401, {"error": "invalid_client", "error_description": "Unauthorized"}
        if kind == "refresh_token":
            known = asked.get("refresh_token") in self.refresh_tokens
            return (200, self._access(SHEETS_SCOPE)) if known else (400, {"error": "invalid_grant"})
        began = self.codes.pop(asked.get("code", ""), None)
        if began is None or began["code_challenge"] != _challenge(asked.get("code_verifier", "")):
            return 400, {"error": "invalid_grant", "error_description": "Malformed auth code."}
        found = self._access(SHEETS_SCOPE if self.consent == "yes" else self.consent)
        if self.gives_refresh_token:
            self.refresh_tokens.append(f"1//{secrets.token_urlsafe(48)}")
            found["refresh_token"] = self.refresh_tokens[-1]
        return 200, found

    def _access(self, scope: str) -> dict[str, Any]:
        self.access_tokens.append(f"ya29.{secrets.token_urlsafe(24)}")
        return {"access_token": self.access_tokens[-1], "expires_in": 3599, "scope": scope, "token_type": "Bearer"}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.send_response(302)
        self.send_header("Location", cast(GoogleSignIn, self.server).redirect(asked))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = {name: values[-1] for name, values in parse_qs(content).items()}
        status, told = cast(GoogleSignIn, self.server).token(asked, self.headers.get("Authorization", ""))
        answer = cast(GoogleSignIn, self.server).page or json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@contextmanager
def google_sign_in() -> Iterator[GoogleSignIn]:
    """Yield the server, at work; it ends with the block."""
    with GoogleSignIn() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
