"""W48: a provider that says yes and sends nothing stops automatic confirming, not the city."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import delivery
from models.audit import AuditEntry
from models.delivery import BY_TEST_TEXT, Share
from models.errors import Conflict, NotFound
from models.event import EventState
from models.notice import DeliveryPause, Notice, NoticeStatus
from models.policy import Policy
from models.store import Store
from notify.receipts import advance
from tests import rows
from tests.models.city import City

S = NoticeStatus
Fates = Callable[..., None]


@pytest.fixture
def fates(city: City) -> Fates:
    """fates("delivered", "accepted", ..., ago=300): texts that were taken so many seconds ago."""
    event = rows.event(city.session, city.version, plate="浙A00001", state=EventState.REJECTED)
    numbers = itertools.count()

    def made(*states: str, ago: float = 300.0, template: str = "N1") -> None:
        at = city.now - timedelta(seconds=ago)
        for state in states:
            city.session.add(
                Notice(
                    event_id=event.id, template=template, addressee=f"n{next(numbers)}",
                    phone="+8613800138000", status=state, accepted_at=at, sending_at=at,
                    next_attempt_at=at, created_at=at,
                )
            )  # fmt: skip
        city.session.flush()

    return made


def share(city: City) -> Share:
    return delivery.share(city.session, policy=city.policy, at=city.now)


def watch(city: City) -> DeliveryPause | None:
    return delivery.watch(city.session, policy=city.policy, at=city.now)


def test_w48_below_eighty_in_a_hundred_it_stops(city: City, fates: Fates) -> None:
    """79 % stops, 80 % does not; it is written down who, what and how many."""
    fates(*[S.DELIVERED] * 80, *[S.ACCEPTED] * 20)
    assert share(city) == Share(100, 80)
    assert watch(city) is None
    fates(S.ACCEPTED, S.ACCEPTED)
    pause = watch(city)
    assert pause is not None
    assert (pause.accepted, pause.delivered, pause.began_at) == (102, 80, city.now)
    (entry,) = city.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "delivery.pause")
    ).all()
    assert entry.details == {"accepted": 102, "delivered": 80}


def test_w48_one_failure_does_not_stop_a_city(city: City, fates: Fates) -> None:
    fates(*[S.UNDELIVERED] * (city.policy.delivery_least - 1))
    assert watch(city) is None
    fates(S.UNDELIVERED)
    assert watch(city) is not None


def test_w48_a_text_that_may_still_arrive_says_nothing(city: City, fates: Fates) -> None:
    """Younger than the time-out for receipts: it counts when it has arrived or failed."""
    fates(*[S.ACCEPTED] * 10, ago=60)
    assert share(city) == Share(0, 0)
    fates(S.DELIVERED, S.UNDELIVERED, ago=60)
    assert share(city) == Share(2, 1)


def test_w48_only_the_last_quarter_of_an_hour_counts(city: City, fates: Fates) -> None:
    fates(*[S.ACCEPTED] * 10, ago=901)
    assert share(city) == Share(0, 0)
    fates(S.DELIVERED, ago=899)
    assert share(city) == Share(1, 1)


def test_w48_texts_to_people_on_duty_are_not_counted(city: City, fates: Fates) -> None:
    fates(*[S.ACCEPTED] * 10, template="T1")
    assert share(city) == Share(0, 0)


def test_w48_without_receipts_nothing_can_be_said(city: City, fates: Fates) -> None:
    city.policy = replace(city.policy, grace_policy="accepted")
    fates(*[S.ACCEPTED] * 10)
    assert watch(city) is None


def test_w48_while_it_lasts_an_officer_confirms(city: City, fates: Fates) -> None:
    """A7 is refused by name, A6 takes its place, and the officer's word still sends the text."""
    fates(*[S.UNDELIVERED] * 5)
    assert watch(city) is not None
    assert watch(city) is None, "one pause at a time"
    event = city.gates(city.open())
    assert event.state == EventState.CONFIRM_PENDING
    delivery.resume(city.session, by="olive", at=city.now)
    other = city.gates(city.open(plate="浙A99999", box=(0.1, 0.1, 0.2, 0.2)))
    assert other.state == EventState.CONFIRMED


def test_w48_an_operator_lets_it_go_on_and_counts_anew(city: City, fates: Fates) -> None:
    fates(*[S.UNDELIVERED] * 5)
    watch(city)
    pause = delivery.resume(city.session, by="olive", at=city.now)
    assert (pause.is_open, pause.ended_by, pause.ended_at) == (False, "olive", city.now)
    city.advance(10)
    assert share(city) == Share(0, 0)
    assert watch(city) is None, "what failed before does not stop it again"
    with pytest.raises(Conflict):
        delivery.resume(city.session, by="olive", at=city.now)


def test_w48_a_test_text_that_arrives_lets_it_go_on(city: City, fates: Fates) -> None:
    """One that was asked for before the pause began proves nothing."""
    session, policy = city.session, city.policy
    early = delivery.queue_test(session, "+8613800138000", by="olive", policy=policy, at=city.now)
    city.advance(120)
    fates(*[S.UNDELIVERED] * 5)
    watch(city)
    assert advance(session, early, S.DELIVERED, policy=policy, at=city.now)
    assert delivery.open_pause(session) is not None
    late = delivery.queue_test(session, "+8613800138000", by="olive", policy=policy, at=city.now)
    city.advance(3)
    assert advance(session, late, S.DELIVERED, policy=policy, at=city.now)
    assert delivery.open_pause(session) is None
    (pause,) = session.scalars(select(DeliveryPause)).all()
    assert (pause.ended_by, pause.ended_at) == (BY_TEST_TEXT, city.now)
    assert late.delivered_at == city.now


def test_a_test_text_is_asked_for_once_a_minute(city: City) -> None:
    session, policy = city.session, city.policy
    asked = delivery.queue_test(session, "+8613800138000", by="o", policy=policy, at=city.now)
    with pytest.raises(Conflict):
        delivery.queue_test(session, "+8613800138000", by="o", policy=policy, at=city.now)
    city.advance(60)
    again = delivery.queue_test(session, "+8613800138000", by="o", policy=policy, at=city.now)
    assert again.addressee != asked.addressee
    assert delivery.test_text(session, asked.id) is asked
    with pytest.raises(NotFound):
        delivery.test_text(session, 404)


def test_w48_a_restart_forgets_nothing(tmp_path: Path) -> None:
    """The pause is a row, and there is one at a time, whoever writes it."""
    url = f"sqlite:///{tmp_path / 'q.db'}"
    store = Store(url)
    store.migrate()
    pause = {"is_open": True, "began_at": rows.NOON, "accepted": 5, "delivered": 0}
    with store.begin() as session:
        session.add(DeliveryPause(**pause))
    store.dispose()
    again = Store(url)
    with again.begin() as session:
        city = City(session, Policy())
        assert city.gates(city.open()).state == EventState.CONFIRM_PENDING
    with pytest.raises(IntegrityError), again.begin() as session:
        session.add(DeliveryPause(**pause))
    again.dispose()
