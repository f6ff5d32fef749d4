"""Pictures that stay as the decoder left them until somebody asks."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.frames_picture import DecodedPicture
from vision.types import Frame, Image, grey_picture

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def street(width: int = 640, height: int = 360) -> Image:
    """Smooth shapes in colour, from black to white: what survives the way to yuv and back."""
    chance = np.random.default_rng(5)
    coarse = chance.integers(0, 256, (9, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def decoded(image: Image, pixel_format: str = "yuv420p") -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format=pixel_format)


def apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def test_colour_is_what_the_decoder_makes_of_it() -> None:
    """Not a pixel differs from libav's own conversion: evidence is the picture as it came."""
    frame = decoded(street())
    expected = frame.to_ndarray(format="bgr24")
    assert np.array_equal(DecodedPicture(frame).colour(), expected)


def test_colour_is_made_once_for_those_who_hold_it_and_then_let_go() -> None:
    """Six megabytes at 1080p: two readers of one look share them, nobody keeps them."""
    picture = DecodedPicture(decoded(street()))
    first = picture.colour()
    assert picture.colour() is first
    before, held = first.copy(), weakref.ref(first)
    del first
    assert held() is None, "still in memory though nobody holds it"
    assert np.array_equal(picture.colour(), before)


@pytest.mark.parametrize(
    "pixel_format", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12", "gray", "rgb24"]
)
def test_grey_is_the_grey_of_the_colour_picture(pixel_format: str) -> None:
    """Black is 0 and white 255 whatever range the camera counts in: the limits of the view's
    health mean the same on a stream and on a picture."""
    picture = DecodedPicture(decoded(street(), pixel_format))
    ours, expected = picture.grey(320), grey_picture(picture.colour(), 320)
    assert ours.shape == expected.shape == (180, 320)
    assert ours.dtype == np.uint8
    assert apart(ours, expected) < 1.5


def test_a_width_that_is_no_multiple_of_the_decoders_lines() -> None:
    """Decoders pad their rows; the padding is no part of the picture."""
    picture = DecodedPicture(decoded(street(638, 360)))
    assert picture.size == (638, 360)
    assert picture.grey(960).shape == (360, 638)
    assert apart(picture.grey(960), grey_picture(picture.colour(), 960)) < 1.5


def test_threads_may_convert_the_same_picture_at_once() -> None:
    """The eyes read it while the pen writes the console's picture."""
    frame = decoded(street(1280, 720))
    expected = frame.to_ndarray(format="bgr24")
    picture = DecodedPicture(frame)
    gate = threading.Barrier(4)

    def convert(_: int) -> bool:
        gate.wait()
        return all(np.array_equal(picture.colour(), expected) for _ in range(10))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(convert, range(4)))


def test_a_frame_takes_either_kind_of_picture() -> None:
    """Pixels at hand (tests, held sightings) and decoded pictures answer alike."""
    image = street()
    plain, lazy = Frame("c", AT, image), Frame("c", AT, DecodedPicture(decoded(image)))
    assert plain.image is image
    assert plain.size == lazy.size == (640, 360)
    assert lazy.image.shape == image.shape
    assert apart(plain.grey(320), lazy.grey(320)) < 2
