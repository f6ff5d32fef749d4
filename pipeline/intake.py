"""Where a sighting becomes an event, and a look becomes a line in its record.

Every call is one transaction: all of it is in the database, or nothing. Files of evidence are
written before the rows that name them. Command ids are derived from what was seen (camera, worker,
object, first instant), so that the same item handed over twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from models import casework
from models.camera import Camera
from models.chain import add_evidence
from models.errors import StaleVersion
from models.event import ActorKind, Event, EventState, FlowName
from models.evidence import EvidenceKind
from models.flow import Actor
from models.looks import add_flag
from models.place_cases import observe_place, open_place_event
from models.policy import Policy, load_policy
from models.registry import check_fencing, get_camera
from models.zone import Zone, ZoneVersion
from notify.owners import Owner, look_up
from pipeline.buffer import Held, HeldClip, HeldCount, HeldDeparture, HeldLooks, HeldSighting
from pipeline.evidence import Picture, Shot, panorama
from pipeline.gates import contact_of, gate_facts, may_look_up
from pipeline.intake_places import (
    find_version,
    gathering,
    keep_count,
    place_event,
    place_look,
    place_shots,
)
from pipeline.intake_shots import due_shots, evidence_times, wants_clip
from pipeline.services import Services
from vision.types import PlateVote, Sighting, WatchAnswer, WatchLook, WeightsInfo

_PRESENT = frozenset({WatchAnswer.PRESENT, WatchAnswer.MOVED})
_TRIES = 3
_Result = TypeVar("_Result")
RULE_VERSIONS = {
    "parking": "parking-2", "hanging": "hanging-1", "poster": "poster-1", "crowd": "crowd-1",
}  # fmt: skip
LATE_FLAG = "held_back"
"""Flagged longer ago than `confirm_timeout_seconds` when it reached the database (W39, W50)."""
_ACTOR = Actor(ActorKind.SYSTEM, "intake")


class Intake:
    """Hands what one process's cameras saw over to the casework.

    fencing: the worker's claim on its camera; writes of a worker whose camera was taken over are
        refused (Conflict, code FENCED). None where there is only one worker ever (replay).
    model: what looked, for the explanation of each event.
    on_recheck: told of each event whose second look has given its first picture (E4).
    """

    def __init__(
        self, services: Services, *, fencing: int | None = None, model: WeightsInfo | None = None,
        on_recheck: Callable[[int, datetime], None] = lambda _event, _at: None,
    ) -> None:  # fmt: skip
        self._services = services
        self._fencing = fencing
        self._model = model
        self._on_recheck = on_recheck
        self._events: dict[tuple[int, str], int] = {}

    def take(self, camera_id: int, item: Held) -> None:
        """Whatever it is, into the database. Raises Unavailable while that is away."""
        if isinstance(item, HeldSighting):
            self.sighting(camera_id, item)
        elif isinstance(item, HeldLooks):
            self.looks(camera_id, item)
        elif isinstance(item, HeldCount):
            self.crowd_count(camera_id, item)
        elif isinstance(item, HeldClip):
            self.clip(camera_id, item)
        else:
            self.departure(camera_id, item)

    def sighting(self, camera_id: int, item: HeldSighting) -> int:
        """Make the event of a sighting, with its evidence, gates and notice. Gives its id.

        A crowd's event exists already, opened by its counts: it gets its picture.
        Raises NotFound where the zone, or the gathering, has gone since.
        """
        keys = [self._services.evidence.put(shot.data, shot.extension) for shot in item.shots]
        event_id = _retried(lambda: self._open(camera_id, item, keys))
        self._events[item.sighting.object_id, item.sighting.zone] = event_id
        return event_id

    def looks(self, camera_id: int, item: HeldLooks) -> None:
        """Record what the watches answered, take the pictures that are due, and judge."""
        _retried(lambda: self._record(camera_id, item))

    def crowd_count(self, camera_id: int, item: HeldCount) -> None:
        """Keep a number of people and judge the gathering (C1 to C9)."""
        _retried(lambda: self._count(camera_id, item))

    def clip(self, camera_id: int, item: HeldClip) -> None:
        """Keep V1 or V2 of an event that is still open: one that has come to nothing, or was
        joined to another, needs none (L63). Once a kind; doubled items change nothing."""
        key = item.event_id or self._events.get(item.flagged or (0, ""), 0)
        with self._services.store.read() as session:
            if not wants_clip(session.get(Event, key), item.kind, session):
                return
        clip = item.clip
        shot = Shot(
            item.kind, clip.data, clip.started, clip.pts,
            {
                "seconds": round(clip.seconds, 3), "until": clip.ended.isoformat(),
                "codec": clip.codec, "packets": clip.packets,
            },
            media_type="video/mp4", extension="mp4",
        )  # fmt: skip
        storage_key = self._services.evidence.put(shot.data, shot.extension)
        with self._services.store.begin() as session:
            camera = self._camera(session, camera_id)
            event = session.get(Event, key)
            if event is not None and wants_clip(event, item.kind, session):
                self._file(session, event, camera, shot, storage_key)

    def departure(self, camera_id: int, item: HeldDeparture) -> None:
        """A flagged object is gone: its event, if it has ended before, keeps when that was.

        Open events are judged by their watches alone, which see more than an empty place.
        """
        seen = item.departure
        with self._services.store.begin() as session:
            self._camera(session, camera_id)
            event = session.get(Event, self._events.get((seen.object_id, seen.zone), 0))
            if event is None or event.is_open:
                return
            event.last_seen_at = max(event.last_seen_at, seen.last_seen)
            event.gone_at = event.gone_at or seen.gone_at

    # -- a sighting ---------------------------------------------------------------------------

    def _open(self, camera_id: int, item: HeldSighting, keys: Sequence[str]) -> int:
        services, sighting = self._services, item.sighting
        at = max(services.clock.now(), sighting.flagged_at)
        with services.store.begin() as session:
            policy = load_policy(session)
            camera = self._camera(session, camera_id)
            zone, zone_version = find_version(session, camera, sighting.zone, sighting.zone_version)
            command = command_id(camera_id, self._fencing, sighting)
            held_seconds = (at - sighting.flagged_at).total_seconds()
            new = replace(
                _new_event(camera_id, zone, zone_version, sighting, command),
                measured=self._measured(sighting),
                flags=(LATE_FLAG,) if held_seconds > policy.confirm_timeout_seconds else (),
            )
            event = _event_of(session, new, sighting, policy, at)
            if not evidence_times(session, event):
                for shot, key in zip(item.shots, keys, strict=True):
                    self._file(session, event, camera, shot, key)
            if event.flow == FlowName.PARKING and event.state == EventState.FLAGGED:
                self._confirm(session, event, sighting, policy, at, command)
            return event.id

    def _confirm(
        self,
        session: Session,
        event: Event,
        sighting: Sighting,
        policy: Policy,
        at: datetime,
        command: str,
    ) -> None:
        """The gates of A7, and where all pass the notice (A10, A11), in the same transaction."""
        owner: Owner | None = None
        # Whoever is not going to be written to is not looked up (PIPL 6: no more than needed);
        # nobody is written to about what was held back for too long (W50).
        if may_look_up(event.zone_version, sighting.plate) and LATE_FLAG not in event.flags:
            owner = look_up(
                session,
                self._services.owners,
                event.plate or "",
                event=event,
                purpose="parking_notice",
                actor=_ACTOR,
                at=at,
            )
        event = casework.judge_gates(
            session,
            event,
            gate_facts(sighting, owner),
            policy=policy,
            at=at,
            command_id=f"{command}:gates",
        )
        if event.state == EventState.CONFIRMED:
            casework.prepare_notice(
                session,
                event,
                contact_of(owner),
                policy=policy,
                at=at,
                command_id=f"{command}:notice",
            )

    def _measured(self, sighting: Sighting) -> dict[str, Any]:
        model = self._model
        return {
            "dwell_seconds": round(sighting.dwell_seconds, 3),
            "samples_seen": sighting.samples_seen,
            "samples_missed": sighting.samples_missed,
            "confidence_mean": round(sighting.confidence_mean, 4),
            "confident_share": round(sighting.confident_share, 4),
            "object_id": sighting.object_id,
            "plate_vote": None if sighting.plate is None else _vote(sighting.plate),
            "model": None if model is None else {
                "name": model.name, "sha256": model.sha256, "layout": model.layout,
                "backend": model.backend, "input_size": model.input_size,
            },
            "rule": RULE_VERSIONS[sighting.kind],
            **sighting.details,
            "software": version("qifen"),
        }  # fmt: skip

    # -- looks --------------------------------------------------------------------------------

    def _record(self, camera_id: int, item: HeldLooks) -> None:
        services = self._services
        at = max(services.clock.now(), item.at)
        with services.store.begin() as session:
            policy = load_policy(session)
            camera = self._camera(session, camera_id)
            for look in item.looks:
                event = session.get(Event, int(look.key))
                if event is not None:
                    self._record_one(session, event, camera, look, item.picture, policy, at)

    def _record_one(
        self, session: Session, event: Event, camera: Camera, look: WatchLook,
        picture: Picture | None, policy: Policy, at: datetime,
    ) -> None:  # fmt: skip
        if event.flow != FlowName.PARKING:
            self._record_place(session, event, camera, look, picture, policy)
            return
        reading = look.plate
        span = casework.add_look(
            session, event, camera_id=camera.id, answer=look.answer, reason=look.reason,
            at=look.at, plate=reading.text if reading else None,
            plate_confidence=reading.confidence if reading and reading.text else None,
            similarity=look.similarity, box=look.box, policy=policy,
        )  # fmt: skip
        if span is None:
            return
        own = event.camera_id == camera.id
        if not own:
            # W13: it keeps the event open; the pictures that decide are its own camera's only.
            add_flag(event, "seen_by_neighbour")
        if own and picture is not None and look.answer in _PRESENT:
            for shot in due_shots(session, event, look, picture, policy):
                self._file(session, event, camera, shot)
                if shot.kind == EvidenceKind.E4:
                    self._on_recheck(event.id, shot.captured_at)
        before = event.state
        event = casework.judge_watch(session, event, policy=policy, at=at)
        left = event.state == EventState.LEFT_IN_TIME and before != event.state
        if left and picture is not None and look.answer not in _PRESENT:
            shot = panorama(
                EvidenceKind.LEFT, picture, box=list(event.box), answer=str(look.answer)
            )
            self._file(session, event, camera, shot)

    def _record_place(
        self, session: Session, event: Event, camera: Camera, look: WatchLook,
        picture: Picture | None, policy: Policy,
    ) -> None:  # fmt: skip
        """One look at what hangs or is posted (B5), with the pictures that it can give."""
        before = event.state
        event = observe_place(session, event, place_look(camera.id, look), policy=policy)
        if picture is not None:
            have = evidence_times(session, event)
            for shot in place_shots(event, before, have, look, picture, policy=policy):
                self._file(session, event, camera, shot)

    def _count(self, camera_id: int, item: HeldCount) -> None:
        count = item.count
        with self._services.store.begin() as session:
            camera = self._camera(session, camera_id)
            zone, zone_version = find_version(session, camera, count.zone, count.zone_version)
            keep_count(
                session, zone, zone_version, count, policy=load_policy(session),
                at=max(self._services.clock.now(), count.at),
            )  # fmt: skip

    def _file(
        self, session: Session, event: Event, camera: Camera, shot: Shot, key: str | None = None
    ) -> None:
        """The file first, then its row at the end of the chain."""
        storage_key = key or self._services.evidence.put(shot.data, shot.extension)
        model = self._model
        details = {
            **shot.details, "zone_version": event.zone_version.version,
            "zone_phase": event.zone_version.phase, "rule": RULE_VERSIONS.get(event.flow, ""),
            "model": model.sha256 if model else None, "software": version("qifen"),
        }  # fmt: skip
        add_evidence(
            session, event=event, camera=camera, kind=shot.kind, media_type=shot.media_type,
            data=shot.data, storage_key=storage_key, captured_at=shot.captured_at, pts=shot.pts,
            details=details, clock_offset_seconds=camera.clock_is_off_by,
        )  # fmt: skip

    # -- common -------------------------------------------------------------------------------

    def _camera(self, session: Session, camera_id: int) -> Camera:
        if self._fencing is None:
            return get_camera(session, camera_id)
        return check_fencing(session, camera_id, self._fencing)


def command_id(camera_id: int, fencing: int | None, sighting: Sighting) -> str:
    """One name for one sighting of one worker, however often it is handed over."""
    first_ms = int(sighting.first_seen.timestamp() * 1000)
    return f"see:{camera_id}:{fencing or 0}:{sighting.object_id}:{sighting.zone_version}:{first_ms}"


def _retried(work: Callable[[], _Result]) -> _Result:
    """An officer may act on the same event at the same instant: then judge again (W43)."""
    for _ in range(_TRIES - 1):
        try:
            return work()
        except StaleVersion:
            continue
    return work()


def _event_of(
    session: Session, new: casework.NewEvent, sighting: Sighting, policy: Policy, at: datetime
) -> Event:
    """The event that a sighting opens, or, of a crowd, belongs to."""
    if sighting.kind == "parking":
        return casework.open_event(session, new, policy=policy, at=at)
    if sighting.kind == "crowd":
        return gathering(session, new.zone, sighting, policy=policy)
    place = place_event(new, sighting)
    return open_place_event(session, place, policy=policy, at=at)


def _new_event(
    camera_id: int, zone: Zone, zone_version: ZoneVersion, sighting: Sighting, command: str
) -> casework.NewEvent:
    vote = sighting.plate
    return casework.NewEvent(
        camera_id=camera_id,
        zone=zone,
        zone_version=zone_version,
        object_kind=sighting.object_kind,
        box=[round(value, 5) for value in sighting.box],
        first_seen_at=sighting.first_seen,
        flagged_at=sighting.flagged_at,
        last_seen_at=sighting.last_seen,
        command_id=command,
        plate=vote.text if vote and vote.text else None,
        plate_colour=str(vote.colour) if vote and vote.text else None,
        plate_kind=str(vote.kind) if vote and vote.text and vote.kind else None,
    )


def _vote(vote: PlateVote) -> dict[str, Any]:
    """The vote as the event's page shows it, each reading with it (B19)."""
    return {
        "text": vote.text,
        "colour": str(vote.colour),
        "kind": str(vote.kind) if vote.kind else None,
        "confidence": round(vote.confidence, 4),
        "province_confidence": round(vote.province_confidence, 4),
        "margin": round(vote.margin, 4),
        "reads": vote.reads,
        "equal_reads": vote.equal_reads,
        "accepted": vote.accepted,
        "reasons": list(vote.reasons),
        "readings": [
            {
                "text": reading.text, "colour": str(reading.colour),
                "confidence": round(reading.confidence, 4),
                "province_confidence": round(reading.province_confidence, 4),
                "margin": round(reading.margin, 4),
            }
            for reading in vote.readings
        ],
    }  # fmt: skip
