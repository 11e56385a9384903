"""What holds for all tests."""

from hypothesis import settings

# How fast this machine is proves nothing: no example fails for the time it takes.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
