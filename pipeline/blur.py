"""Copies of pictures that leave the evidence store: JPEG in, JPEG out, nobody else to be made out.

`vision.blur` decides what is hidden. Here copies are made one at a time, and the last few are
kept: a page that renews itself asks for the same one again and again.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable

from models.errors import Unavailable
from pipeline.evidence import decode_jpeg, encode_jpeg
from pipeline.logs import get_logger
from vision.blur import Eyes, blur
from vision.types import Box

_KEPT = 32
"""Copies of 1080p pictures are about 200 KB: six megabytes."""

_log = get_logger(__name__)


class CopyDesk:
    """Makes blurred copies; safe for any number of threads."""

    def __init__(self, load_eyes: Callable[[], Eyes] | None = None) -> None:
        """load_eyes: what looks for that which is to be hidden; None: what comes with Qifen."""
        self._load_eyes = load_eyes
        self._eyes: Eyes | None = None
        self._turn = threading.Lock()
        self._kept: OrderedDict[tuple[str, Box | None], bytes] = OrderedDict()

    def copy(self, data: bytes, keep_box: Box | None) -> bytes:
        """A JPEG in which only the subject in `keep_box` (0..1) is clear.

        Raises Unavailable where `data` is no picture: what cannot be looked at is not shown.
        """
        wanted = hashlib.sha256(data).hexdigest(), keep_box
        with self._turn:
            made = self._kept.pop(wanted, None)
            if made is None:
                made = self._make(data, keep_box)
            self._kept[wanted] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made

    def _make(self, data: bytes, keep_box: Box | None) -> bytes:
        image = decode_jpeg(data)
        if image is None:
            raise Unavailable("the picture cannot be opened, so it is not shown")
        if self._eyes is None and self._load_eyes is not None:
            self._eyes = self._load_eyes()
        done = blur(image, keep_box, self._eyes)
        if done.trouble:
            _log.error("blurred without looking", error=done.trouble)
        return encode_jpeg(done.image, quality=85)
