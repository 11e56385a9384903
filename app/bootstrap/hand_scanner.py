"""Builds what the window sets up and answers the hand scanner with."""

from pathlib import Path

from app.adapters.files.settings_file import TomlSettingsFile
from app.adapters.imaging.symbols import ZxingSymbols
from app.adapters.machine.sounds import WavSounds
from app.adapters.reports import PrintedSymbols
from app.bootstrap.place import Place, resources
from app.domain.settings import Settings
from app.services.hand_scanner import HandScanner


def open_hand_scanner(place: Place, settings: Settings, folder: Path) -> HandScanner:
    """Return the hand scanner of this station; its printed sheet goes into `folder`."""
    return HandScanner(
        settings.wedge,
        ZxingSymbols(),
        PrintedSymbols(resources() / "fonts"),
        TomlSettingsFile(place.settings_file),
        WavSounds(resources() / "sounds"),
        folder=folder,
    )
