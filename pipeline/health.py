"""A camera's health as its worker knows it, and how it comes to the operators.

A look that cannot be judged counts at once: its zones stand still and its events answer
`unclear`. What people are told is the same, but a trouble is over for them only when a few
seconds of good looks have passed: a bird before the lens is one line of the history, not ten.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from models.errors import Unavailable
from models.registry import HealthReport, report_health
from pipeline.evidence import encode_jpeg
from pipeline.logs import get_logger
from pipeline.masking import PICTURE_QUALITY, picture_name
from vision.frames import StreamState, StreamStatus
from vision.health import ViewReport
from vision.health_clock import without_time_zone
from vision.types import Frame, ViewHealth

if TYPE_CHECKING:
    from pipeline.services import Services

HEALTH_SECONDS = 5.0
"""Health is written when it changes, and otherwise this often."""
PICTURE_SECONDS = 5.0
"""How old the console's latest picture may be."""
OVER_SECONDS = 5.0
"""So long looks must be good again before a trouble is over."""

_REASONS = {
    ViewHealth.BLACK: "the picture is black",
    ViewHealth.COVERED: "something covers the lens",
    ViewHealth.DEFOCUSED: "the picture is out of focus, or the lens is dirty",
    ViewHealth.MOVED: "this is not the view on which the zones were drawn",
    ViewHealth.FROZEN: "the same picture is sent again and again",
    ViewHealth.TOO_DARK: "there is too little light to judge by",
    ViewHealth.CLOCK_OFF: "the camera's clock differs from ours",
}

_log = get_logger(__name__)


class CameraHealth:
    """What is known about one camera's health, and when it was last written."""

    def __init__(self, services: Services, camera_id: int, name: str, fencing: int) -> None:
        self._services = services
        self._camera_id = camera_id
        self._name = name
        self._fencing = fencing
        self._picture_name = picture_name(camera_id)
        self._stream: StreamState | None = None
        self._view = ViewHealth.OK
        self._since: datetime | None = None
        self._good_since: datetime | None = None
        self._report: ViewReport | None = None
        self._was_down = ""
        self._clock_offset_seconds: float | None = None
        self._frame: Frame | None = None
        self._last_frame_at: datetime | None = None
        self._picture_key: str | None = None
        self._store_trouble = ""
        self.remark = ""
        """What the camera's page should say although it works."""
        self._written: tuple[str, str] | None = None
        self._write_due = self._picture_due = 0.0

    def note_look(self, frame: Frame, view: ViewHealth, report: ViewReport | None = None) -> None:
        """What one look found."""
        self._frame, self._last_frame_at, self._report = frame, frame.at, report
        if view is not ViewHealth.OK:
            if self._view is not view:
                # A sickness may change its name while it lasts; another one begins anew.
                self._since = (report.since if report else None) or self._since or frame.at
            self._view, self._good_since = view, None
            return
        if self._view is ViewHealth.OK:
            return
        self._good_since = self._good_since or frame.at
        if frame.at - self._good_since >= timedelta(seconds=OVER_SECONDS):
            self._view, self._since = ViewHealth.OK, self._good_since
            self._good_since = None

    def note_stream(self, state: StreamState) -> None:
        if state.status is StreamStatus.DOWN:
            self._was_down = state.message or state.reason
        elif state.status is StreamStatus.UP:
            self._was_down = ""
        self._stream = state

    def note_clock(
        self, offset_seconds: float | None, zone_seconds: float, limit_seconds: float
    ) -> ViewHealth:
        """What the stream tells of the camera's clock; CLOCK_OFF beyond the limit (L81)."""
        if offset_seconds is None:
            self._clock_offset_seconds = None
            return ViewHealth.OK
        offset = without_time_zone(offset_seconds, zone_seconds)
        self._clock_offset_seconds = offset
        return ViewHealth.CLOCK_OFF if abs(offset) > limit_seconds else ViewHealth.OK

    def state(self) -> tuple[str, str]:
        """unknown | down | up | the view's trouble, and why."""
        if self._was_down:  # also while it connects again
            return "down", self._was_down
        if self._stream is None or self._stream.status is not StreamStatus.UP:
            return "unknown", ""
        if self._view is ViewHealth.OK:
            return "up", self._store_trouble or self.remark
        return str(self._view), self._reason()

    def write(self, now: float, reconnects: int) -> None:
        """Write health if it changed or is due, and the latest picture if that is due."""
        state = self.state()
        if state == self._written and now < self._write_due:
            return
        self._keep_picture(now)
        state = self.state()
        since = self._since if state[0] not in {"down", "unknown"} else None
        report = HealthReport(
            *state, last_frame_at=self._last_frame_at, last_picture=self._picture_key,
            reconnects=reconnects, details=self._details(), since=since,
            clock_offset_seconds=self._clock_offset_seconds,
        )  # fmt: skip
        with self._services.store.begin() as session:
            report_health(
                session, self._camera_id, self._fencing, report, at=self._services.clock.now()
            )
        if self._written is None or self._written[0] != state[0]:
            was = self._written[0] if self._written else "unknown"
            # The reason of a stream may quote its address; the page has it without the password.
            _log.warning("camera health", camera=self._name, health=state[0], was=was)
        self._written, self._write_due = state, now + HEALTH_SECONDS

    def _reason(self) -> str:
        reason, report = _REASONS.get(self._view, "the picture cannot be judged"), self._report
        if self._view is ViewHealth.CLOCK_OFF and self._clock_offset_seconds is not None:
            return f"{reason} by {self._clock_offset_seconds:+.1f} s"
        if self._view is ViewHealth.MOVED and report is not None and report.shift_share:
            return f"{reason}; it has moved by {report.shift_share:.0%} of its width"
        return reason

    def _details(self) -> dict[str, Any] | None:
        report = self._report
        if report is None:
            return None
        return {
            "score": report.score,
            "needed": report.needed,
            "sharpness": report.sharpness,
            "shift_share": report.shift_share,
            "brightness": report.brightness,
            "textured_share": report.textured_share,
            "learning": report.learning,
        }

    def _keep_picture(self, now: float) -> None:
        frame = self._frame
        if frame is None or now < self._picture_due:
            return
        self._frame, self._picture_due = None, now + PICTURE_SECONDS
        data = encode_jpeg(frame.image, PICTURE_QUALITY)
        try:
            self._picture_key = self._services.evidence.overwrite(self._picture_name, data, "jpg")
            self._store_trouble = ""
        except Unavailable as error:
            self._store_trouble = str(error)  # a full disk is told, and hides no other trouble
