"""Field masks: which parts of a message are answered, and which are written."""

import re
from collections.abc import Mapping
from typing import Any

from tests.fakes.sheets_server.errors import InvalidError

Mask = dict[str, "Mask"]

_TOKEN = re.compile(r"\s*([A-Za-z0-9_*@]+|[(),./])")


def parse_mask(text: str) -> Mask:
    """Return a mask as a tree; a leaf without branches means all below it. Raises InvalidError."""
    tokens, position = [], 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise InvalidError(f"Invalid field mask: {text}")
        tokens.append(match[1])
        position = match.end()
    tree, rest = _fields(tokens)
    if rest:
        raise InvalidError(f"Invalid field mask: {text}")
    return tree


def _fields(tokens: list[str]) -> tuple[Mask, list[str]]:
    tree: Mask = {}
    while tokens and tokens[0] != ")":
        path, branch = [], None
        while tokens and tokens[0] not in (",", ")"):
            token, tokens = tokens[0], tokens[1:]
            if token == "(":
                branch, tokens = _fields(tokens)
                if not tokens:
                    raise InvalidError("Invalid field mask")
                tokens = tokens[1:]
            elif token not in "./":
                path.append(_camel(token))
        _graft(tree, path, branch or {})
        tokens = tokens[1:] if tokens and tokens[0] == "," else tokens
    return tree, tokens


def _graft(tree: Mask, path: list[str], branch: Mask) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    if path:
        tree.setdefault(path[-1], {}).update(branch)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(each.capitalize() for each in rest)


def pruned(message: Any, mask: Mask) -> Any:
    """Return only what the mask names of a message; lists are gone through."""
    if not mask or "*" in mask:
        return message
    if isinstance(message, list):
        return [pruned(each, mask) for each in message]
    if not isinstance(message, Mapping):
        return message
    return {name: pruned(message[name], branch) for name, branch in mask.items() if name in message}


def written(target: Mapping[str, Any], source: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """Return `target` with what the mask names taken from `source`; what the source lacks there is cleared."""
    if "*" in mask:
        mask = {name: {} for name in {*target, *source}}
    result = dict(target)
    for name, branch in mask.items():
        new = source.get(name)
        if branch and isinstance(new, Mapping | None):
            new = written(target.get(name) or {}, new or {}, branch)
        if new is None or new == {}:
            result.pop(name, None)
        else:
            result[name] = new
    return result
