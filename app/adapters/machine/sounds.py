"""Short sounds through what the system brings: winsound on Windows, else a small program that plays WAV files."""

import logging
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from app.domain.hand_scan import Sound

log = logging.getLogger(__name__)

_PLAYERS = {"darwin": (("afplay",),), "linux": (("pw-play",), ("paplay",), ("aplay", "-q"))}
_LONGEST_SECONDS = 3.0


class WavSounds:
    """Meets SoundPlayer with the files of a folder, each named after its sound."""

    def __init__(self, folder: Path, *, system: str = sys.platform) -> None:
        self._folder = folder
        self._system = system
        self._players = [words for words in _PLAYERS.get(system, ()) if shutil.which(words[0])]
        self._turn = threading.Lock()

    def play(self, sound: Sound) -> bool:
        """Play a sound to its end; a player that fails once (no sound card, no server) is not asked again.

        May be called from any thread: one sound waits for the other.
        """
        path = self._folder / f"{sound.value}.wav"
        with self._turn:
            if self._system == "win32":
                return _play_on_windows(path)
            while self._players:
                if _run(self._players[0], path):
                    return True
                self._players.pop(0)
        return False


def _play_on_windows(path: Path) -> bool:
    if sys.platform == "win32":
        import winsound

        try:
            winsound.PlaySound(str(path), winsound.SND_FILENAME | winsound.SND_NODEFAULT)
        except RuntimeError as error:
            log.info("No sound can be played: %s", error)
            return False
        return True
    return False


def _run(words: tuple[str, ...], path: Path) -> bool:
    try:
        subprocess.run(
            [*words, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LONGEST_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.info("%s cannot play sounds: %s", words[0], error)
        return False
    return True
