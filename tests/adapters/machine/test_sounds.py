"""Sounds are played by what the system has, and a PC without any is no trouble."""

import subprocess
import sys
import wave
from pathlib import Path

import pytest

from app.adapters.machine.sounds import WavSounds
from app.domain.hand_scan import Sound

SOUNDS = Path(__file__).parents[3] / "resources" / "sounds"

posix = pytest.mark.skipif(sys.platform == "win32", reason="the players of other systems are programs")


def player(folder: Path, name: str, *, code: int) -> Path:
    """Put a program on a path of its own that notes what it is asked to play."""
    program, log = folder / name, folder / f"{name}.log"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexit {code}\n', encoding="utf-8")
    program.chmod(0o755)
    return log


@pytest.mark.parametrize("sound", Sound)
def test_each_sound_is_a_short_plain_wav_file(sound: Sound) -> None:
    with wave.open(str(SOUNDS / f"{sound.value}.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        assert 0.1 < file.getnframes() / file.getframerate() < 0.6


def test_the_sounds_are_what_their_maker_makes(tmp_path: Path) -> None:
    maker = SOUNDS.parents[1] / "packaging" / "sounds.py"
    subprocess.run([sys.executable, str(maker), "--out", str(tmp_path)], check=True)
    for sound in Sound:
        assert (tmp_path / f"{sound.value}.wav").read_bytes() == (SOUNDS / f"{sound.value}.wav").read_bytes()


@posix
def test_the_first_player_that_works_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    broken, working = player(tmp_path, "pw-play", code=1), player(tmp_path, "aplay", code=0)
    sounds = WavSounds(SOUNDS, system="linux")
    assert [sounds.play(Sound.AGAIN), sounds.play(Sound.REFUSED)] == [True, True]
    assert len(broken.read_text(encoding="utf-8").splitlines()) == 1
    told = working.read_text(encoding="utf-8").splitlines()
    assert told == [f"-q {SOUNDS / 'again.wav'}", f"-q {SOUNDS / 'refused.wav'}"]


def test_without_a_player_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not WavSounds(SOUNDS, system="linux").play(Sound.ACCEPTED)
