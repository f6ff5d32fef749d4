"""What a camera's view looked like while it was right: kept in a file, so that a restart does not
take a turned camera for the right one (domain.md W03).

Kept are a few grey pictures of 320 pixels' width, each the median of several looks: whoever
walked or drove through is not in them, a plate is some ten pixels wide and cannot be read, a face
is a few pixels. A person who is told "moved" can hold such a picture against the present one; a
bare descriptor could not be looked at.

The first view is the one that was accepted (or learnt at the very first start). The others are
the same view in another light, each reached from the one before without a break; they follow the
light, the first one stays.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vision.appearance import Grey
from vision.errors import BadPicture
from vision.health_view import View
from vision.small import TILE, WIDTH

MOST_VIEWS = 6
"""Day, dusk, lamps, infrared, snow, one to spare; older ones make room."""
_OTHER_LIGHT = 0.85
"""A view that matches every kept one less well than this is a light not seen before."""


class Usual(NamedTuple):
    """How well a view's finest detail repeats itself while the view is sharp, see
    `View.sharpness_left` and `View.finest_left`. Bare asphalt under a weak encoder has little."""

    sharpness: float
    finest: float


class ReferenceBook:
    """The kept views of one camera; made anew with each change, never changed."""

    def __init__(self, views: Sequence[Grey], usual: Usual | None = None) -> None:
        self.views = tuple(View.of_grey(grey) for grey in views)
        self.usual = usual
        """None until it has been watched for a while."""

    @property
    def first(self) -> View:
        """The view that was accepted."""
        return self.views[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns of the small pictures."""
        return self.first.grey.shape

    def best(self, now: View, tiles: NDArray[np.bool_]) -> View:
        """The kept view that `now` matches best."""
        alike = [view for view in self.views if view.grey.shape == now.grey.shape]
        scores = [view.match(now, tiles) or 0.0 for view in alike]
        return alike[int(np.argmax(scores))] if alike else self.first

    def knows(self, view: View) -> bool:
        """Whether this light has been seen before."""
        everywhere = np.ones(view.energy.shape, dtype=bool)
        return any(
            kept.grey.shape == view.grey.shape
            and (kept.match(view, everywhere) or 0.0) >= _OTHER_LIGHT
            for kept in self.views
        )

    def with_grey(self, grey: Grey) -> ReferenceBook:
        """With one more light; the oldest learnt one makes room where there are too many."""
        greys = [kept.grey for kept in self.views]
        learnt = greys[1:][-(MOST_VIEWS - 2) :]
        return ReferenceBook([greys[0], *learnt, grey], self.usual)

    def to_bytes(self) -> bytes:
        file = io.BytesIO()
        greys = np.stack([view.grey for view in self.views if view.grey.shape == self.shape])
        usual = np.array([] if self.usual is None else self.usual, np.float64)
        np.savez_compressed(file, views=greys, usual=usual)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> ReferenceBook:
        """Read what `to_bytes` wrote. Raises BadPicture."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                views, usual = file["views"], file["usual"]
        except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise BadPicture(
                "this is no file of reference views", hint="take the reference anew"
            ) from error
        shape = views.shape
        sound = len(shape) == 3 and shape[0] >= 1 and shape[1] > 0 and shape[1] % TILE == 0
        sound = sound and shape[2] == WIDTH and views.dtype == np.uint8
        if not sound or usual.shape not in {(0,), (2,)}:
            raise BadPicture("these reference views have another form", hint="take them anew")
        known = Usual(*(float(value) for value in usual)) if usual.size else None
        return cls([np.asarray(view, np.uint8) for view in views], known)


def median_of(looks: Sequence[Grey]) -> Grey:
    """What most of the looks show at each pixel."""
    if len(looks) == 1:
        return looks[0]
    return np.asarray(np.median(np.stack(looks), axis=0), np.uint8)
