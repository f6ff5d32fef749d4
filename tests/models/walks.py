"""One way to each row of the parking table, by the real services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from models import casework
from models.event import ActorKind, Event, EventState
from models.flow import SYSTEM, Actor, fire
from models.flows.parking import PARKING
from models.people import DecisionKind
from models.policy import Policy
from models.review import DecisionInput, RejectReason
from tests.models.city import GOOD, City
from tests.models.keeping_cases import KEEPING_WALKS
from tests.models.walks_allowed import ALLOWED_WALKS
from tests.models.walks_on_site import ON_SITE_WALKS
from tests.models.walks_texts import TEXT_WALKS

MakeCity = Callable[..., City]
REJECT = DecisionInput(DecisionKind.REJECT, reason_code=RejectReason.NO_OBSTRUCTION)


def _raw(city: City) -> Event:
    """An event at its very first step: CANDIDATE by A1."""
    event = Event(
        event_no="HZ0000-0001", query_no="AAAA", query_code="BBBB", version=0,
        camera_id=city.camera.id, zone_id=city.zone.id, zone_version_id=city.version.id,
        area_id=city.zone.area_id, object_kind="car", box=[0.4, 0.4, 0.6, 0.6],
        first_seen_at=city.now, flagged_at=city.now, last_seen_at=city.now, created_at=city.now,
        flags=[], measured={}, confirm_gates=[],
    )  # fmt: skip
    city.session.add(event)
    city.session.flush()
    _fire(city, event, "first_seen")
    return event


def _fire(city: City, event: Event, trigger: str, actor: Actor = SYSTEM) -> None:
    fire(
        city.session, PARKING, event, trigger, actor=actor, at=city.now,
        command_id=city.command(), policy=city.policy,
    )  # fmt: skip


def walk_a1(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, _raw(city)


def walk_a2(make: MakeCity) -> tuple[City, Event]:
    """Nothing of it is watched yet, so its absence is written straight into its spans."""
    city = make()
    event = _raw(city)
    event.state = EventState.FLAGGED
    city.watch(event, "absent", 40)
    event.state = EventState.CANDIDATE
    _fire(city, event, "absent")
    return city, event


def walk_a3(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.open()


def walk_a3d(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.open(object_kind="person")


def walk_a4(make: MakeCity) -> tuple[City, Event]:
    city = make()
    city.open()
    return city, city.open()


def walk_a5(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.gates(city.open(), replace(GOOD, exemption="DISABLED_PERMIT"))


def walk_b11(make: MakeCity) -> tuple[City, Event]:
    city = make(phase="shadow")
    return city, city.gates(city.open())


def walk_w06(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.gates(city.open(), replace(GOOD, confidence_mean=0.4))


def walk_w46(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.gates(city.open(object_kind="motorcycle", plate=None), GOOD)


def walk_a7(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.to_confirmed()


def walk_a6(make: MakeCity) -> tuple[City, Event]:
    city = make(confirm_mode="officer")
    return city, city.gates(city.open())


def walk_a8(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_confirm()
    fire(
        city.session, PARKING, event, "officer_confirm",
        actor=Actor(ActorKind.OFFICER, "wang"), at=city.now, command_id=city.command(),
        policy=city.policy, inputs={"user": city.officer},
    )  # fmt: skip
    return city, event


def walk_a8d(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_confirm()
    casework.discard_by_officer(
        city.session, event, city.officer, **city.order(reason="DRIVER_THERE")
    )
    return city, event


def walk_a8p(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_confirm(plate=None)
    casework.send_patrol(city.session, event, city.officer, **city.order(reason="UNREADABLE"))
    return city, event


def walk_a9(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_confirm()
    city.watch(event, "present", 120)
    return city, event


def walk_a9d(make: MakeCity) -> tuple[City, Event]:
    """Seen away, but not for half a minute yet when the time is over."""
    city = make()
    event = city.to_confirm()
    city.watch(event, "present", 100)
    city.watch(event, "absent", 20)
    return city, event


def walk_a9g(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_confirm()
    city.watch(event, "absent", 40)
    return city, event


def walk_a10(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.to_pending()


def walk_a11(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.prepare(city.to_confirmed(), None)


def walk_a11g(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_patrol()
    city.watch(event, "absent", 40)
    return city, event


def walk_a11x(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_patrol()
    city.advance(4 * 3600)
    city.sweep()
    return city, event


def walk_a12(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.to_grace()


def walk_a12a(make: MakeCity) -> tuple[City, Event]:
    city = make(policy=Policy(grace_policy="accepted"))
    event = city.to_pending()
    city.accept(event)
    return city, event


def walk_a13(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.to_patrol()


def walk_w17(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_patrol()
    city.watch(event, "present", 150)
    city.deliver(event)
    return city, event


def walk_a26(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_patrol()
    photo = city.picture(event, "PAPER")
    casework.paper_notice(city.session, event, city.officer, photo, **city.order())
    return city, event


def walk_a14(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_grace()
    city.watch(event, "absent", 40)
    return city, event


def walk_a15(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.to_recheck()


def walk_w38(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_grace()
    city.advance(420 + 181)
    city.sweep()
    return city, event


def walk_a16(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_grace()
    city.seen(event, "present", 410)
    city.watch(event, "absent", 40)
    return city, event


def walk_a17(make: MakeCity) -> tuple[City, Event]:
    """STAYED lasts no longer than the look at the pack (A19) that follows in the same breath."""
    city = make()
    event = city.to_review()
    return city, event


def walk_w02(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_grace()
    city.watch(event, "present", 200)
    city.advance(70)
    city.watch(event, "present", 150)
    city.stay(event)
    return city, event


def walk_w09(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_recheck()
    city.watch(event, "absent", 20)
    city.watch(event, "unclear", 165, reason="occluded")
    return city, event


def walk_a18(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_recheck()
    city.watch(event, "unclear", 185, reason="occluded")
    return city, event


def walk_a19w(make: MakeCity) -> tuple[City, Event]:
    city = make(phase="warning")
    return city, city.to_review()


def walk_a19u(make: MakeCity) -> tuple[City, Event]:
    """No E3: the second picture of the beginning was never taken."""
    city = make()
    event = city.prepare(city.to_confirmed())
    city.deliver(event)
    city.seen(event, "present", 420)
    city.stay(event)
    return city, event


def walk_a20(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.to_escalated()


def walk_a21(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_review()
    return city, city.decide(event, city.officer, REJECT)


def walk_a22(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_review()
    city.advance(8 * 86_400)
    city.sweep()
    return city, event


def _void(city: City, event: Event) -> tuple[City, Event]:
    casework.void(city.session, event, city.officer, **city.order(reason="URGENT_DUTY"))
    return city, event


def walk_a23(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return _void(city, city.to_grace())


def walk_a24(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return _void(city, city.to_escalated())


def walk_a25(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_grace()
    tow = city.order(reference="T-1123-7", photo=city.picture(event, "TOW"))
    casework.record_tow(city.session, event, city.officer, **tow)
    return city, event


def walk_a27(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_confirm()
    casework.transfer(city.session, event, city.officer, **city.order(reason="COVERED_PLATE"))
    return city, event


def walk_a27s(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.gates(city.open(), replace(GOOD, clone_suspected=True))


def walk_w31(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_grace()
    city.edit_zone(polygon=[[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]])
    casework.zone_changed(city.session, city.zone, **city.order())
    return city, event


def walk_limit(make: MakeCity) -> tuple[City, Event]:
    """An event that nobody ever asked anything about."""
    city = make()
    event = city.open()
    city.advance(30 * 86_400)
    city.sweep()
    return city, event


WALKS: dict[str, Callable[[MakeCity], tuple[City, Event]]] = {
    **ALLOWED_WALKS,
    **ON_SITE_WALKS,
    **KEEPING_WALKS,
    **TEXT_WALKS,
    "A1": walk_a1, "A2": walk_a2, "A3": walk_a3, "A3d": walk_a3d, "A4": walk_a4, "A5": walk_a5,
    "B11": walk_b11, "W06": walk_w06, "W46": walk_w46, "A7": walk_a7, "A6": walk_a6, "A8": walk_a8,
    "A8d": walk_a8d, "A8p": walk_a8p, "A9": walk_a9, "A9d": walk_a9d, "A9g": walk_a9g,
    "A10": walk_a10, "A11": walk_a11, "A11g": walk_a11g, "A11x": walk_a11x, "A12": walk_a12,
    "A12a": walk_a12a, "A13": walk_a13, "W17": walk_w17, "A26": walk_a26, "A14": walk_a14,
    "A15": walk_a15, "W38": walk_w38, "A16": walk_a16, "A17": walk_a17, "W02": walk_w02,
    "W09": walk_w09, "A18": walk_a18, "A19": walk_a17, "A19w": walk_a19w, "A19u": walk_a19u,
    "A20": walk_a20, "A21": walk_a21, "A22": walk_a22, "A23": walk_a23, "A24": walk_a24,
    "A25": walk_a25, "A27": walk_a27, "A27s": walk_a27s, "W31": walk_w31,
    "LIMIT": walk_limit,
}  # fmt: skip
