"""The same models through ONNX Runtime, for machines where OpenVINO does not run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from vision.detect_letterbox import Letterbox
from vision.errors import BadWeights
from vision.types import Image
from vision.weights_read import Colours


class OnnxRuntimeEngine:
    """Letterbox and colours in numpy, the network in ONNX Runtime on the CPU."""

    def __init__(self, path: Path, colours: Colours, threads: int | None) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors share no base class but Exception
            raise BadWeights(
                f"ONNX Runtime cannot run {path.name}",
                hint="use the backend openvino, or export the model again",
            ) from error
        taken = self._session.get_inputs()[0]
        self._input_name = str(taken.name)
        self._type = np.float16 if taken.type == "tensor(float16)" else np.float32
        ranks = [len(output.shape) for output in self._session.get_outputs()]
        self._output_name = str(self._session.get_outputs()[ranks.index(3)].name)
        self._colours = colours

    def infer(self, image: Image, letterbox: Letterbox) -> NDArray[np.float32]:
        blob = to_blob(letterbox.apply(image), self._colours).astype(self._type, copy=False)
        tables = self._session.run([self._output_name], {self._input_name: blob})
        return np.asarray(tables[0], np.float32)


def to_blob(letterboxed: Image, colours: Colours) -> NDArray[np.float32]:
    """(1, 3, height, width) as the network was trained on, from height x width x 3 BGR."""
    ordered = letterboxed[:, :, ::-1] if colours.rgb else letterboxed
    blob = ordered.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(colours.scale)
    mean = np.array(colours.mean, np.float32).reshape(1, 3, 1, 1)
    std = np.array(colours.std, np.float32).reshape(1, 3, 1, 1)
    return np.ascontiguousarray((blob - mean) / std)
