"""Which model a camera looks with: checked before it is written down, in one form for all doors."""

from __future__ import annotations

from models.errors import BadInput
from vision.errors import BadWeights
from vision.weights import BUNDLED, resolve_weights


def checked_weights(value: str | None) -> str | None:
    """The weights as they are written down: a name of ours, or the file's full path, so that
    cameras with equal weights share one detector. None or blanks: the installation's own.

    Raises BadInput (field weights) saying why they cannot be used; the camera then keeps its own.
    """
    asked = (value or "").strip()
    if not asked:
        return None
    try:
        weights = resolve_weights(asked)
    except BadWeights as error:
        raise BadInput(error.message, field="weights", code=error.code, hint=error.hint) from error
    return weights.name if weights.name in BUNDLED else str(weights.path)
