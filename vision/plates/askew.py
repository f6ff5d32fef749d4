"""A plate whose corners were not quite right: in which other quadrilaterals it may stand upright.

The locator's corners of a small or blurred plate are off by some pixels, and a picture that was cut
to a plate's upright box holds it slanted. Letters that lean are misread; looked at once more with
the lean taken out they are often plain.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vision.plates.rectify import Quad

_LEANS: Final = (
    (0.28, 0.0),
    (-0.28, 0.0),
    (0.18, 0.10),
    (-0.18, -0.10),
    (0.18, -0.10),
    (-0.18, 0.10),
)
"""How far the upper edge is moved along itself, in shares of the height, and how far the right side
is moved down and the left one up, in shares of it. A multiple of the network's views."""


def leanings(quad: Quad) -> list[Quad]:
    """`quad` (top left, top right, bottom right, bottom left) leaned and turned in six ways."""
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    level = along / max(1e-6, float(np.linalg.norm(along))) * float(np.linalg.norm(down))
    upper = np.array([0.5, 0.5, -0.5, -0.5], np.float32)[:, None]
    right = np.array([-1, 1, 1, -1], np.float32)[:, None]
    return [
        np.asarray(quad + lean * upper * level + turn * right * down, np.float32)
        for lean, turn in _LEANS
    ]
