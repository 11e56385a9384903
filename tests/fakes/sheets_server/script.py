"""What goes wrong, and what other people do, between one request and the next."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.sheets_server.call import Answer, answer_json
from tests.fakes.sheets_server.errors import refusal
from tests.fakes.sheets_server.quota import exceeded

HTML = "text/html; charset=UTF-8"
_BAD_GATEWAY = """<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <title>Error 502 (Server Error)!!1</title>
  <p><b>502.</b> <ins>That’s an error.</ins>
  <p>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.
"""
_SIGN_IN_PAGE = """<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <title>Guest network</title>
  <form method=post><p>Accept the terms of use to go on. <input type=submit></form>
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One request that goes wrong.

    `answer` is what comes instead, None for a connection that is cut. With `after` the request is done first: a write
    has happened although nobody hears of it. `silent_seconds` pass before anything comes. `half` cuts the true answer.
    """

    answer: Answer | None = None
    after: bool = False
    silent_seconds: float = 0.0
    half: bool = False


def too_many(kind: str = "read", retry_after: int | None = None) -> Fault:
    """Return a 429, with the header Retry-After (seconds) or without."""
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    return Fault(answer_json(exceeded(kind, per_user=True, limit=60).body, 429, headers))


def internal(*, after: bool = False) -> Fault:
    """Return a 500."""
    return Fault(answer_json(refusal(500, "INTERNAL", "Internal error encountered.").body, 500), after=after)


def unavailable(*, after: bool = False) -> Fault:
    """Return a 503, before the request is done or after."""
    message = "The service is currently unavailable."
    return Fault(answer_json(refusal(503, "UNAVAILABLE", message).body, 503), after=after)


def bad_gateway() -> Fault:
    """Return a 502 with a page of HTML in place of JSON."""
    return Fault(Answer(502, _BAD_GATEWAY.encode("utf-8"), HTML))


def sign_in_page(status: int = 200) -> Fault:
    """Return what a network's portal or proxy answers in Google's place: a page of its own."""
    return Fault(Answer(status, _SIGN_IN_PAGE.encode("utf-8"), HTML))


def cut(*, after: bool = False) -> Fault:
    """Return a connection that ends without an answer."""
    return Fault(after=after)


def cut_in_the_middle() -> Fault:
    """Return a connection that ends in the middle of the true answer."""
    return Fault(after=True, half=True)


def silence(seconds: float, *, after: bool = True) -> Fault:
    """Return a request that is done at once and answered late; one that never arrived where not `after`."""
    return Fault(silent_seconds=seconds, after=after)


KINDS = ("any", "read", "write", "drive", "token")


@dataclass(slots=True)
class Step:
    """Something that waits for a request: `on` says which, `skip` how many of those go by before."""

    on: str
    skip: int
    does: Fault | Callable[[], None]

    def is_for(self, kind: str, path: str) -> bool:
        """Return whether it waits for such a request."""
        return self.on in ("any", kind) if self.on in KINDS else self.on in path


@dataclass(slots=True)
class Script:
    """The steps to come, in order. A request takes its first fault, and whatever others do before that."""

    steps: list[Step] = field(default_factory=list)

    def fail(self, fault: Fault, *, on: str = "any", times: int = 1, skip: int = 0) -> None:
        """Let the next requests go wrong: `any`, `read`, `write`, `drive`, `token`, or such with that in their path."""
        self.steps.extend(Step(on, skip if index == 0 else 0, fault) for index in range(times))

    def meanwhile(self, act: Callable[[], None], *, before: str = "any", skip: int = 0) -> None:
        """Let somebody else do something just before a request."""
        self.steps.append(Step(before, skip, act))

    def due(self, kind: str, path: str) -> tuple[list[Callable[[], None]], Fault | None]:
        """Return what is due now, and take it off the script."""
        acts: list[Callable[[], None]] = []
        for step in list(self.steps):
            if not step.is_for(kind, path):
                continue
            if step.skip:
                step.skip -= 1
                return acts, None
            self.steps.remove(step)
            if isinstance(step.does, Fault):
                return acts, step.does
            acts.append(step.does)
        return acts, None
