"""Evidence files: under their own hash, durable, honest about a full disk."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from models.errors import NotFound, Unavailable
from models.evidence import EvidenceKind
from pipeline.evidence import (
    EvidenceFiles,
    EvidenceStore,
    MemoryEvidence,
    Picture,
    close_up,
    content_key,
    crop,
    decode_jpeg,
    encode_jpeg,
    panorama,
)
from vision.types import Frame

AT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def picture_of(width: int = 64, height: int = 48) -> np.ndarray:
    """A smooth picture: JPEG keeps it nearly as it is."""
    rows = np.linspace(0, 255, height)[:, None]
    columns = np.linspace(0, 255, width)[None, :]
    return np.stack([rows + 0 * columns, 0 * rows + columns, (rows + columns) / 2], -1).astype(
        np.uint8
    )


@pytest.fixture(params=["folder", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceFiles:
    return EvidenceStore(tmp_path) if request.param == "folder" else MemoryEvidence()


def test_key_is_the_hash_of_the_bytes(files: EvidenceFiles) -> None:
    """L80: the name says what the bytes must be."""
    key = files.put(b"pixels", "jpg")
    digest = hashlib.sha256(b"pixels").hexdigest()
    assert key == f"sha256/{digest[:2]}/{digest[2:4]}/{digest}.jpg"
    assert key == content_key(b"pixels", "jpg")
    assert files.get(key) == b"pixels"


def test_putting_the_same_bytes_twice_is_one_file(tmp_path: Path) -> None:
    """A sighting that is delivered again writes nothing new; its file counts as young again, so
    that the daily clean-up of files nobody names does not take it."""
    store = EvidenceStore(tmp_path)
    key = store.put(b"same", "jpg")
    os.utime(store.path(key), (0, 0))
    written = store.path(key).stat().st_ino
    assert store.put(b"same", "jpg") == key
    assert store.path(key).stat().st_ino == written
    assert store.path(key).stat().st_mtime > 0
    assert sum(1 for path in tmp_path.rglob("*") if path.is_file()) == 1


def test_what_goes_while_old_files_are_looked_for_holds_nothing_up(tmp_path: Path) -> None:
    """A camera's half-written file that is whole by now, or one that another machine removed."""
    store = EvidenceStore(tmp_path)
    for data in (b"one", b"two", b"three"):
        os.utime(store.path(store.put(data, "jpg")), (0, 0))
    found = store.written_before(datetime.now(UTC))
    first = next(found)
    second, third = (key for key in store.written_before(datetime.now(UTC)) if key != first)
    store.remove(second)
    assert list(found) == [third]


def test_a_torn_file_is_written_again(tmp_path: Path) -> None:
    """A file of the wrong length under a content key cannot be whole."""
    store = EvidenceStore(tmp_path)
    key = store.put(b"whole", "jpg")
    store.path(key).write_bytes(b"wh")
    store.put(b"whole", "jpg")
    assert store.get(key) == b"whole"


def test_latest_picture_is_overwritten(files: EvidenceFiles) -> None:
    first = files.overwrite("camera-1", b"one", "jpg")
    second = files.overwrite("camera-1", b"two", "jpg")
    assert first == second == "latest/camera-1.jpg"
    assert files.get(first) == b"two"


@pytest.mark.parametrize(
    "key",
    ["../../etc/passwd", "sha256/aa/bb/../../../x.jpg", "/etc/passwd", "latest/../x.jpg", ""],
)
def test_keys_that_lead_outside_are_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(NotFound):
        EvidenceStore(tmp_path).get(key)


def test_unknown_key_is_not_found(files: EvidenceFiles) -> None:
    with pytest.raises(NotFound):
        files.get(content_key(b"never put", "jpg"))


def test_a_folder_in_place_of_the_file_is_unavailable(tmp_path: Path) -> None:
    """Whatever else goes wrong on reading says so and names the setting."""
    store = EvidenceStore(tmp_path)
    store.path(content_key(b"x", "jpg")).mkdir(parents=True)
    with pytest.raises(Unavailable, match="QIFEN_DATA_DIR"):
        store.get(content_key(b"x", "jpg"))


def test_store_under_a_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "not-a-folder").write_text("")
    with pytest.raises(Unavailable, match="QIFEN_DATA_DIR"):
        EvidenceStore(tmp_path / "not-a-folder").put(b"data", "jpg")


_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from models.errors import Unavailable
from pipeline.evidence import EvidenceStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = EvidenceStore(Path(sys.argv[1]))
kept = store.put(b"small", "jpg")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    store.put(b"x" * 5000, "jpg")
except Unavailable as error:
    print(error.code, error.hint)
assert store.get(kept) == b"small"
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
print(sum(1 for path in store.folder.rglob("*.part")))
"""


def test_full_disk_names_the_mend_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A real limit of the operating system in a process of its own: no half file stays."""
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    first, left_over = done.stdout.strip().splitlines()
    assert first.startswith("DISK_FULL free space")
    assert left_over == "0"


def test_panorama_is_the_whole_frame_unchanged() -> None:
    """E1: full size, nothing drawn on it."""
    image = picture_of()
    frame = Frame("cam", AT, image, pts=1.25)
    shot = panorama(EvidenceKind.E1, Picture(frame), zone="A")
    back = decode_jpeg(shot.data)
    assert back is not None
    assert back.shape == image.shape
    assert np.abs(back.astype(int) - image.astype(int)).mean() < 3
    assert (shot.captured_at, shot.pts) == (AT, 1.25)
    assert shot.details == {"size": [64, 48], "zone": "A"}


def test_close_up_holds_the_plate_and_a_margin() -> None:
    """E2: the plate's box and a third of its size around it."""
    picture = Picture(Frame("cam", AT, picture_of(100, 100)))
    shot = close_up(EvidenceKind.E2, picture, (0.4, 0.4, 0.6, 0.5))
    back = decode_jpeg(shot.data)
    assert back is not None
    assert 33 <= back.shape[1] <= 36
    assert 16 <= back.shape[0] <= 19


def test_crop_at_the_edge_is_never_empty() -> None:
    assert crop(picture_of(), (1.0, 1.0, 1.0, 1.0)).size > 0
    assert crop(picture_of(), (-0.5, -0.5, 1.5, 1.5)).shape == (48, 64, 3)


def test_compact_keeps_the_jpeg_and_lets_pixels_go() -> None:
    picture = Picture(Frame("cam", AT, picture_of()))
    data = picture.jpeg()
    picture.compact()
    assert picture.jpeg() is data
    assert picture.image().shape == (48, 64, 3)


def test_bytes_that_are_no_picture() -> None:
    assert decode_jpeg(b"") is None
    assert decode_jpeg(b"no picture") is None
    assert decode_jpeg(encode_jpeg(picture_of())) is not None
