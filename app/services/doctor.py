"""Looks at every outside thing the program needs, and says in words what to do about it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.domain.errors import SlideferryError, UseError


@dataclass(frozen=True, slots=True)
class Check:
    """One outside thing. `is_use`: the fault lies in the settings, not in the surroundings."""

    name: str
    ok: bool
    message: str
    hint: str = ""
    is_use: bool = False


Examination = tuple[str, Callable[[], str]]


async def examine(examinations: Sequence[Examination]) -> tuple[Check, ...]:
    """Run each examination in a thread; each returns what is well, or raises what is not."""
    return tuple([await asyncio.to_thread(_check, name, look) for name, look in examinations])


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, message=look())
    except SlideferryError as error:
        message = f"{error.title}: {error.message}"
        return Check(name, ok=False, message=message, hint=error.hint, is_use=isinstance(error, UseError))
