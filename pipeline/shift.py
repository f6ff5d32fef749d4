"""A worker's time at its camera: eyes that look, and a pen that writes, each in its own thread.

The eyes never wait for the database: what they saw goes into the holding buffer, and a database
that takes a second, or is away for a minute, makes no gap in the record. The pen hands on what is
held, asks for open watches and edited zones about once a second, and reports the camera's health.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from models.errors import Conflict, NotFound, QifenError
from models.policy import load_policy
from models.registry import get_camera
from pipeline.buffer import Held, HeldSighting, HoldingBuffer, held_items
from pipeline.clips import RING_SECONDS, ClipDesk
from pipeline.health import CameraHealth
from pipeline.health_reference import NO_REFERENCE, Reference, keep_learnt, read_reference
from pipeline.intake import Intake
from pipeline.logs import get_logger
from pipeline.metrics import CameraCounters
from pipeline.watches import WatchList, refused_zones, zones_to_watch
from vision.frames import LiveSource, StreamState
from vision.health_reference import ReferenceBook
from vision.looker import CameraLooker
from vision.masks import Masks, masks_of
from vision.types import LookResult, WatchSubject, WeightsInfo, ZoneShape

if TYPE_CHECKING:
    from pipeline.services import Services

FENCED = "FENCED"
_PEN_SECONDS = 0.2

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Post:
    """The camera as it was when this worker took it over."""

    camera_id: int
    name: str
    url: str
    looks_per_second: float
    weights: str | None
    fencing: int
    masks: Masks = ()
    """What nobody may look into."""
    trouble: str = ""
    """What the camera's page should say although it works."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What the eyes look for; replaced as a whole, never changed."""

    zones: tuple[ZoneShape, ...]
    watches: tuple[WatchSubject, ...]
    reference: Reference = NO_REFERENCE
    """The view to be held against; a new one where a person accepted another view."""
    clock_limit_seconds: float = 1.0
    zone_seconds: float = 0.0
    """The camera's time zone, ahead of UTC."""
    refused: tuple[str, ...] = ()
    """Zones that nobody has approved the camera for."""


