"""Scenes in which each guard of the parking flow passes, and in which it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from models.event import Event
from models.flow import SYSTEM, Guard, Step
from models.flows import decision_guards as decision
from models.flows import guards as when
from models.flows import watch_guards as watch
from models.flows.parking import PARKING
from models.people import Decision, DecisionKind, Role, Statement
from models.policy import Policy
from tests.models.city import CONTACT, City

MakeCity = Callable[..., City]


@dataclass
class Scene:
    """An event and what a guard is asked with; a case changes one thing of it."""

    city: City
    event: Event
    inputs: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    def step(self) -> Step:
        return Step(
            self.city.session, self.event, PARKING.row("A1"), self.city.now, SYSTEM,
            self.city.policy, self.reason, self.facts, self.inputs,
        )  # fmt: skip

    def version(self, **values: Any) -> None:
        """The event is judged by a zone version with other values."""
        made = self.city.edit_zone(**values)
        self.event.zone_version_id = made.id
        self.city.session.flush()
        self.city.session.expire(self.event, ["zone_version"])


Change = Callable[[Scene], None]


def nothing(_scene: Scene) -> None:
    """The scene as it stands."""


def put(**values: Any) -> Change:
    """Set columns of the event."""

    def change(scene: Scene) -> None:
        for name, value in values.items():
            setattr(scene.event, name, value)

    return change


def zone(**values: Any) -> Change:
    return lambda scene: scene.version(**values)


def ask(**inputs: Any) -> Change:
    return lambda scene: scene.inputs.update(inputs)


def policy(**values: Any) -> Change:
    def change(scene: Scene) -> None:
        scene.city.policy = Policy(**values)

    return change


def camera(**values: Any) -> Change:
    def change(scene: Scene) -> None:
        for name, value in values.items():
            setattr(scene.city.camera, name, value)

    return change


def calibrated(days: int | None) -> Change:
    """The camera's verification ran out so many days from now (None: none is recorded)."""

    def change(scene: Scene) -> None:
        until = None if days is None else scene.city.now + timedelta(days=days)
        scene.city.camera.calibrated_until = until

    return change


def later(seconds: float) -> Change:
    return lambda scene: void(scene.city.advance(seconds))


def void(_value: object) -> None:
    """A change returns nothing."""


def seen(answer: str, seconds: float, **look: Any) -> Change:
    return lambda scene: scene.city.watch(scene.event, answer, seconds, **look)


def stay(scene: Scene) -> None:
    scene.city.stay(scene.event)


def as_officer(scene: Scene) -> None:
    scene.inputs["user"] = scene.city.officer


def as_operator(scene: Scene) -> None:
    scene.inputs["user"] = scene.city.person("op", Role.OPERATOR)


def retired(scene: Scene) -> None:
    scene.city.zone.retired_at = scene.city.now


def with_master(scene: Scene) -> None:
    scene.inputs["master"] = scene.event


def with_photo(kind: str, ahead: float = 0) -> Change:
    def change(scene: Scene) -> None:
        at = scene.city.now + timedelta(seconds=ahead)
        scene.inputs["photo"] = scene.city.picture(scene.event, kind, at=at)

    return change


def many_texts(scene: Scene) -> None:
    scene.city.policy = Policy(sms_per_plate_per_day=0)


def told_before_today(scene: Scene) -> None:
    """An earlier event of the same car, place and day had its seven minutes."""
    past = scene.city.open("浙A77777", box=(0.7, 0.7, 0.8, 0.8))
    past.plate, past.notified_at = scene.event.plate, scene.city.now


def statement(scene: Scene) -> None:
    scene.city.session.add(
        Statement(event_id=scene.event.id, text="救护", received_at=scene.city.now)
    )


def signed(*names: str) -> Change:
    def change(scene: Scene) -> None:
        for name in names:
            person = getattr(scene.city, name)
            scene.city.session.add(
                Decision(
                    event_id=scene.event.id, officer_id=person.id, kind=DecisionKind.ESCALATE,
                    is_true=True, is_clear=True, is_complete=True, is_accurate=True,
                    obstruction=True, licence_no="1", decided_at=scene.city.now,
                )
            )  # fmt: skip

    return change


def escalated_twin(scene: Scene) -> None:
    """The same stay was escalated before (by another camera, before the plate was corrected)."""
    twin = scene.city.open("浙A66666", box=(0.7, 0.7, 0.8, 0.8))
    scene.city.session.flush()
    scene.inputs["twin"] = twin
    signed_twin = Scene(scene.city, twin)
    signed("officer", "second")(signed_twin)
    scene.city.session.flush()
    twin.state, twin.plate = "ESCALATED", scene.event.plate
    twin.last_seen_at = scene.event.last_seen_at


