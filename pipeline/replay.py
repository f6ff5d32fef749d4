"""`qifen replay`: the whole pipeline on a file, in memory, with a clock that follows the file.

One thread, one order of things: the same file and the same zones give the same lines, byte for
byte (peers.md B23). Nothing leaves the machine: texts go to a local channel that delivers at once,
and every plate has a simulated owner. Zones confirm by themselves and are live.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import secret
from models.clock import FakeClock
from models.errors import BadInput, Unavailable
from models.event import Event, EventState, FlowName
from models.policy import save_policy
from models.registry import add_camera, import_zones
from models.store import Store
from models.zone import ConfirmMode, ZoneKind, ZonePhase
from notify.local_channel import LocalChannel
from notify.owners import Owner
from pipeline.evidence import MemoryEvidence
from pipeline.services import Services
from pipeline.settings import Settings, load_settings
from pipeline.world import Track, World
from vision.errors import BadZone
from vision.frames import FileSource
from vision.types import Sighting
from vision.zones_json import load_zones

REPLAY_START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
"""A file begins on a Monday at ten in Hangzhou: a work day, within the hours of texts."""
_CAMERA = "replay"

_QUEUED = frozenset({EventState.STAYED, EventState.REVIEW_PENDING})
"""Both are the officer's queue, where a replay ends."""


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What a replay may choose; everything else is as in `qifen run`."""

    looks_per_second: float = 1.0
    grace_seconds: int | None = None
    """For zones that say nothing themselves; None: seven minutes."""
    policy: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Other timers of `models.policy.Policy`, by name."""


class EveryoneKnown:
    """A simulated register in which each plate has an owner of its own."""

    name = "simulated"

    def find(self, plate: str) -> Owner | None:
        digits = int.from_bytes(hashlib.sha256(plate.encode()).digest()[:4], "big") % 10**7
        return Owner(f"+861700{digits:07d}")


def replay(
    video: str | Path,
    zones: str | Path | Mapping[str, Any],
    settings: Settings | None = None,
    *,
    options: ReplayOptions | None = None,
    progress: Callable[[float, float | None], None] | None = None,
) -> Iterator[dict[str, Any]]:
    """One dict an event, in the order in which they were flagged.

        {"kind": "parking", "zone": "A", "object": "car", "first_seen": 3.0, "flagged_at": 63.0,
         "last_seen": 91.0, "gone_at": 92.0, "box": [x1, y1, x2, y2], "outcome": "left_in_time",
         "plate": {"text", "colour", "confidence", "accepted", "box", "object"} or None}

    Times are seconds from the start of the file, rounded to 3 digits; boxes are in 0..1, rounded
    to 4, at flagging. `gone_at` is None where the vehicle is there at the end of the file.
    `plate.box` is where the best reading lies; `plate.object` is 0, the event's only object;
    `plate.text` is None where it is unreadable; `plate.accepted` says whether the vote of all
    readings was good enough for a text message.

    `outcome` is how the event ended, in lower case: `left_in_time`; `stayed` (it reached the
    officer's queue, where a replay ends); `undetermined`, `discarded`, `duplicate`, `exempt`,
    `transferred`; or `open:<state>` where the file ended first, as `open:grace` or
    `open:patrol_assigned` (no plate, so a person would be on the way). A hanging or poster event
    ends as `rectified`, or stands at `open:dispatched` (nobody is known to be responsible, so
    somebody would be on the way). An alarmed crowd stands at `open:dispatched` (responders would
    be on the way) or `open:escalated_emergency` (far too many people, or nobody answered in five
    minutes): it ends only when a responder has reported (C6), and a replay has none. Of these
    `plate` is None; `object` is hanging, advert or person, a crowd's box is its zone's, its
    `last_seen` its last count, and its `gone_at` when the counts had fallen for long enough, None
    where it gathered again.

    zones: a zones.json as file or mapping. settings: which weights and back end look.
    progress: called with seconds done and seconds in all (None where the file does not say).
    Raises BadVideo, BadZone, BadWeights or BadInput before the first event.
    """
    chosen = options or ReplayOptions()
    content = _read_zones(zones)
    source = FileSource(
        video, _CAMERA, start=REPLAY_START, looks_per_second=chosen.looks_per_second
    )
    world = _new_world(settings or load_settings(), content, chosen)
    if world.looker.unserved:
        raise BadZone(world.looker.unserved[0], field="zones")
    for frame in source:
        world.look(frame)
        if progress is not None:
            progress((frame.at - REPLAY_START).total_seconds(), source.duration_seconds)
    world.finish()
    lines = _events(world)
    world.services.close()
    yield from lines


