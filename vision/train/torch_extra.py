"""torch and what of ultralytics the training uses; they come with the extra `qifen[yolo]`.

Imported when they are needed, like `vision.detect_ultralytics`: the core runs without them.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

from vision.detect_ultralytics import EXTRA_HINT, import_ultralytics
from vision.errors import BadWeights


def import_torch() -> Any:
    """The package. Raises BadWeights where it is missing."""
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise BadWeights("training needs torch, which is not installed", hint=EXTRA_HINT) from error


def task_aligned_assigner(classes: int) -> Any:
    """TOOD's assignment of cells to boxes, as ultralytics writes it. Raises BadWeights."""
    import_ultralytics()
    return importlib.import_module("ultralytics.utils.tal").TaskAlignedAssigner(
        topk=10, num_classes=classes, alpha=0.5, beta=6.0
    )


def complete_iou(first: Any, second: Any) -> Any:
    """CIoU of boxes (n, 4) x1, y1, x2, y2 pair by pair: (n, 1)."""
    metrics = importlib.import_module("ultralytics.utils.metrics")
    return metrics.bbox_iou(first, second, xywh=False, CIoU=True)


def use_threads(count: int) -> None:
    """How many cores torch may use, in this process."""
    os.environ.setdefault("OMP_NUM_THREADS", str(count))
    import_torch().set_num_threads(count)
