"""Pictures from bytes, decoded where they keep nobody waiting."""

import asyncio

from PySide6.QtGui import QImage, QPixmap


async def decoded(data: bytes | None) -> QPixmap:
    """Return a picture, a null one for None and for what is none. It is decoded in a thread: that takes longer than
    a frame may.
    """
    image = QImage() if not data else await asyncio.to_thread(QImage.fromData, data)
    return QPixmap() if image.isNull() else QPixmap.fromImage(image)
