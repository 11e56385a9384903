"""One section of a settings file changes, everything else keeps its bytes."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import UseError
from app.domain.settings import Settings
from app.domain.settings_edit import with_section
from app.domain.settings_text import parse_settings, settings_to_toml

LEARNED = {"gap_ms": 12.0, "prefix": "~", "suffix": "enter", "translate": ("zy", "yz", "ß-")}
BY_HAND = """# ours, since May
[scanner]
name = 'Raven'   # the old one
watch = "D:/scans"

[wedge]
# the grey one from stores
gap_ms = 30      # slow
translate = [
  "zy",  # [layout]
  "yz",
]
sound = false

# last thing
[lab]
operators = [
  "Ann, a@b.org, AB",
]
"""


def test_keys_change_in_their_line_and_new_ones_follow_them() -> None:
    wanted = BY_HAND.replace("gap_ms = 30      # slow", "gap_ms = 12.0      # slow")
    old_list = wanted[wanted.index("translate") : wanted.index("sound")]
    wanted = wanted.replace(old_list, 'translate = ["zy", "yz", "ß-"]\n')
    wanted = wanted.replace("sound = false\n", 'sound = false\nprefix = "~"\nsuffix = "enter"\n')
    assert with_section(BY_HAND, "wedge", LEARNED, name="x") == wanted


@pytest.mark.parametrize("text", ["", "[lab]\nname = 'x'", "[lab]\nname = 'x'\n", "# nothing yet\n\n"])
def test_a_missing_section_is_added_at_the_end(text: str) -> None:
    made = with_section(text, "wedge", LEARNED, name="x")
    assert made.startswith(text)
    read = parse_settings(made, name="x").wedge
    assert (read.gap_ms, read.prefix, read.suffix, read.translate) == tuple(LEARNED.values())


def test_line_ends_of_windows_stay() -> None:
    text = "[wedge]\r\ngap_ms = 30\r\n[lab]\r\nname = 'x'\r\n"
    made = with_section(text, "wedge", {"gap_ms": 8.0, "prefix": ""}, name="x")
    assert made == "[wedge]\r\ngap_ms = 8.0\r\nprefix = \"\"\r\n[lab]\r\nname = 'x'\r\n"


@pytest.mark.parametrize(
    "text",
    ["wedge = { gap_ms = 30 }\n", "wedge.gap_ms = 30\n", "[wedge", "[[wedge]]\ngap_ms = 30\n", "wedge = 3"],
)
def test_what_only_a_person_can_change_is_left_with_the_lines_to_write(text: str) -> None:
    with pytest.raises(UseError) as raised:
        with_section(text, "wedge", {"gap_ms": 8.0}, name="settings.toml")
    assert "settings.toml" in raised.value.message
    assert "[wedge]\ngap_ms = 8.0" in raised.value.hint


@pytest.mark.parametrize(
    "text", ["[lab]\nname = '''\n[wedge]\ngap_ms = 3\n'''\n", "[lab]\noperators = [\n'''\n[wedge]''',\n'x']\n"]
)
def test_what_only_looks_like_the_section_is_left_alone(text: str) -> None:
    made = with_section(text, "wedge", {"gap_ms": 8.0}, name="x")
    assert made.startswith(text)
    assert tomllib.loads(made)["wedge"] == {"gap_ms": 8.0}


@given(
    st.floats(2.0, 40.0),
    st.text(st.characters(codec="utf-8"), max_size=6),
    st.lists(st.text(st.characters(codec="utf-8"), min_size=2, max_size=2), unique_by=lambda pair: pair[0], max_size=4),
)
def test_whatever_was_learned_reads_back_from_the_whole_file(gap_ms: float, prefix: str, pairs: list[str]) -> None:
    values = {"gap_ms": gap_ms, "prefix": prefix, "translate": tuple(pairs)}
    for text in (settings_to_toml(Settings()), BY_HAND, ""):
        read = parse_settings(with_section(text, "wedge", values, name="x"), name="x")
        assert (read.wedge.gap_ms, read.wedge.prefix, read.wedge.translate) == (gap_ms, prefix, tuple(pairs))
        assert read.scanner == parse_settings(text, name="x").scanner
