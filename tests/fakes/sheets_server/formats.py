"""How cells look: the default look, and colours as Google keeps them."""

import struct
from collections.abc import Mapping
from typing import Any

WHITE = {"red": 1, "green": 1, "blue": 1}

DEFAULT: dict[str, Any] = {
    "backgroundColor": WHITE,
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColor": {},
        "fontFamily": "arial,sans,sans-serif",
        "fontSize": 10,
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "foregroundColorStyle": {"rgbColor": {}},
    },
    "backgroundColorStyle": {"rgbColor": WHITE},
}

_THEME: dict[str, tuple[int, int, int]] = {
    "TEXT": (0, 0, 0),
    "BACKGROUND": (255, 255, 255),
    "ACCENT1": (66, 133, 244),
    "ACCENT2": (234, 67, 53),
    "ACCENT3": (251, 188, 4),
    "ACCENT4": (52, 168, 83),
    "ACCENT5": (255, 109, 1),
    "ACCENT6": (70, 189, 198),
    "LINK": (17, 85, 204),
}


def single(number: float) -> float:
    """Return a number as it comes out of 32 bits: the shortest text that reads back the same."""
    packed = struct.pack("f", number)
    (number,) = struct.unpack("f", packed)
    for digits in range(1, 10):
        short = float(f"{number:.{digits}g}")
        if struct.pack("f", short) == packed:
            return int(short) if short == int(short) else short
    return number


def colour(parts: Mapping[str, Any]) -> dict[str, float]:
    """Return a colour as it is kept: a byte a part, zeros left out."""
    kept = {}
    for name in ("red", "green", "blue"):
        byte = -int(-(float(parts.get(name) or 0) * 255 - 0.5) // 1)
        if byte > 0:
            kept[name] = single(min(byte, 255) / 255)
    return kept


def theme() -> dict[str, Any]:
    """Return the theme of a new spreadsheet."""
    colours = [
        {
            "colorType": name,
            "color": {"rgbColor": colour(dict(zip(WHITE, (part / 255 for part in parts), strict=True)))},
        }
        for name, parts in _THEME.items()
    ]
    return {"primaryFontFamily": "Arial", "themeColors": colours}


def kept_format(entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return a cell's format as it is kept: colours cut to bytes, each beside its newer form."""
    result: dict[str, Any] = {}
    for name, value in entered.items():
        if name.endswith("Color") and isinstance(value, Mapping):
            result[name] = colour(value)
            result[f"{name}Style"] = {"rgbColor": colour(value)}
        elif name.endswith("ColorStyle") and isinstance(value, Mapping):
            if "rgbColor" in value:
                result[name] = {"rgbColor": colour(value["rgbColor"] or {})}
                result[name.removesuffix("Style")] = colour(value["rgbColor"] or {})
            else:
                result[name] = dict(value)
        else:
            result[name] = kept_format(value) if isinstance(value, Mapping) else value
    return result


def combined(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message with another laid over it, part by part; colours are taken whole."""
    result = dict(base)
    for name, value in over.items():
        below = result.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping) and "Color" not in name:
            value = combined(below, value)
        result[name] = value
    return result
