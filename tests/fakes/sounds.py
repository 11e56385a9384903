"""A PC's loudspeaker that remembers what it played."""

from app.domain.hand_scan import Sound


class HeardSounds:
    """Meets SoundPlayer; `broken` makes it a PC without sound."""

    def __init__(self) -> None:
        self.heard: list[Sound] = []
        self.broken = False

    def play(self, sound: Sound) -> bool:
        if self.broken:
            return False
        self.heard.append(sound)
        return True
