"""The default engine: OpenVINO on the CPU, with grey border, colour order and scaling in its graph.

The graph takes the shrunk picture as it is in memory (height x width x 3, 8 bits). Shrinking
stays outside: measured on two cores, OpenVINO's interpolation costs 2.4 to 3.5 ms of CPU a
picture where cv2 takes 0.5 ms, and with it inside a look falls below 0.9 of the bare inference.
It also lets cameras of 720p, 1080p and 4K share one compiled network.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13

from vision.detect_letterbox import GREY, Letterbox
from vision.engine import core
from vision.types import Image
from vision.weights_read import Colours, table_index

KEPT_SIZES = 4
"""Compiled networks kept at a time: one for each aspect ratio among the cameras."""


class OpenVinoEngine:
    """One compiled network for each layout of the input; made on demand."""

    def __init__(self, path: Path, colours: Colours, threads: int | None) -> None:
        self._path = path
        self._colours = colours
        self._settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if threads is not None:
            self._settings["INFERENCE_NUM_THREADS"] = threads
        self._core = core()
        self._requests: OrderedDict[Letterbox, tuple[Any, int]] = OrderedDict()

    def infer(self, image: Image, letterbox: Letterbox) -> NDArray[np.float32]:
        request, output = self._request(letterbox)
        request.infer([letterbox.shrink(image)[None]], share_inputs=True)
        table: NDArray[np.float32] = request.get_output_tensor(output).data
        return table

    def _request(self, letterbox: Letterbox) -> tuple[Any, int]:
        """A camera may change its resolution, so networks are made as sizes come up."""
        if letterbox not in self._requests:
            self._requests[letterbox] = self._compile(letterbox)
            if len(self._requests) > KEPT_SIZES:
                self._requests.popitem(last=False)
        self._requests.move_to_end(letterbox)
        return self._requests[letterbox]

    def _compile(self, letterbox: Letterbox) -> tuple[Any, int]:
        model = self._core.read_model(self._path)
        output = table_index(model)
        model.reshape([1, 3, letterbox.height, letterbox.width])
        folded = fold_input(model, letterbox, self._colours)
        compiled = self._core.compile_model(folded, "CPU", self._settings)
        return compiled.create_infer_request(), output


def fold_input(model: ov.Model, letterbox: Letterbox, colours: Colours) -> ov.Model:
    """The model with an input of (1, inner height, inner width, 3) 8-bit blue-green-red."""
    wanted = model.get_parameters()[0]
    picture = opset13.parameter(
        [1, letterbox.inner_height, letterbox.inner_width, 3], np.uint8, name="picture"
    )
    node = opset13.convert(opset13.transpose(picture, np.array([0, 3, 1, 2])), "f32")
    if colours.rgb:
        node = opset13.gather(node, np.array([2, 1, 0]), np.array(1))
    node = opset13.pad(
        node,
        np.array([0, 0, letterbox.top, letterbox.left]),
        np.array([0, 0, letterbox.bottom, letterbox.right]),
        "constant",
        np.float32(GREY),
    )
    # (pixel / scale - mean) / std as one multiplication and one subtraction
    mean, std = np.array(colours.mean, np.float32), np.array(colours.std, np.float32)
    node = opset13.multiply(
        node, (1 / (colours.scale * std)).astype(np.float32).reshape(1, 3, 1, 1)
    )
    if any(colours.mean):
        node = opset13.subtract(node, (mean / std).reshape(1, 3, 1, 1))
    node = opset13.convert(node, wanted.get_element_type().to_string())
    for target in wanted.output(0).get_target_inputs():
        target.replace_source_output(node.output(0))
    make: Any = ov.Model  # its stub names another class than it gives
    return make(model.get_results(), [picture], model.get_friendly_name())
