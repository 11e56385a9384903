"""The keyring of this account, and the desk that keeps secrets in it."""

from collections.abc import Callable

from app.adapters.files.account_files import DataFolderFiles
from app.adapters.machine.browser import open_browser
from app.adapters.secrets.system_keyring import SystemKeyring
from app.adapters.sheets.google_consent import GoogleConsent
from app.bootstrap.place import Place
from app.services.secret_acts import SecretDesk


def open_secret_desk(place: Place, say: Callable[[str], None]) -> SecretDesk:
    """Return the desk; `say` shows a person where to sign in. The keyring is asked at its first use."""
    return SecretDesk(SystemKeyring(), DataFolderFiles(place.data), GoogleConsent(say, open_browser))
