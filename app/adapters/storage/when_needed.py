"""Mappings that are read from their text when somebody looks into them: most scans of a journal are only counted."""

import json
from abc import abstractmethod
from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from app.domain.step import StepId, StepRecord, StepState

K = TypeVar("K")
V = TypeVar("V")

# Looked up by the hundred thousand: a dictionary answers several times faster than the enum itself.
_STATES = {each.value: each for each in StepState}
_STEP_DEFAULTS: tuple[Any, ...] = (0, 0.0, "", "", "", None, None, None)


class _WhenNeeded(Mapping[K, V]):
    """Equal to the dictionary its text stands for; the text is read once."""

    __slots__ = ("_text", "_values")

    def __init__(self, text: str) -> None:
        self._text = text
        self._values: dict[K, V] | None = None

    @abstractmethod
    def _read(self, text: str) -> dict[K, V]:
        """Read the text."""

    def _known(self) -> dict[K, V]:
        if self._values is None:
            self._values = self._read(self._text)
            self._text = ""
        return self._values

    def __getitem__(self, key: K) -> V:
        return self._known()[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def __repr__(self) -> str:
        return repr(self._known())

    def keys(self) -> KeysView[K]:
        """Return the keys; as fast as a dictionary's, like the next two."""
        return self._known().keys()

    def values(self) -> ValuesView[V]:
        """Return the values."""
        return self._known().values()

    def items(self) -> ItemsView[K, V]:
        """Return both."""
        return self._known().items()


class TextsWhenNeeded(_WhenNeeded[str, str]):
    """Texts by their names, from a JSON object."""

    __slots__ = ()

    def _read(self, text: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(text)
        return found


class StepsWhenNeeded(_WhenNeeded[StepId, StepRecord]):
    """A scan's steps, from what `steps_text` made."""

    __slots__ = ()

    def _read(self, text: str) -> dict[StepId, StepRecord]:
        return {values[0]: _step_of(values) for values in json.loads(text)}


def steps_text(steps: Mapping[StepId, StepRecord]) -> str:
    """Return a scan's steps as a JSON list of lists, each without the defaults at its end."""
    return json.dumps([_values_of(record) for record in steps.values()], ensure_ascii=False, separators=(",", ":"))


def _values_of(record: StepRecord) -> list[Any]:
    if record is _untouched(record.step, record.state.value):
        return [record.step, record.state.value]
    values = [
        record.step,
        record.state.value,
        record.attempts,
        record.seconds,
        record.message,
        record.title,
        record.hint,
        _text(record.started_at),
        _text(record.ended_at),
        _text(record.retry_at),
    ]
    while len(values) > 2 and not values[-1]:
        values.pop()
    return values


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


@lru_cache(maxsize=256)
def _untouched(step: str, state: str) -> StepRecord:
    """Return a step of which nothing is known but its state: most of those to come are equal."""
    return StepRecord(StepId(step), _STATES[state])


def _step_of(values: Sequence[Any]) -> StepRecord:
    step, state, *others = values
    if not others:
        return _untouched(step, state)
    attempts, seconds, message, title, hint, *moments = (*others, *_STEP_DEFAULTS[len(others) :])
    started_at, ended_at, retry_at = map(_moment, moments)
    return StepRecord(step, _STATES[state], attempts, seconds, message, title, hint, started_at, ended_at, retry_at)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
