"""What the window can do with the hand scanner itself: show and print test codes, keep what they tell, answer aloud."""

import asyncio
from dataclasses import asdict
from pathlib import Path

from app.domain.calibration import CODES, Calibration
from app.domain.hand_scan import Sound
from app.domain.ports import SettingsFile, SheetOfSymbols, SoundPlayer, SymbolMaker
from app.domain.settings import HandScannerSettings
from app.domain.symbol import Symbol

_LEARNED = ("gap_ms", "prefix", "suffix", "translate")
_SYMBOLOGIES = ("DataMatrix", "Code128")
"""Cameras read the first at once; lasers only the second. Both say the same."""
_SHEET_NAME = "Slideferry hand scanner.pdf"


class HandScanner:
    """The hand scanner of this station. `settings` are those in force, also where they could not be kept."""

    def __init__(
        self,
        settings: HandScannerSettings,
        symbols: SymbolMaker,
        sheet: SheetOfSymbols,
        file: SettingsFile,
        sounds: SoundPlayer,
        *,
        folder: Path,
    ) -> None:
        """`folder` takes the printed sheet."""
        self.settings = settings
        self._symbols = symbols
        self._sheet = sheet
        self._file = file
        self._sounds = sounds
        self._folder = folder

    def codes(self) -> tuple[tuple[Symbol, ...], ...]:
        """Return each calibration code in the symbologies that scanners read; takes some milliseconds."""
        return tuple(tuple(self._symbols.make(text, each) for each in _SYMBOLOGIES) for text in CODES)

    async def print_sheet(self) -> Path:
        """Write the calibration codes to a page and return where it is."""
        out = self._folder / _SHEET_NAME
        await asyncio.to_thread(self._sheet.write, self.codes(), out)
        return out

    async def keep(self, learned: Calibration) -> HandScannerSettings:
        """Take what was learned into use and write it to the settings file; returns the settings now in force.

        Raises UseError or SurroundingsError where the file cannot be changed; it is in use all the same.
        """
        self.settings = learned.settings(self.settings)
        values = asdict(self.settings)
        await asyncio.to_thread(self._file.change, "wedge", {key: values[key] for key in _LEARNED})
        return self.settings

    async def sound(self, sound: Sound) -> bool:
        """Play a sound unless the settings want none; return False where this PC has no way to play it."""
        return not self.settings.sound or await asyncio.to_thread(self._sounds.play, sound)