class Shift:
    """From taking over a camera until told to stop, fenced off, or the camera is changed."""

    def __init__(
        self, services: Services, post: Post, counters: CameraCounters, beat: Callable[[], None],
        stop: threading.Event, model: WeightsInfo | None,
    ) -> None:  # fmt: skip
        self._services = services
        self._post = post
        self._counters = counters
        self._beat = beat
        self._told_to_stop = stop
        self._over = threading.Event()
        self._something = threading.Event()
        self._verdict = ""
        self._watch_list = WatchList(services.evidence)
        self._clips = ClipDesk()
        self._intake = Intake(
            services, fencing=post.fencing, model=model, on_recheck=self._clips.at_recheck
        )
        self._buffer = HoldingBuffer(self._apply, hold_seconds=services.settings.hold_seconds)
        self._health = CameraHealth(services, post.camera_id, post.name, post.fencing)
        self._health.remark = post.trouble
        self._learnt: ReferenceBook | None = None
        self._poll_due = 0.0
        self.orders = Orders((), ())
        self.orders = self._read_orders()

    def work(self, looker: CameraLooker) -> str:
        """Look until the shift is over, then hand on what is held.

        Gives why it is over: "" when told to stop, FENCED, "changed" or "gone".
        """
        source = LiveSource(
            self._post.url, self._post.name, clock_now=self._services.clock.now,
            looks_per_second=self._post.looks_per_second, stop=self._over,
            clip_seconds=RING_SECONDS, masks=self._post.masks, on_state=self._note_stream,
        )  # fmt: skip
        pen = threading.Thread(target=self._write_on, name=f"pen-{self._post.name}", daemon=True)
        pen.start()
        try:
            self._look_on(looker, source)
        finally:
            self._over.set()
            pen.join()
        return self._verdict

    # -- eyes ---------------------------------------------------------------------------------

    def _look_on(self, looker: CameraLooker, source: LiveSource) -> None:
        seen: Orders | None = None
        for frame in source:
            orders = self.orders
            if orders is not seen:
                if seen is None or orders.zones != seen.zones:
                    looker.set_zones(orders.zones)
                if seen is None or orders.reference.key != seen.reference.key:
                    self._take_reference(looker, orders.reference)
                looker.set_watches(orders.watches)
                source.want_more(self._pace(looker))
                remarks = (*looker.unserved, *orders.refused, self._post.trouble)
                self._health.remark = "; ".join(remarks).strip("; ")
                seen = orders
            started = time.monotonic()
            trouble = self._health.note_clock(
                source.clock_offset_seconds, orders.zone_seconds, orders.clock_limit_seconds
            )
            self._note_look(looker, looker.look(frame, trouble), started)
            self._keep_clips(frame.at, source)

    def _keep_clips(self, now: datetime, source: LiveSource) -> None:
        # Not in the loop above, whose names live on: the last clip would until the next one.
        for clip in self._clips.due(now, source.clip):
            self._buffer.add(clip)

    @staticmethod
    def _take_reference(looker: CameraLooker, reference: Reference) -> None:
        if not reference.own:
            looker.set_reference(reference.book)

    def _pace(self, looker: CameraLooker) -> float | None:
        """Looks a second: one at least while a vehicle is watched, whatever keyframes do; two for
        each slow look where nothing else is looked for; None for the camera's usual pace."""
        usual = self._post.looks_per_second
        if looker.watching:
            return max(1.0, usual)
        seldom = looker.seldom_seconds
        return None if seldom is None else min(usual, 2 / seldom)

    def _note_look(self, looker: CameraLooker, result: LookResult, started: float) -> None:
        counters = self._counters
        counters.frames += 1
        counters.detector_calls += int(result.detector_called)
        counters.sightings += len(result.sightings)
        counters.look_seconds += time.monotonic() - started
        self._beat()
        self._health.note_look(result.frame, result.health, looker.view_report)
        self._learnt = looker.learnt_reference() or self._learnt
        for item in held_items(result):
            self._buffer.add(item)
        for sighting in result.sightings:
            self._clips.at_flagging(sighting)
        self._something.set()

    def _note_stream(self, state: StreamState) -> None:
        self._beat()
        self._counters.reconnects = state.reconnects
        self._health.note_stream(state)
        self._something.set()

    # -- pen ----------------------------------------------------------------------------------

    def _write_on(self) -> None:
        """The pen's thread: until the shift is over, and once more at its end."""
        while not (self._over.is_set() or self._told_to_stop.is_set()):
            self._something.wait(_PEN_SECONDS)
            self._something.clear()
            self._write_guarded()
        self._over.set()
        self._write_guarded()

    def _write_guarded(self) -> None:
        try:
            self._write()
        except NotFound:
            self._end("gone")  # the camera was removed; the fleet stops us in a moment
        except QifenError as error:
            if error.code == FENCED:
                self._end(FENCED)
            _log.warning("pen", camera=self._post.name, error=str(error))
        except Exception:
            # The pen must live: without it nothing of what the eyes see is kept.
            self._services.metrics.errors.labels("pen").inc()
            _log.exception("pen", camera=self._post.name)

    def _write(self) -> None:
        flushed = self._buffer.flush()
        counters = self._counters
        counters.held, counters.dropped = len(self._buffer), self._buffer.dropped
        counters.refused = self._buffer.refused
        if not flushed:
            return
        now = time.monotonic()
        if now >= self._poll_due:
            self.orders = self._read_orders()
            self._poll_due = now + self._services.settings.poll_seconds
        self._health.write(now, counters.reconnects)
        self._keep_learnt()

    def _keep_learnt(self) -> None:
        """What the eyes learnt of the view, so that the next start knows it."""
        book = self._learnt
        if book is None:
            return
        services = self._services
        with services.store.begin() as session:
            key = keep_learnt(
                session, services.evidence, self._post.camera_id, self._post.fencing, book,
                masks=self._post.masks, at=services.clock.now(),
            )  # fmt: skip
        old = self.orders
        if key is not None and old.reference.key is None:
            # The eyes know it already: only a person's reference is taken up anew.
            self.orders = replace(old, reference=Reference(key, book, own=True))
        if self._learnt is book:
            self._learnt = None

    def _apply(self, item: Held) -> None:
        try:
            self._intake.take(self._post.camera_id, item)
        except Conflict as error:
            if error.code == FENCED:
                self._end(FENCED)
            raise
        if isinstance(item, HeldSighting):
            self._poll_due = 0.0  # its watch begins with the next look

    def _end(self, verdict: str) -> None:
        self._verdict = verdict
        self._over.set()

    def _read_orders(self) -> Orders:
        """Zones and watches as they are now; ends the shift if the camera itself was changed."""
        post = self._post
        with self._services.store.read() as session:
            camera = get_camera(session, post.camera_id)
            masks = masks_of(camera.privacy_masks)
            now = (camera.stream_url, camera.looks_per_second, camera.weights, masks)
            if camera.fencing != post.fencing:
                self._end(FENCED)
            elif now != (post.url, post.looks_per_second, post.weights, post.masks):
                # Of changed masks too everything begins anew: no picture, packet or view that was
                # seen through the old ones is kept in memory.
                self._end("changed")
            at, policy = self._services.clock.now(), load_policy(session)
            zones = tuple(zones_to_watch(session, camera, at=at, calendar=policy.calendar))
            refused = tuple(refused_zones(session, camera, at=at))
            watches = tuple(self._watch_list.subjects(session, camera.id))
            old = self.orders
            reference = old.reference
            if camera.reference_picture != reference.key:
                reference = read_reference(self._services.evidence, camera)
            limit = policy.clock_offset_limit_seconds
            offset = at.astimezone(ZoneInfo(camera.time_zone)).utcoffset()
        zone_seconds = offset.total_seconds() if offset else 0.0
        new = Orders(zones, watches, reference, limit, zone_seconds, refused)
        # The same object where nothing changed: the eyes keep what they remember.
        same = replace(old, watches=()) == replace(new, watches=())
        return old if same and _identity(old.watches) == _identity(watches) else new


def _identity(watches: Sequence[WatchSubject]) -> list[tuple[object, ...]]:
    """What makes a watch another one; pictures cannot be compared, and do not change."""
    return [(w.key, w.zone, w.box, w.plate_text, w.plate_colour) for w in watches]
