"""Evidence files: original bytes under their own hash, and the pictures that are made of frames.

A file is written before the row that names it: a row without its file would be a broken promise,
a file without a row is only an orphan. Bytes are never changed after they were written; overlays
and blurring happen on copies (domain.md 2.7, L80).
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from models.errors import NotFound, Unavailable
from models.evidence import MASKED, EvidenceKind
from vision.types import Box, Frame, Image

JPEG_QUALITY = 92
_KEY = re.compile(
    r"(?:sha256/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}|latest/[\w-]{1,80})\.[a-z0-9]{2,5}"
)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class EvidenceFiles(Protocol):
    """Where evidence lies: a folder, or memory in a replay."""

    def put(self, data: bytes, extension: str) -> str:
        """Keep `data` for good; gives its key `sha256/ab/cd/<sha256>.<extension>`."""
        ...

    def overwrite(self, name: str, data: bytes, extension: str) -> str:
        """Keep `data` as the latest of its `name` (not evidence); gives its key."""
        ...

    def get(self, key: str) -> bytes:
        """The bytes under `key`. Raises NotFound."""
        ...

    def remove(self, key: str) -> None:
        """Take `key` out of the store; nothing happens where it is not there."""
        ...

    def written_before(self, at: datetime) -> Iterator[str]:
        """Keys of all evidence (not of latest pictures) that was last written before `at`."""
        ...


def content_key(data: bytes, extension: str) -> str:
    """The key under which `data` lies.

    >>> content_key(b"", "jpg")[:19]
    'sha256/e3/b0/e3b0c4'
    """
    digest = hashlib.sha256(data).hexdigest()
    return f"sha256/{digest[:2]}/{digest[2:4]}/{digest}.{extension}"


class EvidenceStore:
    """Evidence in a folder. Writes are atomic (temporary file, fsync, rename, fsync of folder)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes, extension: str) -> str:
        key = content_key(data, extension)
        path = self.folder / key
        if path.is_file() and path.stat().st_size == len(data):
            # It is needed again: a stray file of the same bytes is none from now on.
            os.utime(path)
        else:
            self._write(path, data, durable=True)
        return key

    def overwrite(self, name: str, data: bytes, extension: str) -> str:
        key = f"latest/{name}.{extension}"
        self._write(self.path(key), data, durable=False)
        return key

    def get(self, key: str) -> bytes:
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"no file {key} in the evidence store") from None
        except OSError as error:
            raise _unavailable(error) from error

    def remove(self, key: str) -> None:
        try:
            self.path(key).unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable(error) from error

    def written_before(self, at: datetime) -> Iterator[str]:
        for path in sorted((self.folder / "sha256").glob("*/*/*")):
            key = path.relative_to(self.folder).as_posix()
            # What a crash left half written is nobody's evidence either.
            half = path.name.startswith(".") and path.suffix == ".part"
            try:
                young = path.stat().st_mtime >= at.timestamp()
            except FileNotFoundError:
                continue  # written to its end, or removed, since the folder was read
            if young:
                continue
            if half:
                path.unlink(missing_ok=True)
            elif _KEY.fullmatch(key):
                yield key

    def path(self, key: str) -> Path:
        """Where `key` lies. A key of any other form is refused, so none leads outside."""
        if not _KEY.fullmatch(key):
            raise NotFound("no such key in the evidence store")
        return self.folder / key

    def _write(self, path: Path, data: bytes, *, durable: bool) -> None:
        temporary = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            temporary.replace(path)
            if durable:
                _sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise _unavailable(error) from error


