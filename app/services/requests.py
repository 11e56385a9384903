"""Takes up what other commands ask of the program that holds the journal."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from app.domain.errors import ErrorKind, SlideferryError
from app.domain.journal import Answer, Request, Store
from app.domain.ports import Clock

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_AFTER_ERROR_SECONDS = 5.0
_OLDEST = timedelta(seconds=60)

Act = Callable[[str, Mapping[str, str], str], Awaitable[str]]
"""Does what is asked: the action's name, its arguments, the account that asks; returns what that one is told."""


class Requests:
    """Answers every request of the journal once; whatever goes wrong with one is its answer."""

    def __init__(self, store: Store, clock: Clock, act: Act) -> None:
        self._store = store
        self._clock = clock
        self._act = act

    async def serve(self) -> None:
        """Take up requests for as long as the journal is held; no error ends it, only cancelling."""
        while True:
            pause = _LOOK_SECONDS
            try:
                for request in await self._store.work(lambda journal: journal.requests()):
                    await self._serve(request)
            except SlideferryError as error:
                log.warning("Requests wait: %s", error)
            except Exception:
                pause = _AFTER_ERROR_SECONDS
                log.exception("Requests could not be served; they are looked at again in %.0f s", pause)
            await asyncio.sleep(pause)

    async def _serve(self, request: Request) -> None:
        withdrawn = await self._store.work(lambda journal: journal.answer_to(request.number))
        if withdrawn is not None:
            return
        answer = await self._answer(request)
        at = self._clock.now()
        await self._store.work(lambda journal: journal.answer(request.number, at, answer))

    async def _answer(self, request: Request) -> Answer:
        if request.unreadable:
            told = f"{request.action} of {request.who}: {request.unreadable}"
            return Answer(False, "The request cannot be read", told, "Ask again by a command", ErrorKind.USE)
        if self._clock.now() - request.at > _OLDEST:
            told = f"{request.action} of {request.who} was asked at {request.at.astimezone():%Y-%m-%d %H:%M:%S}"
            return Answer(False, "The request is too old", told, "Ask again if it is still wanted", ErrorKind.USE)
        try:
            message = await self._act(request.action, request.body, request.who)
        except SlideferryError as error:
            return Answer(False, error.title, error.message, error.hint, error.kind)
        except (KeyError, ValueError) as error:
            told = f"{request.action}: {error!r}"
            return Answer(False, "The request is not complete", told, kind=ErrorKind.USE)
        except Exception as error:
            log.exception("Request %s: %s", request.number, request.action)
            title, hint = "Something unforeseen happened", "Send the log if it happens again"
            return Answer(False, title, f"{request.action}: {error!r}", hint, ErrorKind.SURROUNDINGS)
        return Answer(ok=True, message=message)