def unlicensed(scene: Scene) -> None:
    scene.city.officer.licence_valid_until = date(2026, 11, 1)
    as_officer(scene)


def zone_author(scene: Scene) -> None:
    as_officer(scene)
    scene.version(name=scene.city.zone.name)
    made = scene.event.zone_version
    # Versions are append-only in the database; the person is set on the loaded row only.
    scene.city.session.expunge(made)
    made.created_by = scene.city.officer.id


def both(*changes: Change) -> Change:
    def change(scene: Scene) -> None:
        for one in changes:
            one(scene)

    return change


Case = tuple[Guard, str, Change, Change, str]
"""Guard, way to its state, change so that it passes, change so that it refuses, its code."""

CASES: list[Case] = [
    (when.zone_in_force, "open", nothing, retired, "ZONE_NOT_IN_FORCE"),
    (when.zone_in_force, "open", nothing, camera(enabled=False), "CAMERA_OFF"),
    (
        when.is_vehicle,
        "open",
        put(object_kind="van"),
        put(object_kind="person"),
        "WRONG_KIND",
    ),
    (
        when.is_two_wheeler,
        "open",
        put(object_kind="motorcycle"),
        put(object_kind="truck"),
        "MOTOR_VEHICLE",
    ),
    (when.dwelt_long_enough, "open", nothing, zone(dwell_seconds=61), "DWELL_TOO_SHORT"),
    (
        when.outside_bays,
        "open",
        zone(bays=[[[0.3, 0.3], [0.5, 0.3], [0.5, 0.7]]]),
        zone(bays=[[[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]]]),
        "LEGAL_BAY",
    ),
    (when.has_master, "open", with_master, nothing, "NO_MASTER"),
    (when.exemption_proven, "open", ask(exemption="PERMIT"), ask(exemption=""), "NOT_EXEMPT"),
    (when.in_shadow_phase, "open", zone(phase="shadow"), nothing, "NOT_SHADOW"),
    (
        when.hardly_seen,
        "open",
        lambda s: s.facts.update(confidence_mean=0.49),
        lambda s: s.facts.update(confidence_mean=0.5),
        "SEEN_WELL",
    ),
    (when.confirms_by_itself, "open", nothing, zone(confirm_mode="officer"), "OFFICER_CONFIRMS"),
    (
        when.all_gates_pass,
        "to_confirmed",
        nothing,
        put(confirm_gates=[{"gate": "x", "passed": False}]),
        "GATE_FAILED",
    ),
    (when.all_gates_pass, "to_confirmed", nothing, put(confirm_gates=[]), "GATE_FAILED"),
    (when.is_no_case_of_ours, "open", ask(clone_suspected=True), nothing, "OUR_CASE"),
    (when.is_no_case_of_ours, "open", zone(surface="motor_lane"), nothing, "OUR_CASE"),
    (when.is_no_case_of_ours, "open", zone(authority="traffic_police"), nothing, "OUR_CASE"),
    (when.by_active_officer, "open", as_officer, as_operator, "NOT_AN_OFFICER"),
    (when.by_active_officer, "open", as_officer, nothing, "NOT_AN_OFFICER"),
    (when.plate_known, "open", nothing, put(plate=None), "PLATE_UNKNOWN"),
    (
        when.plate_known,
        "open",
        both(put(plate=None), ask(plate="浙A12345")),
        put(plate=None),
        "PLATE_UNKNOWN",
    ),
    (when.reason_given, "open", lambda s: setattr(s, "reason", "X"), nothing, "REASON_MISSING"),
    (when.vehicle_has_plate, "to_confirmed", nothing, put(plate=None), "NO_PLATE"),
    (when.still_fresh, "to_confirmed", later(120), later(121), "STALE"),
    (when.owner_reachable, "to_confirmed", ask(contact=CONTACT), nothing, "NO_CONTACT"),
    (
        when.owner_reachable,
        "to_confirmed",
        ask(contact=CONTACT),
        put(plate="沪A12345"),
        "NO_CONTACT_NONLOCAL",
    ),
    (
        when.owner_reachable,
        "to_confirmed",
        ask(contact=CONTACT),
        ask(contact=type(CONTACT)(phone="+8613800000000", authorised=False)),
        "CONTACT_NOT_AUTHORISED",
    ),
    (when.in_sms_hours, "to_confirmed", nothing, later(10 * 3600), "QUIET_HOURS"),
    (
        when.in_sms_hours,
        "to_confirmed",
        zone(sms_from="22:00", sms_until="12:30"),
        zone(sms_from="22:00", sms_until="07:00"),
        "QUIET_HOURS",
    ),
    (when.under_sms_limit, "to_confirmed", nothing, many_texts, "SMS_LIMIT"),
    (when.not_on_blind_track, "to_confirmed", nothing, zone(surface="blind_track"), "BLIND_TRACK"),
    (when.first_grace_today, "to_confirmed", nothing, told_before_today, "SAME_DAY_REPEAT"),
    (when.acceptance_counts, "to_pending", put(grace_policy="accepted"), nothing, "RECEIPT_NEEDED"),
    (when.paper_photographed, "to_patrol", with_photo("PAPER"), nothing, "NO_PHOTO"),
    (when.paper_photographed, "to_patrol", with_photo("PAPER"), with_photo("E4"), "NO_PHOTO"),
    (
        when.paper_photographed,
        "to_patrol",
        with_photo("PAPER"),
        with_photo("PAPER", ahead=60),
        "NO_PHOTO",
    ),
    (watch.not_gone, "to_confirm", seen("present", 10), seen("absent", 10), "GONE"),
    (watch.still_there, "to_patrol", seen("present", 10), nothing, "NOT_SEEN"),
    (
        watch.still_there,
        "to_patrol",
        seen("present", 10),
        both(seen("present", 10), seen("absent", 10)),
        "NOT_SEEN",
    ),
    (
        watch.still_there,
        "to_patrol",
        both(seen("present", 10), later(60)),
        both(seen("present", 10), later(61)),
        "NOT_SEEN",
    ),
    (watch.left_before_promise, "to_pending", seen("absent", 40), seen("absent", 20), "NOT_ABSENT"),
    (watch.left_in_time, "to_grace", seen("absent", 35), seen("absent", 30), "NOT_ABSENT"),
    (watch.left_in_time, "to_recheck", seen("absent", 35), seen("absent", 30), "NOT_ABSENT"),
    (watch.deadline_passed, "to_grace", later(420), later(419), "GRACE_RUNNING"),
    (watch.recheck_possible, "to_grace", later(600), later(601), "RECHECK_MISSED"),
    (watch.recheck_possible, "to_grace", later(600), put(grace_deadline_at=None), "RECHECK_MISSED"),
    (watch.recheck_is_over, "to_recheck", later(180), later(179), "RECHECK_RUNNING"),
    (
        watch.seen_after_deadline,
        "to_recheck",
        stay,
        seen("present", 60, plate=None),
        "NOT_CONFIRMED",
    ),
    (watch.two_panoramas, "to_recheck", stay, seen("present", 60), "PANORAMAS_MISSING"),
    (watch.delay_passed, "to_recheck", later(10), later(8), "TOO_EARLY"),
    (watch.delay_passed, "to_recheck", later(10), put(grace_deadline_at=None), "TOO_EARLY"),
    (watch.seen_throughout, "to_recheck", nothing, lambda s: None, "GAP_DURING_GRACE"),
    (
        watch.gone_at_window_end,
        "to_recheck",
        seen("absent", 20),
        seen("unclear", 20),
        "ABSENCE_NOT_SEEN",
    ),
    (
        watch.gone_at_window_end,
        "to_recheck",
        seen("absent", 20),
        both(seen("present", 10), seen("absent", 20)),
        "ABSENCE_NOT_SEEN",
    ),
    (watch.zone_no_longer_covers, "to_grace", retired, nothing, "STILL_COVERED"),
    (watch.zone_is_live, "open", nothing, zone(phase="warning"), "ZONE_NOT_LIVE"),
    (watch.in_warning_phase, "open", zone(phase="warning"), nothing, "ZONE_LIVE"),
    (
        decision.pack_complete,
        "to_review",
        nothing,
        camera(clock_offset_seconds=0),
        "PACK_INCOMPLETE",
    ),
    (decision.device_reviewed, "open", nothing, camera(legal_review=None), "DEVICE_NOT_REVIEWED"),
    (decision.device_calibrated, "open", calibrated(None), calibrated(-1), "DEVICE_EXPIRED"),
    (decision.device_calibrated, "open", calibrated(0), calibrated(-1), "DEVICE_EXPIRED"),
    (decision.zone_has_legal_basis, "open", nothing, zone(legal_basis=" "), "NO_LEGAL_BASIS"),
    (decision.our_authority, "open", nothing, zone(surface="motor_lane"), "FOREIGN_AUTHORITY"),
    (
        decision.our_authority,
        "open",
        nothing,
        zone(authority="traffic_police"),
        "FOREIGN_AUTHORITY",
    ),
]
