"""One limit for a whole call: all addresses of the host, the handshake, the answer, and a token before it.

urllib3 gives each address of a host, and each piece of an answer, the whole limit to itself.
"""

import socket
import time

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, LocationParseError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

_SHORTEST_SECONDS = 0.001
"""A socket takes no limit of 0: it would no longer wait at all."""


class Deadline:
    """The end of the call that is under way, `seconds` after it began."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.begin()

    def begin(self) -> None:
        """Begin a call."""
        self._end = time.monotonic() + self.seconds

    @property
    def passed(self) -> bool:
        """Whether the call should have ended."""
        return time.monotonic() >= self._end

    def left(self) -> float:
        """Return the seconds that are left, however few."""
        return max(_SHORTEST_SECONDS, self._end - time.monotonic())


class TimeLeft(Timeout):
    """What urllib3 asks for its limits: always what is left until a deadline."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__(total=deadline.left())
        self._deadline = deadline

    def clone(self) -> "TimeLeft":
        """Return a limit for the next request, which ends with the same deadline."""
        return TimeLeft(self._deadline)

    @property
    def connect_timeout(self) -> float:
        """What is left, in seconds."""
        return self._deadline.left()

    @property
    def read_timeout(self) -> float:
        """What is left, in seconds."""
        return self._deadline.left()


class TimedConnection(HTTPConnection):
    """Tries the addresses of its host within one limit; each has its share of what is left, so that none takes all.

    The look-up of the host's name is not limited: the system answers when it does.
    """

    line: socket.socket | None = None
    """The socket, kept also when an answer says that it is the last one."""

    def connect(self) -> None:
        """Connect, and shake hands where the line is to be safe."""
        super().connect()
        self.line = self.sock

    def limit(self, seconds: float) -> None:
        """Let the next piece of an answer take so long."""
        if self.line is not None and self.line.fileno() >= 0:
            self.line.settimeout(seconds)

    def _new_conn(self) -> socket.socket:
        name, limit = self._dns_host, float(self.timeout or 0.0)
        end = time.monotonic() + limit
        addresses = self._addresses()
        try:
            for position, address in enumerate(addresses, start=1):
                left = max(_SHORTEST_SECONDS, end - time.monotonic())
                self.host, self.timeout = address, left / (len(addresses) - position + 1)
                try:
                    found = super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError):
                    if position == len(addresses):
                        raise
                    continue
                found.settimeout(max(_SHORTEST_SECONDS, end - time.monotonic()))  # what is left is the handshake's
                return found
        finally:
            self.host, self.timeout = name, limit
        raise NewConnectionError(self, "the host has no address")

    def _addresses(self) -> list[str]:
        """Return the addresses of the host as the system orders them."""
        try:
            found = socket.getaddrinfo(self._dns_host.strip("[]"), self.port, allowed_gai_family(), socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except UnicodeError:
            raise LocationParseError(f"{self.host!r} is no name of a host") from None
        return [str(address[0]) for *_, address in found]


class TimedSecureConnection(TimedConnection, HTTPSConnection):
    """The same with TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = TimedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = TimedSecureConnection


TIMED_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _Pool, "https": _SecurePool}
"""What a pool manager of urllib3 makes its connections of."""
