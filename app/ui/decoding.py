"""Pictures from bytes.

They are decoded in the window's own thread: what is asked for is small enough (a tile takes 3 ms, a thumbnail less than
one), and Qt's objects must never be collected as garbage in another.
"""

from PySide6.QtGui import QPixmap


def decoded(data: bytes | None) -> QPixmap:
    """Return a picture, a null one for None and for what is none."""
    picture = QPixmap()
    if data:
        picture.loadFromData(data)
    return picture
