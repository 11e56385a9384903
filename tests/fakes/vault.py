"""Keyrings in memory that take what Windows takes, and may stop in the middle."""

from types import SimpleNamespace
from typing import Any

from keyring.backends import Windows

LIMIT_BYTES = 2560


class StoppedVaultError(OSError):
    """The program was cut off here."""


class Vault:
    """Meets Backend. Its `stop_at`th change (from 1) is not done any more, nor is anything after it."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.kept: dict[str, Any] = {}
        self.changes = 0
        self.stop_at = stop_at

    def get_password(self, service: str, username: str) -> str | None:
        found: str | None = self.kept.get(username)
        return found

    def set_password(self, service: str, username: str, password: str) -> None:
        self.keep(username, password, password)

    def delete_password(self, service: str, username: str) -> None:
        self.drop(username)

    def users(self) -> set[str]:
        """Return the names under which anything is kept."""
        return set(self.kept)

    def keep(self, target: str, password: str, entry: object) -> None:
        if len(password.encode("utf-16-le")) > LIMIT_BYTES:
            raise CredentialError(1783, "CredWrite")
        self._change()
        self.kept[target] = entry

    def drop(self, target: str) -> None:
        self._change()
        del self.kept[target]

    def _change(self) -> None:
        self.changes += 1
        if self.stop_at is not None and self.changes >= self.stop_at:
            raise StoppedVaultError


class CredentialError(OSError):
    """An error of Windows' credentials as keyring looks at it."""

    def __init__(self, winerror: int, funcname: str) -> None:
        super().__init__(winerror, funcname)
        self.winerror = winerror
        self.funcname = funcname


class WindowsVault(Vault):
    """keyring's own way of keeping many names with Windows, over Windows' four calls in memory."""

    def get_password(self, service: str, username: str) -> str | None:
        return self._keyring().get_password(service, username)  # type: ignore[no-any-return]

    def set_password(self, service: str, username: str, password: str) -> None:
        self._keyring().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self._keyring().delete_password(service, username)

    def users(self) -> set[str]:
        return {str(each["UserName"]) for each in self.kept.values()}

    def _keyring(self) -> Any:
        calls = SimpleNamespace(CRED_TYPE_GENERIC=1, CRED_PERSIST_ENTERPRISE=3)
        calls.CredRead, calls.CredWrite, calls.CredDelete = self._read, self._write, self._delete
        vars(Windows).update(win32cred=calls, pywintypes=SimpleNamespace(error=CredentialError))
        return Windows.WinVaultKeyring()  # type: ignore[no-untyped-call]

    def _read(self, *, Type: int, TargetName: str) -> dict[str, Any]:  # noqa: N803
        if TargetName not in self.kept:
            raise CredentialError(1168, "CredRead")
        entry = self.kept[TargetName]
        return {**entry, "CredentialBlob": entry["CredentialBlob"].encode("utf-16-le")}

    def _write(self, credential: dict[str, Any], flags: int) -> None:
        self.keep(credential["TargetName"], credential["CredentialBlob"], dict(credential))

    def _delete(self, *, Type: int, TargetName: str) -> None:  # noqa: N803
        if TargetName not in self.kept:
            raise CredentialError(1168, "CredDelete")
        self.drop(TargetName)
