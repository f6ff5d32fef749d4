"""One camera's worker: takes its post, works a shift, and whatever goes wrong tries again."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from models.errors import QifenError
from models.registry import HealthReport, get_camera, report_health, take_over
from pipeline.logs import get_logger
from pipeline.metrics import CameraCounters
from pipeline.shift import FENCED, Post, Shift
from vision.errors import BadWeights, VisionError
from vision.looker import CameraLooker
from vision.masks import masks_of

if TYPE_CHECKING:
    from pipeline.services import Services
    from vision.types import Detector

_FIRST_BACK_OFF_SECONDS = 1.0
_LAST_BACK_OFF_SECONDS = 30.0

_log = get_logger(__name__)


class CameraWorker:
    """Works for one camera until stopped; errors of any kind are reported, waited out and tried
    again. A worker whose camera was taken over by another one falls silent."""

    def __init__(self, services: Services, camera_id: int) -> None:
        self.camera_id = camera_id
        self.name = f"camera-{camera_id}"
        self.counters = CameraCounters()
        self.beat_at = time.monotonic()
        self._services = services
        self._stop = threading.Event()
        self._detector: Detector | None = None
        """What this camera looked with last; kept where other weights turn out to be bad."""

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        """Work until `stop`."""
        back_off = _FIRST_BACK_OFF_SECONDS
        while not self._stop.is_set():
            self._beat()
            started = time.monotonic()
            try:
                verdict = self._run_once()
                if verdict == FENCED:
                    return
                if verdict:  # the camera's settings changed: at once with the new ones
                    continue
            except (QifenError, VisionError) as error:
                _log.error("camera cannot work", camera=self.name, error=str(error))
                self._report_trouble(str(error))
            except Exception as error:
                self._services.metrics.errors.labels("worker").inc()
                _log.exception("camera worker", camera=self.name)
                self._report_trouble(f"{type(error).__name__}, see the log")
            if time.monotonic() - started > _LAST_BACK_OFF_SECONDS:
                back_off = _FIRST_BACK_OFF_SECONDS
            self._stop.wait(back_off)
            back_off = min(back_off * 2, _LAST_BACK_OFF_SECONDS)

    def _run_once(self) -> str:
        """One post: until stopped ("") or until the camera's settings changed or were taken."""
        post = self._take_post()
        detector, post = self._detector_for(post)
        self._beat()
        shift = Shift(self._services, post, self.counters, self._beat, self._stop, detector.info)
        looker = CameraLooker(
            post.name, shift.orders.zones, detector, self._services.plate_reader()
        )
        self._beat()
        return shift.work(looker)

    def _detector_for(self, post: Post) -> tuple[Detector, Post]:
        """The detector with the post's weights; where they cannot be loaded the camera goes on
        with those it had, and its page says why. Raises BadWeights where it had none."""
        try:
            self._detector = self._services.detector(post.weights)
        except BadWeights as error:
            if self._detector is None:
                raise
            _log.error("camera keeps its weights", camera=self.name, error=str(error))
            kept = self._detector.info.name
            post = replace(post, trouble=f"looks with {kept}, for: {error}")
        return self._detector, post

    def _take_post(self) -> Post:
        with self._services.store.begin() as session:
            camera = get_camera(session, self.camera_id)
            fencing = take_over(session, camera)
            self.name = camera.name
            return Post(
                camera.id, camera.name, camera.stream_url, camera.looks_per_second,
                camera.weights, fencing, masks_of(camera.privacy_masks),
            )  # fmt: skip

    def _report_trouble(self, reason: str) -> None:
        """Best effort: a worker that cannot work says so on the camera's page."""
        try:
            with self._services.store.begin() as session:
                camera = get_camera(session, self.camera_id)
                report = HealthReport("down", reason)
                report_health(
                    session, camera.id, camera.fencing, report, at=self._services.clock.now()
                )
        except QifenError:
            pass  # the database is away too; the log has it

    def _beat(self) -> None:
        self.beat_at = time.monotonic()
