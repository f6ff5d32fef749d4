"""Every named guard both ways: once it passes, once it refuses with its code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from models.errors import Refusal
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


CASES: list[tuple[Guard, str, Change, Change, str]] = [
    # guard, way to its state, change so that it passes, change so that it refuses, refusal's code
    (when.zone_in_force, "open", nothing, retired, "ZONE_NOT_IN_FORCE"),
    (when.zone_in_force, "open", nothing, camera(enabled=False), "CAMERA_OFF"),
    (when.is_motor_vehicle, "open", put(object_kind="van"), put(object_kind="bicycle"), "WRONG_KIND"),
    (when.dwelt_long_enough, "open", nothing, zone(dwell_seconds=61), "DWELL_TOO_SHORT"),
    (when.outside_bays, "open", zone(bays=[[[0.3, 0.3], [0.5, 0.3], [0.5, 0.7]]]),
     zone(bays=[[[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]]]), "LEGAL_BAY"),
    (when.has_master, "open", with_master, nothing, "NO_MASTER"),
    (when.exemption_proven, "open", ask(exemption="PERMIT"), ask(exemption=""), "NOT_EXEMPT"),
    (when.in_shadow_phase, "open", zone(phase="shadow"), nothing, "NOT_SHADOW"),
    (when.hardly_seen, "open", lambda s: s.facts.update(confidence_mean=0.49),
     lambda s: s.facts.update(confidence_mean=0.5), "SEEN_WELL"),
    (when.confirms_by_itself, "open", nothing, zone(confirm_mode="officer"), "OFFICER_CONFIRMS"),
    (when.all_gates_pass, "to_confirmed", nothing, put(confirm_gates=[{"gate": "x", "passed": False}]), "GATE_FAILED"),
    (when.all_gates_pass, "to_confirmed", nothing, put(confirm_gates=[]), "GATE_FAILED"),
    (when.is_no_case_of_ours, "open", ask(clone_suspected=True), nothing, "OUR_CASE"),
    (when.is_no_case_of_ours, "open", zone(surface="motor_lane"), nothing, "OUR_CASE"),
    (when.is_no_case_of_ours, "open", zone(authority="traffic_police"), nothing, "OUR_CASE"),
    (when.by_active_officer, "open", as_officer, as_operator, "NOT_AN_OFFICER"),
    (when.by_active_officer, "open", as_officer, nothing, "NOT_AN_OFFICER"),
    (when.plate_known, "open", nothing, put(plate=None), "PLATE_UNKNOWN"),
    (when.plate_known, "open", both(put(plate=None), ask(plate="浙A12345")), put(plate=None), "PLATE_UNKNOWN"),
    (when.reason_given, "open", lambda s: setattr(s, "reason", "X"), nothing, "REASON_MISSING"),
    (when.vehicle_has_plate, "to_confirmed", nothing, put(plate=None), "NO_PLATE"),
    (when.still_fresh, "to_confirmed", later(120), later(121), "STALE"),
    (when.owner_reachable, "to_confirmed", ask(contact=CONTACT), nothing, "NO_CONTACT"),
    (when.owner_reachable, "to_confirmed", ask(contact=CONTACT), put(plate="沪A12345"), "NO_CONTACT_NONLOCAL"),
    (when.owner_reachable, "to_confirmed", ask(contact=CONTACT),
     ask(contact=type(CONTACT)(phone="+8613800000000", authorised=False)), "CONTACT_NOT_AUTHORISED"),
    (when.in_sms_hours, "to_confirmed", nothing, later(10 * 3600), "QUIET_HOURS"),
    (when.in_sms_hours, "to_confirmed", zone(sms_from="22:00", sms_until="12:30"), zone(sms_from="22:00", sms_until="07:00"), "QUIET_HOURS"),
    (when.under_sms_limit, "to_confirmed", nothing, many_texts, "SMS_LIMIT"),
    (when.not_on_blind_track, "to_confirmed", nothing, zone(surface="blind_track"), "BLIND_TRACK"),
    (when.first_grace_today, "to_confirmed", nothing, told_before_today, "SAME_DAY_REPEAT"),
    (when.acceptance_counts, "to_pending", put(grace_policy="accepted"), nothing, "RECEIPT_NEEDED"),
    (when.paper_photographed, "to_patrol", with_photo("PAPER"), nothing, "NO_PHOTO"),
    (when.paper_photographed, "to_patrol", with_photo("PAPER"), with_photo("E4"), "NO_PHOTO"),
    (when.paper_photographed, "to_patrol", with_photo("PAPER"), with_photo("PAPER", ahead=60), "NO_PHOTO"),
    (watch.not_gone, "to_confirm", seen("present", 10), seen("absent", 10), "GONE"),
    (watch.still_there, "to_patrol", seen("present", 10), nothing, "NOT_SEEN"),
    (watch.still_there, "to_patrol", seen("present", 10), both(seen("present", 10), seen("absent", 10)), "NOT_SEEN"),
    (watch.still_there, "to_patrol", both(seen("present", 10), later(60)), both(seen("present", 10), later(61)), "NOT_SEEN"),
    (watch.left_before_promise, "to_pending", seen("absent", 40), seen("absent", 20), "NOT_ABSENT"),
    (watch.left_in_time, "to_grace", seen("absent", 35), seen("absent", 30), "NOT_ABSENT"),
    (watch.left_in_time, "to_recheck", seen("absent", 35), seen("absent", 30), "NOT_ABSENT"),
    (watch.deadline_passed, "to_grace", later(420), later(419), "GRACE_RUNNING"),
    (watch.recheck_possible, "to_grace", later(600), later(601), "RECHECK_MISSED"),
    (watch.recheck_possible, "to_grace", later(600), put(grace_deadline_at=None), "RECHECK_MISSED"),
    (watch.recheck_is_over, "to_recheck", later(180), later(179), "RECHECK_RUNNING"),
    (watch.seen_after_deadline, "to_recheck", stay, seen("present", 60, plate=None), "NOT_CONFIRMED"),
    (watch.two_panoramas, "to_recheck", stay, seen("present", 60), "PANORAMAS_MISSING"),
    (watch.delay_passed, "to_recheck", later(10), later(8), "TOO_EARLY"),
    (watch.delay_passed, "to_recheck", later(10), put(grace_deadline_at=None), "TOO_EARLY"),
    (watch.seen_throughout, "to_recheck", nothing, lambda s: None, "GAP_DURING_GRACE"),
    (watch.gone_at_window_end, "to_recheck", seen("absent", 20), seen("unclear", 20), "ABSENCE_NOT_SEEN"),
    (watch.gone_at_window_end, "to_recheck", seen("absent", 20), both(seen("present", 10), seen("absent", 20)), "ABSENCE_NOT_SEEN"),
    (watch.zone_no_longer_covers, "to_grace", retired, nothing, "STILL_COVERED"),
    (watch.zone_is_live, "open", nothing, zone(phase="warning"), "ZONE_NOT_LIVE"),
    (watch.in_warning_phase, "open", zone(phase="warning"), nothing, "ZONE_LIVE"),
    (decision.pack_complete, "to_review", nothing, camera(clock_offset_seconds=0), "PACK_INCOMPLETE"),
    (decision.device_reviewed, "open", nothing, camera(legal_review=None), "DEVICE_NOT_REVIEWED"),
    (decision.device_calibrated, "open", camera(calibrated_until=None), lambda s: camera(calibrated_until=s.city.now - timedelta(days=1))(s), "DEVICE_EXPIRED"),
    (decision.device_calibrated, "open", lambda s: camera(calibrated_until=s.city.now)(s), lambda s: camera(calibrated_until=s.city.now - timedelta(days=1))(s), "DEVICE_EXPIRED"),
    (decision.zone_has_legal_basis, "open", nothing, zone(legal_basis=" "), "NO_LEGAL_BASIS"),
    (decision.our_authority, "open", nothing, zone(surface="motor_lane"), "FOREIGN_AUTHORITY"),
    (decision.our_authority, "open", nothing, zone(authority="traffic_police"), "FOREIGN_AUTHORITY"),
    (decision.owner_was_told, "to_review", nothing, put(notified_at=None), "NOT_NOTIFIED"),
    (decision.owner_was_told, "to_grace", later(421), nothing, "NOT_NOTIFIED"),
    (decision.within_review_time, "to_review", later(3 * 86_400), later(8 * 86_400), "REVIEW_EXPIRED"),
    (decision.review_time_over, "to_review", later(8 * 86_400), nothing, "REVIEW_OPEN"),
    (decision.no_open_statement, "to_review", nothing, statement, "STATEMENT_OPEN"),
    (decision.statement_window_over, "to_review", nothing, policy(statement_window_seconds=3600), "STATEMENT_WINDOW"),
    (decision.statement_window_over, "to_review", nothing, put(grace_deadline_at=None), "STATEMENT_WINDOW"),
    (decision.not_escalated_before, "to_review", nothing, escalated_twin, "ALREADY_ESCALATED"),
    (decision.officer_licensed, "to_review", as_officer, unlicensed, "NOT_LICENSED"),
    (decision.officer_did_not_draw_zone, "to_review", as_officer, zone_author, "ZONE_AUTHOR"),
    (decision.two_officers, "to_review", signed("officer", "second"), signed("officer"), "CO_SIGNER_MISSING"),
]  # fmt: skip

APART = {"seen_throughout", "pack_complete"}
"""Their refusals need another history; see the tests below."""


def _refusal(make: MakeCity, guard: Guard, way: str, change: Change) -> Refusal | None:
    city = make()
    scene = Scene(city, getattr(city, way)())
    change(scene)
    city.session.flush()
    return guard(scene.step())


def _name(case: tuple[Guard, str, Change, Change, str]) -> str:
    return f"{case[0].__name__}-{case[4]}"


def test_every_guard_of_the_table_has_a_case() -> None:
    used = {guard for row in PARKING.transitions for guard in row.guards}
    assert used == {case[0] for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_guard_passes(case: tuple[Guard, str, Change, Change, str], make_city: MakeCity) -> None:
    guard, way, passing, _, _ = case
    assert _refusal(make_city, guard, way, passing) is None


@pytest.mark.parametrize("case", [c for c in CASES if c[0].__name__ not in APART], ids=_name)
def test_guard_refuses(case: tuple[Guard, str, Change, Change, str], make_city: MakeCity) -> None:
    """The refusal has a stable code and a sentence."""
    guard, way, _, refusing, code = case
    refusal = _refusal(make_city, guard, way, refusing)
    assert refusal is not None
    assert refusal.code == code
    assert len(refusal.message) > 10


def test_seen_throughout_refuses_after_a_gap(city: City) -> None:
    """W02: out of sight for more than a minute of the grace."""
    event = city.to_grace()
    city.watch(event, "present", 300)
    city.advance(61)
    city.watch(event, "present", 70)
    refusal = watch.seen_throughout(Scene(city, event).step())
    assert refusal is not None
    assert refusal.code == "GAP_DURING_GRACE"


def test_pack_complete_refuses_without_the_third_picture(city: City) -> None:
    event = city.prepare(city.to_confirmed())
    refusal = decision.pack_complete(Scene(city, event).step())
    assert refusal is not None
    assert refusal.code == "PACK_INCOMPLETE"
    assert "E3, E4, E6" in refusal.message


def test_left_in_time_refuses_who_stayed_first(city: City) -> None:
    """Present for ten seconds by its plate after the deadline, and gone only then."""
    event = city.to_recheck()
    city.watch(event, "present", 15)
    city.watch(event, "absent", 40)
    refusal = watch.left_in_time(Scene(city, event).step())
    assert refusal is not None
    assert refusal.code == "STAYED"
    assert event.state == "RECHECK"


def test_zone_redrawn_through_the_place(city: City) -> None:
    """W31: redrawn so that it stands outside, or in a new bay; any other change keeps it."""
    event = city.to_grace()
    step = Scene(city, event).step()
    city.edit_zone(dwell_seconds=90)
    assert watch.zone_no_longer_covers(step) is not None
    city.edit_zone(polygon=[[0.1, 0.1], [0.9, 0.1], [0.9, 0.8], [0.1, 0.9]])
    assert watch.zone_no_longer_covers(step) is not None
    bay = [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]]
    city.edit_zone(bays=[bay])
    assert watch.zone_no_longer_covers(step) is None
    city.edit_zone(polygon=[[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]])
    assert watch.zone_no_longer_covers(step) is None
