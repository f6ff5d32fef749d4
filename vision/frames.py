"""Where frames come from: files at their own pace, live streams with hard deadlines.

A gap in a stream is a gap: no frame is ever invented or handed out twice.
"""

from vision.frames_file import FileSource
from vision.frames_live import LiveSource, StreamState, StreamStatus
from vision.frames_open import StreamInfo, probe, redact_url

__all__ = [
    "FileSource",
    "LiveSource",
    "StreamInfo",
    "StreamState",
    "StreamStatus",
    "probe",
    "redact_url",
]
