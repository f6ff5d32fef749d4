"""What can be wrong with what comes in through the lens. Each error names the mend.

VisionError              code, hint
├── BadWeights           not a model, wrong classes, no vehicle class
├── BadPicture           not a picture, empty, too small
├── BadVideo             not a video, no video stream, cannot be decoded
├── BadZone              polygon crosses itself, lies outside, too few points
└── StreamError          cannot open or read a stream
    ├── StreamUnreachable
    ├── StreamUnauthorised
    └── StreamTimeout
"""

from __future__ import annotations


class VisionError(Exception):
    code = "VISION_ERROR"

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class BadWeights(VisionError):
    code = "BAD_WEIGHTS"


class BadPicture(VisionError):
    code = "BAD_PICTURE"


class BadVideo(VisionError):
    code = "BAD_VIDEO"


class BadZone(VisionError):
    code = "BAD_ZONE"


class StreamError(VisionError):
    code = "STREAM_ERROR"


class StreamUnreachable(StreamError):
    code = "STREAM_UNREACHABLE"


class StreamUnauthorised(StreamError):
    code = "STREAM_UNAUTHORISED"


class StreamTimeout(StreamError):
    code = "STREAM_TIMEOUT"
