"""Makes the sounds of resources/sounds: short, soft at both ends, told apart by their number of tones and direction.

`python packaging/sounds.py [--out FOLDER]`. The same program makes the same bytes.
"""

import argparse
import math
import struct
import wave
from pathlib import Path

ROOT = Path(__file__).parents[1]
RATE = 22_050
LOUDNESS = 0.55
SOFT_SECONDS = 0.012
SOUNDS = {
    "accepted": ((1318.5, 0.12),),
    "again": ((880.0, 0.09), (0.0, 0.06), (880.0, 0.09)),
    "refused": ((440.0, 0.16), (0.0, 0.03), (311.1, 0.34)),
}
"""Each a row of (frequency in Hz, seconds); a frequency of 0 is a rest."""


def samples(tones: tuple[tuple[float, float], ...]) -> list[int]:
    """Return signed 16-bit samples; an octave above each tone makes it carry in a noisy room."""
    made: list[int] = []
    for frequency, seconds in tones:
        count = round(seconds * RATE)
        for number in range(count):
            at = number / RATE
            edge = min(1.0, at / SOFT_SECONDS, (count - number) / RATE / SOFT_SECONDS)
            swing = math.sin(math.tau * frequency * at) + 0.35 * math.sin(2 * math.tau * frequency * at)
            made.append(round(32_767 * LOUDNESS * edge * swing / 1.35))
    return made


def main() -> None:
    """Write all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "sounds")
    out = parser.parse_args().out
    for name, tones in SOUNDS.items():
        made = samples(tones)
        with wave.open(str(out / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(struct.pack(f"<{len(made)}h", *made))


if __name__ == "__main__":
    main()
