"""L69: what lies under a privacy mask is in no picture, and confuses neither health nor gate."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import cast

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from benchmarks import camera_effects as made
from tests.vision.stage import START, Car, Shot, Stage
from vision.appearance import GREY_WIDTH, grey_picture
from vision.frames import LiveSource
from vision.frames_picture import DecodedPicture
from vision.frames_reader import Received
from vision.gate import ChangeGate
from vision.geometry import box_iou
from vision.health import ViewMonitor
from vision.masks import (
    MaskedPicture,
    Masks,
    black_out,
    even_out,
    hidden_share,
    masks_of,
)
from vision.small import SmallLook
from vision.types import Image, ViewHealth

WINDOW = ((0.2, 0.1), (0.4, 0.1), (0.4, 0.5), (0.2, 0.5))
SLANTED = ((0.55, 0.2), (0.95, 0.3), (0.7, 0.62))
MASKS: Masks = (WINDOW, SLANTED)
UPPER: Masks = (
    ((0.0, 0.0), (1.0, 0.0), (1.0, 0.12), (0.0, 0.2)),
    ((0.7, 0.1), (1.0, 0.1), (1.0, 0.45), (0.8, 0.45)),
)
"""Houses along the top and at one side: about a third of the view."""
WINDOWS: Masks = tuple(
    ((x, y), (x + 0.1, y), (x + 0.1, y + 0.1), (x, y + 0.1))
    for y in (0.05, 0.25, 0.45)
    for x in (0.03, 0.23, 0.43, 0.63, 0.83)
)
"""A front of fifteen windows: little is hidden, but there are edges everywhere."""
FRONTS = pytest.mark.parametrize("masks", [UPPER, WINDOWS], ids=["houses", "windows"])


def coded(coding: str, pixels: str) -> VideoFrame:
    """A picture of 640x360 that has gone through an encoder: everything in it is green, what lies
    under MASKS is red and white stripes."""
    size = (640, 360)
    picture = np.full((size[1], size[0], 3), (40, 200, 40), np.uint8)
    inside = under(MASKS, size)
    stripes = np.where(np.arange(size[0]) % 8 < 4, 255, 60).astype(np.uint8)
    picture[inside] = np.broadcast_to(stripes, inside.shape)[inside, None]
    picture[inside, 2] = 255
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = cast("VideoStream", container.add_stream(coding, rate=1))
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], pixels
        frame = av.VideoFrame.from_ndarray(picture, "bgr24")
        container.mux([*stream.encode(frame), *stream.encode(None)])
    with av.open(io.BytesIO(file.getvalue()), "r") as written:
        return next(written.decode(video=0))


def under(masks: Masks, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels' middles lie under the masks, by the even-odd rule one mask at a time."""
    width, height = size
    xs, ys = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    found = np.zeros((height, width), bool)
    for mask in masks:
        inside = np.zeros_like(found)
        for (x1, y1), (x2, y2) in zip(mask, (*mask[1:], mask[0]), strict=True):
            if y1 != y2:
                inside ^= ((y1 > ys) != (y2 > ys)) & (xs < (x2 - x1) * (ys - y1) / (y2 - y1) + x1)
        found |= inside
    return found


@pytest.mark.parametrize(
    ("coding", "pixels"),
    [("libx264", "yuv420p"), ("mjpeg", "yuvj420p"), ("ffv1", "bgr0")],
)
def test_l69_nothing_of_what_lies_under_a_mask_is_in_colour_or_in_grey(
    coding: str, pixels: str
) -> None:
    """Whichever way a camera codes: no trace of the red, and the rest is as it was."""
    plain, size = DecodedPicture(coded(coding, pixels)), (640, 360)
    inside = under(MASKS, size)
    assert (plain.colour()[..., 2] > 150)[inside].mean() > 0.9, "the red is in the stream"
    untouched = plain.colour().copy()
    picture = MaskedPicture(plain, MASKS)
    assert picture.size == size
    colour, grey = picture.colour(), picture.grey(320)
    assert not colour[inside].any()
    assert (colour[..., 2] > 120).mean() == 0, "also where the coding smeared it beyond the line"
    kept = colour.any(axis=2)
    assert (colour[kept] == untouched[kept]).all()
    assert kept.mean() > 1 - inside.mean() - 0.04
    assert np.ptp(grey) < 12, "nothing but the green street, and its brightness under the masks"


def test_l69_the_grey_picture_is_the_same_whatever_goes_on_under_the_masks(stage: Stage) -> None:
    """What fills a mask is made of what may be seen alone."""
    street = np.array(grey_picture(stage.draw(Shot())))
    inside = under(MASKS, (street.shape[1], street.shape[0]))
    pictures = []
    for level in (0, 255):
        picture = street.copy()
        picture[inside] = level
        even_out(picture, MASKS)
        pictures.append(picture)
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] == street)[~inside].mean() > 0.95
    everything: Masks = (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),)
    even_out(street, everything)
    assert not street.any()


def test_l69_masks_that_overlap_hide_what_both_cover() -> None:
    crossing: Masks = (WINDOW, ((0.3, 0.2), (0.5, 0.2), (0.5, 0.4), (0.3, 0.4)))
    image = np.full((90, 160, 3), 255, np.uint8)
    black_out(image, crossing)
    assert not image[under(crossing, (160, 90))].any()


