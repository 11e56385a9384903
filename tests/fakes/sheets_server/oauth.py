"""Who asks: the token endpoint for service accounts and for people, and the tokens it gave out."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from google.auth import exceptions, jwt

from tests.fakes.sheets_server.call import Answer, Call, answer_json
from tests.fakes.sheets_server.errors import BAD_CREDENTIALS, NO_CREDENTIALS, ApiError, unauthenticated

TOKEN_SECONDS = 3599
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An RSA key in PEM."""

    private: str
    public: str


@cache
def make_key() -> KeyPair:
    """Return a key of 2048 bits, as Google's own; one for all servers of a process."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private.decode(), public.decode())


@dataclass(slots=True)
class Accounts:
    """Service accounts by their public keys, people by their refresh tokens, and the access tokens of both."""

    clock: Callable[[], float]
    keys: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def issue(self, account: str) -> str:
        """Return a new access token of an account."""
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self.tokens[token] = (account, self.clock() + TOKEN_SECONDS)
        return token

    def sign_in(self, account: str) -> str:
        """Return a refresh token of a person."""
        token = f"1//{secrets.token_urlsafe(24)}"
        self.people[token] = account
        return token

    def revoke(self, account: str) -> None:
        """Take back all that an account was given: its tokens hold no more, and it gets no new ones."""
        self.tokens = {token: each for token, each in self.tokens.items() if each[0] != account}
        self.people = {token: each for token, each in self.people.items() if each != account}
        self.keys.pop(account, None)

    def expire(self, account: str) -> None:
        """Let an account's tokens run out; it may have new ones."""
        self.tokens = {token: each for token, each in self.tokens.items() if each[0] != account}

    def account(self, authorization: str) -> str:
        """Return whose token a header holds. Raises ApiError 401."""
        if not authorization.startswith("Bearer "):
            raise unauthenticated(NO_CREDENTIALS)
        account, until = self.tokens.get(authorization.removeprefix("Bearer "), ("", 0.0))
        if until <= self.clock():
            raise unauthenticated(BAD_CREDENTIALS)
        return account

    def grant(self, call: Call) -> Answer:
        """Answer the token endpoint."""
        asked = {name: values[-1] for name, values in parse_qs(call.content.decode("utf-8")).items()}
        if asked.get("grant_type") == JWT_GRANT:
            account = self._asserted(asked.get("assertion", ""))
        elif asked.get("grant_type") == "refresh_token":
            account = self.people.get(asked.get("refresh_token", ""), "")
            if not account:
                raise _refused("invalid_grant", "Token has been expired or revoked.")
        else:
            raise _refused("unsupported_grant_type", f"Invalid grant_type: {asked.get('grant_type', '')}")
        message = {"access_token": self.issue(account), "expires_in": TOKEN_SECONDS, "token_type": "Bearer"}
        return answer_json(message)

    def _asserted(self, assertion: str) -> str:
        """Return the service account whose key signed the assertion. Raises ApiError 400."""
        try:
            account = str(jwt.decode(assertion, verify=False).get("iss", ""))  # type: ignore[no-untyped-call]
        except ValueError:
            raise _refused("invalid_grant", "Bad Request") from None
        if account not in self.keys:
            raise _refused("invalid_grant", "Invalid grant: account not found")
        try:
            jwt.decode(assertion, certs=self.keys[account])  # type: ignore[no-untyped-call]
        except (ValueError, exceptions.GoogleAuthError):
            raise _refused("invalid_grant", "Invalid JWT Signature.") from None
        return account


def _refused(error: str, description: str) -> ApiError:
    return ApiError(400, {"error": error, "error_description": description})