class MemoryEvidence:
    """Evidence that lasts as long as the process: for replay and tests."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def put(self, data: bytes, extension: str) -> str:
        key = content_key(data, extension)
        self._files[key] = data
        return key

    def overwrite(self, name: str, data: bytes, extension: str) -> str:
        key = f"latest/{name}.{extension}"
        self._files[key] = data
        return key

    def get(self, key: str) -> bytes:
        try:
            return self._files[key]
        except KeyError:
            raise NotFound(f"no file {key} in the evidence store") from None

    def remove(self, key: str) -> None:
        self._files.pop(key, None)

    def written_before(self, at: datetime) -> Iterator[str]:  # noqa: ARG002
        """Memory ends with its process: nothing in it grows old."""
        return iter(())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unavailable(error: OSError) -> Unavailable:
    if error.errno in _FULL:
        return Unavailable(
            "the evidence store is full",
            code="DISK_FULL",
            hint="free space or move QIFEN_DATA_DIR; what was seen is held for five minutes",
        )
    return Unavailable(
        f"the evidence store cannot be used: {error.strerror or error}",
        hint="check that the folder under QIFEN_DATA_DIR exists and may be written",
    )


def encode_jpeg(image: Image, quality: int = JPEG_QUALITY) -> bytes:
    """JPEG of a picture as it came (H x W x 3 BGR), full size, nothing drawn on it."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def decode_jpeg(data: bytes) -> Image | None:
    """The picture again (H x W x 3 BGR), or None where the bytes are no picture."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    return None if image is None else np.asarray(image, dtype=np.uint8)


def crop(image: Image, box: Box, margin: float = 0.0) -> Image:
    """The part of `image` in `box` (0..1), widened by `margin` of its size; at least one pixel."""
    height, width = image.shape[:2]
    dx, dy = (box[2] - box[0]) * margin, (box[3] - box[1]) * margin
    left = min(max(int((box[0] - dx) * width), 0), width - 1)
    top = min(max(int((box[1] - dy) * height), 0), height - 1)
    right = max(min(int(np.ceil((box[2] + dx) * width)), width), left + 1)
    bottom = max(min(int(np.ceil((box[3] + dy) * height)), height), top + 1)
    return np.ascontiguousarray(image[top:bottom, left:right])


class Picture:
    """One frame that may become evidence: pixels now, JPEG bytes once somebody needs them."""

    def __init__(self, frame: Frame) -> None:
        self.at = frame.at
        self.pts = frame.pts
        self.size = frame.size
        self.masks = frame.masks
        self._frame: Frame | None = frame
        self._jpeg: bytes | None = None

    def jpeg(self) -> bytes:
        if self._jpeg is None:
            self._jpeg = encode_jpeg(self.image())
        return self._jpeg

    def image(self) -> Image:
        """The pixels; after `compact` they are read back from the JPEG."""
        if self._frame is not None:
            return self._frame.image
        image = decode_jpeg(self._jpeg or b"")
        if image is None:  # our own encoder's output always decodes
            raise Unavailable("a held picture cannot be read back")
        return image

    @property
    def holds_pixels(self) -> bool:
        return self._frame is not None

    def compact(self) -> None:
        """Let the pixels go and keep the JPEG, about a tenth of the memory."""
        self.jpeg()
        self._frame = None


@dataclass(frozen=True, slots=True)
class Shot:
    """A file that is about to become a row of evidence."""

    kind: EvidenceKind
    data: bytes
    captured_at: datetime
    pts: float | None
    details: dict[str, Any] = field(default_factory=dict)
    media_type: str = "image/jpeg"
    extension: str = "jpg"


def panorama(kind: EvidenceKind, picture: Picture, **details: Any) -> Shot:
    """The whole frame as it came, but for what privacy masks take out of it."""
    size = list(picture.size)
    said = {"size": size, **_masked(picture), **details}
    return Shot(kind, picture.jpeg(), picture.at, picture.pts, said)


def close_up(kind: EvidenceKind, picture: Picture, plate_box: Box, **details: Any) -> Shot:
    """The plate with a little of what is around it; cut, not enlarged."""
    data = encode_jpeg(crop(picture.image(), plate_box, margin=0.35), quality=95)
    said = {"plate_box": list(plate_box), **_masked(picture), **details}
    return Shot(kind, data, picture.at, picture.pts, said)


def _masked(picture: Picture) -> dict[str, int]:
    """Whoever looks at a picture is told that parts of it were never seen (L69)."""
    return {MASKED: picture.masks} if picture.masks else {}
