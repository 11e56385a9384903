"""Who asks Google for the sheet: from the keyring's part and the folder's part, or in words why not."""

import json
from pathlib import Path

import pytest

from app.adapters.files.account_files import DataFolderFiles
from app.adapters.secrets.system_keyring import SystemKeyring
from app.adapters.sheets.google_account import google_credentials
from app.domain.errors import SlideferryError, SurroundingsError, UseError
from app.domain.google_account import SIGN_IN_FILE, SignIn, client_in, parts_of, service_account_in
from app.services.secret_acts import SecretDesk, secrets_are_well
from tests.fakes.google_sign_in import EMAIL, GoogleSignIn
from tests.fakes.vault import Vault


class NobodyConsents:
    def ask(self, client: SignIn) -> SignIn:
        raise AssertionError("nobody is to be asked")


@pytest.fixture
def secrets() -> SystemKeyring:
    return SystemKeyring(Vault())


@pytest.fixture
def key() -> dict[str, str]:
    with GoogleSignIn() as server:
        return server.key_file()


@pytest.fixture
def client() -> dict[str, dict[str, str]]:
    with GoogleSignIn() as server:
        return server.client_file()


def keep(secrets: SystemKeyring, data: Path, name: str, told: object) -> None:
    SecretDesk(secrets, DataFolderFiles(data), NobodyConsents()).keep(name, json.dumps(told).encode())


def test_a_service_account_may_do_nothing_but_spreadsheets(
    secrets: SystemKeyring, key: dict[str, str], tmp_path: Path
) -> None:
    keep(secrets, tmp_path, "google-service-account", key)
    credentials = google_credentials(secrets, tmp_path, "google-service-account")
    assert getattr(credentials, "service_account_email", None) == EMAIL
    assert getattr(credentials, "_token_uri", None) == key["token_uri"]
    assert credentials.scopes == ("https://www.googleapis.com/auth/spreadsheets",)


@pytest.mark.parametrize("name", ["google-service-account", "google-sign-in"])
def test_no_account_is_set_up(name: str, secrets: SystemKeyring, tmp_path: Path) -> None:
    with pytest.raises(UseError, match="No Google account is set up") as told:
        google_credentials(secrets, tmp_path, name)
    assert f"secret set {name} --file" in told.value.hint


def test_another_way_to_sign_in(secrets: SystemKeyring, tmp_path: Path) -> None:
    with pytest.raises(UseError, match="It was smoke-signals") as told:
        google_credentials(secrets, tmp_path, "smoke-signals")
    assert "google-sign-in" in told.value.hint


def test_parts_that_are_gone_damaged_or_anothers(secrets: SystemKeyring, key: dict[str, str], tmp_path: Path) -> None:
    beside = tmp_path / "google-account.json"

    def problem() -> SlideferryError:
        with pytest.raises(SurroundingsError, match="not whole") as told:
            google_credentials(secrets, tmp_path, "google-service-account")
        assert "secret set google-service-account" in told.value.hint
        assert told.value.__cause__ is None or isinstance(told.value.__cause__, OSError)
        return told.value

    keep(secrets, tmp_path, "google-service-account", key)
    whole = beside.read_text("utf-8")
    beside.unlink()
    assert str(beside) in problem().message
    for damaged in ("", "{", "[]", "{}", whole.replace(EMAIL, "other@x.iam.gserviceaccount.com"), '{"a": 1}'):
        beside.write_text(damaged, encoding="utf-8")
        problem()
    beside.write_text(whole, encoding="utf-8")
    secrets.put("google-service-account", "no JSON")
    problem()


def test_a_sign_in_is_joined_from_its_parts(
    secrets: SystemKeyring, client: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    parts = parts_of(client_in(json.dumps(client)))
    secrets.put("google-sign-in", parts.secret.replace('"refresh_token": ""', '"refresh_token": "1//x"'))
    (tmp_path / SIGN_IN_FILE).write_text(parts.beside, encoding="utf-8")
    credentials = google_credentials(secrets, tmp_path, "google-sign-in")
    assert getattr(credentials, "refresh_token", None) == "1//x"
    assert getattr(credentials, "token_uri", None) == client["installed"]["token_uri"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"type": "authorized_user"}, '"type"'),
        ({"client_email": ""}, '"client_email" is missing'),
        ({"client_email": "nobody"}, "no e-mail address"),
        ({"private_key": None}, '"private_key" is missing'),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nabc"}, "no whole key"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nabcde\n-----END PRIVATE KEY-----\n"}, "no whole key"),
        ({"token_uri": "http://oauth2.googleapis.com/token"}, '"token_uri" is no https address'),
        ({"token_uri": "https:///token"}, '"token_uri" is no https address'),
        ({"installed": {}}, "client's file"),
    ],
)
def test_a_key_file_that_is_none(changes: dict[str, object], told: str, key: dict[str, str]) -> None:
    with pytest.raises(UseError) as found:
        service_account_in(json.dumps(key | changes))
    assert told in found.value.message
    assert key["private_key"][40:80] not in repr(found.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("garbage", "no JSON"),
        ("[]", "no JSON object"),
        ("{}", "installed"),
        ('{"web": {}}', "web server"),
        ('{"type": "service_account"}', "service account"),
        ('{"installed": {"client_id": "x"}}', "missing"),
    ],
)
def test_a_client_file_that_is_none(text: str, told: str) -> None:
    with pytest.raises(UseError) as found:
        client_in(text)
    assert told in found.value.message


def test_an_account_shows_no_secret(key: dict[str, str], client: dict[str, dict[str, str]]) -> None:
    for account in (service_account_in(json.dumps(key)), client_in(json.dumps(client))):
        for shown in (repr(account), repr(parts_of(account)), parts_of(account).beside):
            assert "PRIVATE" not in shown
            assert "GOCSPX" not in shown
            assert key["private_key_id"] not in shown


def test_a_key_that_signs_nothing_is_told_without_it(
    secrets: SystemKeyring, key: dict[str, str], tmp_path: Path
) -> None:
    body = "QUJD" * 20
    key["private_key"] = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
    keep(secrets, tmp_path, "google-service-account", key)
    with pytest.raises(SurroundingsError, match="key cannot be used") as told:
        google_credentials(secrets, tmp_path, "google-service-account")
    assert EMAIL in told.value.message
    assert told.value.__cause__ is None


def test_settings_that_need_google_need_an_account(secrets: SystemKeyring, key: dict[str, str], tmp_path: Path) -> None:
    assert "none" in secrets_are_well(secrets, "ada", google_needed=False)
    with pytest.raises(UseError, match="No Google account"):
        secrets_are_well(secrets, "ada", google_needed=True)
    keep(secrets, tmp_path, "google-service-account", key)
    assert "google-service-account" in secrets_are_well(secrets, "ada", google_needed=True)

    class NoKeyring(SystemKeyring):
        def names(self) -> tuple[str, ...]:
            raise SurroundingsError("This account has no keyring", "none", "")

    assert "This account has no keyring" in secrets_are_well(NoKeyring(), "ada", google_needed=False)
    with pytest.raises(SurroundingsError, match="no keyring"):
        secrets_are_well(NoKeyring(), "ada", google_needed=True)


def test_a_folder_that_cannot_be_written(key: dict[str, str], secrets: SystemKeyring, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SurroundingsError, match="data folder"):
        keep(secrets, tmp_path / "file" / "data", "google-service-account", key)
