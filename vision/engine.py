"""The one OpenVINO core of a process."""

from __future__ import annotations

import threading

import openvino as ov

_made: list[ov.Core] = []
_turn = threading.Lock()


def core() -> ov.Core:
    """Made on first use and kept until the process ends; any thread may ask.

    OpenVINO's CPU plugin gives the thread that first uses a core a signal stack of its own, and
    unmaps it when the core goes. A core that goes in another thread leaves the first one with a
    signal stack that is no memory any more: the next SIGTERM ends the process with a segmentation
    fault instead of an orderly stop. So no core ever goes.
    """
    with _turn:
        if not _made:
            _made.append(ov.Core())
        return _made[0]
