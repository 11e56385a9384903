"""Secrets of any length in a keyring of short ones: cut off anywhere, the old or the new one is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.secrets.pieces import PIECE_CHARACTERS
from app.adapters.secrets.system_keyring import INDEX, SystemKeyring
from app.domain.errors import SurroundingsError
from tests.fakes.vault import CredentialError, StoppedVaultError, Vault, WindowsVault

NAME = "google-service-account"
SHORT = "short"
LONG, LONGER = "k" * (3 * PIECE_CHARACTERS + 1), "\N{GRINNING FACE}" * (5 * PIECE_CHARACTERS)
"""The second one takes two units of UTF-16 a character, the most there can be."""

ON_EACH_VAULT = pytest.mark.parametrize("kind", [Vault, WindowsVault])


@given(
    st.sampled_from([Vault, WindowsVault]),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=2000), min_size=1, max_size=4),
)
def test_any_text_comes_back_and_leaves_nothing_of_older_ones(kind: type[Vault], values: list[str]) -> None:
    vault = kind()
    keyring = SystemKeyring(vault)
    for value in values:
        keyring.put(NAME, value)
        assert keyring.get(NAME) == value
    once = kind()
    SystemKeyring(once).put(NAME, values[-1])
    assert len(vault.users()) == len(once.users())
    assert keyring.clear(NAME)
    assert vault.kept == {}


@pytest.mark.parametrize("value", [SHORT, LONG, LONGER, "in pieces: a 1 " + "0" * 64, "in pieces: "])
def test_a_value_that_looks_like_our_own_notes_is_a_value(value: str) -> None:
    keyring = SystemKeyring(Vault())
    keyring.put(NAME, value)
    assert keyring.get(NAME) == value


def stopped(vault: Vault, stop_at: int) -> tuple[Vault, SystemKeyring]:
    """Return a copy that stops at its `stop_at`th change."""
    copy = type(vault)(stop_at)
    copy.kept = dict(vault.kept)
    return copy, SystemKeyring(copy)


def changes_of(vault: Vault, value: str | None) -> int:
    """Return how many changes it takes to put a value (None: to clear)."""
    copy, keyring = stopped(vault, 10**6)
    keyring.clear(NAME) if value is None else keyring.put(NAME, value)
    return copy.changes


@ON_EACH_VAULT
@pytest.mark.parametrize("old", [None, SHORT, LONG, LONGER])
@pytest.mark.parametrize("new", ["other", LONGER[1:], LONG[1:]])
def test_cut_off_anywhere_the_old_or_the_new_one_is_whole(old: str | None, new: str, kind: type[Vault]) -> None:
    vault = kind()
    SystemKeyring(vault).put("other-one", "stays")
    if old is not None:
        SystemKeyring(vault).put(NAME, old)
    seen = set()
    for stop_at in range(1, changes_of(vault, new) + 1):
        left, keyring = stopped(vault, stop_at)
        with pytest.raises(SurroundingsError) as told:
            keyring.put(NAME, new)
        assert isinstance(told.value.__cause__, StoppedVaultError)
        left.stop_at = None
        seen.add(keyring.get(NAME))
        assert (NAME in keyring.names()) == (keyring.get(NAME) is not None)
        assert keyring.get("other-one") == "stays"
        keyring.put(NAME, new)
        assert keyring.get(NAME) == new
        assert keyring.clear(NAME)
        assert keyring.names() == ("other-one",)
        assert left.users() == {"other-one", INDEX}, "pieces were left behind"
    assert seen - {new} == {old}


@ON_EACH_VAULT
@pytest.mark.parametrize("old", [SHORT, LONG, LONGER])
def test_a_cut_off_clearing_is_seen_and_can_be_done_again(old: str, kind: type[Vault]) -> None:
    vault = kind()
    SystemKeyring(vault).put(NAME, old)
    for stop_at in range(1, changes_of(vault, None) + 1):
        left, keyring = stopped(vault, stop_at)
        with pytest.raises(SurroundingsError):
            keyring.clear(NAME)
        left.stop_at = None
        if left.users() - {INDEX}:
            assert keyring.names() == (NAME,), "what is left of a secret must be seen"
        keyring.clear(NAME)
        assert left.kept == {}


@ON_EACH_VAULT
def test_the_vaults_refuse_what_windows_refuses(kind: type[Vault]) -> None:
    vault = kind()
    vault.set_password("Slideferry", "a", "k" * 1280)
    with pytest.raises(CredentialError):
        vault.set_password("Slideferry", "a", "k" * 1281)


def test_a_missing_piece_is_told_and_no_other_text_is_returned() -> None:
    vault = Vault()
    keyring = SystemKeyring(vault)
    keyring.put(NAME, LONG)
    for lost in [name for name in vault.kept if name.startswith(f"{NAME} (")]:
        kept = vault.kept.pop(lost)
        with pytest.raises(SurroundingsError, match="not whole") as told:
            keyring.get(NAME)
        assert NAME in told.value.message
        assert f"secret set {NAME}" in told.value.hint
        vault.kept[lost] = kept
    assert keyring.get(NAME) == LONG


def test_names_that_are_lost_are_found_or_written_anew() -> None:
    vault = Vault()
    keyring = SystemKeyring(vault)
    keyring.put(NAME, LONG)
    keyring.put("smtp", "x")
    vault.kept[INDEX] = "in pieces: a 9 " + "0" * 64
    assert keyring.names() == (NAME,)
    keyring.put("smtp", "y")
    assert keyring.names() == (NAME, "smtp")


def test_what_there_never_was() -> None:
    keyring = SystemKeyring(Vault())
    assert keyring.get(NAME) is None
    assert not keyring.clear(NAME)
    assert keyring.names() == ()