def _new_world(settings: Settings, zones: Mapping[str, Any], options: ReplayOptions) -> World:
    """An installation in memory whose owners are simulated and whose texts arrive at once."""
    _ensure_secret_key()
    clock = FakeClock(REPLAY_START)
    services = Services(
        settings=settings, store=Store.memory(), clock=clock, evidence=MemoryEvidence(),
        channel=LocalChannel(clock, receipt_seconds=0.0), owners=EveryoneKnown(),
    )  # fmt: skip
    with services.store.begin() as session:
        camera_id = _furnish(session, zones, options)
    return World(services, clock, camera_id)


def _events(world: World) -> list[dict[str, Any]]:
    with world.services.store.read() as session:
        rows = session.scalars(select(Event).order_by(Event.flagged_at, Event.id)).all()
        tracks = {track.event_id: track for track in world.tracks}
        # A gathering that never became an alarm has an event, but nothing was flagged.
        return [_line(event, tracks[event.id]) for event in rows if event.id in tracks]


def _line(event: Event, track: Track) -> dict[str, Any]:
    sighting = track.sighting
    gone_at = track.gone_at or event.gone_at
    last_seen = track.last_seen if track.gone_at else max(track.last_seen, event.last_seen_at)
    stayed = event.flow == FlowName.PARKING and event.state in _QUEUED
    word = "stayed" if stayed else event.state.lower()
    return {
        "kind": sighting.kind,
        "zone": sighting.zone,
        "object": sighting.object_kind,
        "first_seen": _seconds(sighting.first_seen),
        "flagged_at": _seconds(sighting.flagged_at),
        "last_seen": _seconds(last_seen),
        "gone_at": None if gone_at is None else _seconds(gone_at),
        "box": [round(value, 4) for value in sighting.box],
        "plate": _plate(sighting),
        "outcome": word if stayed or not event.is_open else f"open:{word}",
    }


def _furnish(session: Session, zones: Mapping[str, Any], options: ReplayOptions) -> int:
    """The camera with its zones, and the policy."""
    at = REPLAY_START
    camera = add_camera(
        session, _CAMERA, "rtsp://replay.invalid/file", at=at, actor=_CAMERA,
        legal_review="replay", technical_review="replay", sign_installed=True,
        published_at=at - timedelta(days=1), purpose=_CAMERA,
        approved_detectors=[kind.value for kind in ZoneKind],
    )  # fmt: skip
    if options.policy:
        save_policy(session, options.policy, at=at, actor=_CAMERA)
    always: dict[str, Any] = {
        "confirm_mode": ConfirmMode.AUTO.value, "phase": ZonePhase.LIVE.value,
        "sms_from": "00:00", "sms_until": "23:59",
    }  # fmt: skip
    first: dict[str, Any] = {"legal_basis": _CAMERA}
    if options.grace_seconds is not None:
        first["grace_seconds"] = options.grace_seconds
    entries = [{**first, **_designated(zone), **zone, **always} for zone in zones["zones"]]
    import_zones(session, camera, {"zones": entries}, at=at, actor=_CAMERA)
    return camera.id


def _designated(zone: Mapping[str, Any]) -> dict[str, Any]:
    """Hanging is regulated on designated streets only (L50): a replay's street is one."""
    return {"designation_document": _CAMERA} if zone.get("kind") == ZoneKind.HANGING else {}


def _read_zones(zones: str | Path | Mapping[str, Any]) -> Mapping[str, Any]:
    """The zones as data, with their geometry checked."""
    if isinstance(zones, Mapping):
        content: Any = zones
    else:
        path = Path(zones)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}", field="zones") from None
        except ValueError as error:
            raise BadInput(f"{path} is not JSON: {error}", field="zones") from None
    load_zones(content)
    return content


def _ensure_secret_key() -> None:
    """Encrypted columns work without an installation: the key dies with the process."""
    try:
        secret.keyed_hash("")
    except Unavailable:
        secret.set_secret_key(secret.new_secret_key())


def _seconds(at: datetime) -> float:
    return round((at - REPLAY_START).total_seconds(), 3)


def _plate(sighting: Sighting) -> dict[str, Any] | None:
    vote, reading = sighting.plate, sighting.plate_reading
    best = vote or reading
    if best is None:
        return None
    return {
        "text": best.text,
        "colour": str(best.colour),
        "confidence": round(best.confidence, 4),
        "accepted": best.accepted,
        "box": [round(value, 4) for value in reading.box] if reading else None,
        "object": 0,
    }
