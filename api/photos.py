"""Photos that people send: what counts as one, before anything is kept."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from models.errors import BadInput

MAX_PIXELS = 60_000_000
MAX_BYTES = 10 * 1024 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"


def check_photo(data: bytes) -> str:
    """The media type of a readable JPEG or PNG of at most 60 megapixels and 10 MB.

    Raises BadInput (field photo).
    """
    if len(data) > MAX_BYTES:
        raise BadInput("the photo is larger than 10 MB", field="photo")
    if data.startswith(b"\xff\xd8\xff"):
        media_type = "image/jpeg"
    elif data.startswith(_PNG) and len(data) > 24:
        width, height = struct.unpack(">II", data[16:24])
        if width * height > MAX_PIXELS:  # before anything of that size is made of it
            raise BadInput("the photo has too many pixels", field="photo")
        media_type = "image/png"
    else:
        raise BadInput("the photo must be a JPEG or PNG", field="photo")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
    if picture is None or picture.size * 64 > MAX_PIXELS:
        raise BadInput("the photo cannot be read, or is too large", field="photo")
    return media_type