def test_l69_whoever_holds_the_picture_already_gets_no_other() -> None:
    """The decoder's picture hands out one array to all; asked for twice it stays masked."""
    picture = MaskedPicture(DecodedPicture(coded("libx264", "yuv420p")), MASKS)
    first = picture.colour()
    assert not picture.colour()[under(MASKS, picture.size)].any()
    assert not first[under(MASKS, picture.size)].any()


def test_l69_the_share_of_a_zone_that_lies_under_masks() -> None:
    zone = ((0.2, 0.1), (0.6, 0.1), (0.6, 0.5), (0.2, 0.5))
    twice = (WINDOW, WINDOW)
    assert hidden_share(zone, ()) == 0
    assert hidden_share(zone, (WINDOW,)) == pytest.approx(0.5)
    assert hidden_share(zone, twice) == pytest.approx(0.5), "what two masks cover counts once"
    assert masks_of([[[0, 0], [1, 0], [1, 1]]]) == (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),)


def test_l69_a_camera_without_masks_pays_nothing_and_one_with_masks_keeps_no_packets() -> None:
    """Without masks the decoder's own picture is handed on; with masks there is nothing that a
    clip could be cut from."""
    received = Received(coded("libx264", "yuv420p"), START, 0.0, 0)
    for masks, kind in (((), DecodedPicture), (MASKS, MaskedPicture)):
        source = LiveSource(
            "rtsp://127.0.0.1:9/none", "c", clock_now=lambda: START, clip_seconds=24, masks=masks
        )
        frame = source._frame(received)  # type: ignore[reportPrivateUsage]
        assert type(frame.picture) is kind
        assert frame.masks == len(masks)
        ring = source._ring  # type: ignore[reportPrivateUsage]
        assert (ring is None) is bool(masks)


# -- health ---------------------------------------------------------------------------------


def judged(monitor: ViewMonitor, image: Image, masks: Masks, second: float) -> ViewHealth:
    """One look as the looker has it: the grey evened out."""
    grey = np.array(grey_picture(image))
    if masks:
        even_out(grey, masks)
    at = START + timedelta(seconds=second)
    return monitor.judge(SmallLook(grey), at, second)


def settled(stage: Stage, masks: Masks) -> ViewMonitor:
    monitor = ViewMonitor()
    assert {judged(monitor, stage.draw(Shot()), masks, s) for s in range(41)} == {ViewHealth.OK}
    return monitor


@FRONTS
@pytest.mark.parametrize(
    "effect",
    [made.turn(across=0.05), made.turn(down=-0.05), made.turn(roll=3), made.turn(zoom=1.1)],
    ids=["turned", "turned down", "rolled", "zoomed"],
)
def test_l69_w03_a_camera_that_was_turned_is_found_behind_its_masks(
    stage: Stage, masks: Masks, effect: made.Effect
) -> None:
    """A mask stays where it is whatever the camera does: its edge must not speak for the view."""
    monitor, picture = settled(stage, masks), stage.draw(Shot())
    answers = [judged(monitor, effect(picture, s), masks, 41 + s) for s in range(30)]
    assert answers[-1] is ViewHealth.MOVED
    assert judged(monitor, picture, masks, 90) is ViewHealth.OK


@FRONTS
@pytest.mark.parametrize(
    "effect", [made.gain(0.6), made.gain(1.3), made.exposure_steps, made.night, made.infrared],
    ids=["darker", "brighter", "steps", "night", "infrared"],
)  # fmt: skip
def test_l69_no_alarm_for_the_light_of_a_masked_view(
    stage: Stage, masks: Masks, effect: made.Effect
) -> None:
    monitor, picture = settled(stage, masks), stage.draw(Shot())
    seen = {judged(monitor, effect(picture, s), masks, 41 + s) for s in range(40)}
    assert seen == {ViewHealth.OK}


@FRONTS
@pytest.mark.parametrize(
    ("effect", "health"),
    [(made.gain(0.02), ViewHealth.BLACK), (made.hand, ViewHealth.COVERED)],
    ids=["black", "a hand"],
)
def test_l69_a_masked_camera_that_sees_nothing_is_found(
    stage: Stage, masks: Masks, effect: made.Effect, health: ViewHealth
) -> None:
    monitor, picture = settled(stage, masks), stage.draw(Shot())
    answers = [judged(monitor, effect(picture, s), masks, 41 + s) for s in range(20)]
    assert answers[-1] is health


def test_l69_light_on_masks_wakes_no_detector(stage: Stage) -> None:
    """The gate: sun and dusk make no change of a mask's edge, a car beside it does."""
    gate = ChangeGate()
    beside = (0.6, 0.05, 1.0, 0.6)

    def changed(image: Image, second: float) -> bool:
        grey = np.array(grey_picture(image)[:, :])
        assert grey.shape[1] <= GREY_WIDTH
        even_out(grey, UPPER)
        at = START + timedelta(seconds=second)
        return gate.changed(SmallLook(grey), at, [beside], longest_seconds=1000)

    assert changed(stage.draw(Shot()), 0.0)
    gate.looked(START)
    dusk = (made.gain(1 - 0.005 * s)(stage.draw(Shot()), s) for s in range(60))
    woken = [changed(picture, 1 + s * 0.2) for s, picture in enumerate(dusk)]
    assert not any(woken)
    car = Car(1, (0.62, 0.42, 0.85, 0.6))
    assert box_iou(car.box, beside) > 0
    assert changed(stage.draw(Shot((car,))), 14.0)
