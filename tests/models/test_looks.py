"""Looks as spans, and rows that fall due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import casework
from models.event import Deadline, Event, EventState, WatchSpan
from models.flow import Actor, ActorKind
from models.store import Store
from tests.models.city import PLATE, City

MakeCity = Callable[..., City]
S = EventState


class TestLooks:
    def _spans(self, city: City, event: Event) -> list[WatchSpan]:
        found = city.session.scalars(
            select(WatchSpan).where(WatchSpan.event_id == event.id).order_by(WatchSpan.id)
        )
        return list(found)

    def test_run_length(self, city: City) -> None:
        """One span a run: answer, reason, plate; the best reading and the worst likeness stay."""
        event = city.to_grace()
        city.watch(event, "present", 60, every=1)
        city.watch(event, "present", 5, every=1, plate=None)
        spans = self._spans(city, event)
        assert [(s.answer, s.looks, s.plate) for s in spans] == [("present", 65, PLATE)]
        assert (spans[0].ended_at - spans[0].started_at).total_seconds() == 64

    @pytest.mark.parametrize(("gap", "count"), [(5, 1), (5.5, 2)])
    def test_gap_starts_a_new_span(self, city: City, gap: float, count: int) -> None:
        event = city.to_grace()
        city.look(event, "present")
        city.advance(gap)
        city.look(event, "present")
        assert len(self._spans(city, event)) == count

    def test_reasons_and_plates_are_kept_apart(self, city: City) -> None:
        event = city.to_grace()
        for answer, plate, reason in [
            ("unclear", None, "occluded"), ("unclear", None, "gap"),
            ("present", PLATE, ""), ("present", "浙A12346", ""),
        ]:  # fmt: skip
            city.advance(1)
            city.look(event, answer, plate=plate, reason=reason)
        assert len(self._spans(city, event)) == 4

    def test_no_span_crosses_the_deadline(self, city: City) -> None:
        """What was seen before it proves nothing about after."""
        event = city.to_grace()
        city.watch(event, "present", 424, every=4)
        deadline = event.grace_deadline_at
        assert deadline is not None
        assert [s.started_at > deadline for s in self._spans(city, event)] == [False, True]

    def test_a_look_sent_again_changes_nothing(self, city: City) -> None:
        event = city.to_grace()
        city.watch(event, "present", 10)
        city.look(event, "absent")
        city.now -= timedelta(seconds=5)
        city.look(event, "absent")
        assert [(s.answer, s.looks) for s in self._spans(city, event)] == [("present", 2)]

    def test_nothing_is_kept_of_an_ended_event(self, city: City) -> None:
        event = city.to_grace()
        city.watch(event, "absent", 40)
        before = len(self._spans(city, event))
        city.watch(event, "present", 20)
        assert len(self._spans(city, event)) == before

    def test_last_seen_moves_only_forward(self, city: City) -> None:
        event = city.to_grace()
        city.watch(event, "present", 10)
        assert event.last_seen_at == city.now
        city.watch(event, "unclear", 10, reason="occluded")
        assert event.last_seen_at == city.now - timedelta(seconds=10)

    def test_open_watches(self, city: City) -> None:
        """Those whose place matters; what officers judge is no longer watched."""
        first = city.to_grace()
        other = city.open("浙A99999", box=(0.7, 0.7, 0.8, 0.8))
        assert casework.open_watches(city.session, city.camera.id) == [first, other]
        assert casework.open_watches(city.session, city.camera.id + 1) == []
        city.watch(first, "present", 420)
        city.stay(first)
        assert casework.open_watches(city.session, city.camera.id) == [other]

    def test_sampling_begins_after_the_delay(self, city: City) -> None:
        event = city.open()
        assert casework.sampling_from(event, city.policy) is None
        event = city.to_grace(plate="浙A99999", box=(0.7, 0.7, 0.8, 0.8))
        assert event.grace_deadline_at is not None
        delay = casework.sampling_from(event, city.policy)
        assert delay == event.grace_deadline_at + timedelta(seconds=10)

    def test_pictures_count_only_with_the_vehicle_in_them(self, city: City) -> None:
        """Panoramas taken while nobody saw it there prove nothing; nor does a wrong clock."""
        event = city.to_recheck()
        city.picture(event, "E4", at=city.now + timedelta(seconds=2), offset=1.5)
        city.picture(event, "E6", at=city.now + timedelta(seconds=100))
        city.watch(event, "present", 40, every=4)
        assert event.state == S.RECHECK


class TestDue:
    def test_only_what_is_due_and_longest_first(self, city: City) -> None:
        first = city.to_confirm()
        city.advance(30)
        city.to_confirm(plate="浙A99999", box=(0.7, 0.7, 0.8, 0.8))
        assert casework.due_deadlines(city.session, city.now) == []
        city.advance(200)
        due = casework.due_deadlines(city.session, city.now)
        assert [d.kind for d in due] == ["confirm", "confirm"]
        assert due[0].subject_id == first.id
        assert len(casework.due_deadlines(city.session, city.now, limit=1)) == 1

    def test_moved_or_done_meanwhile(self, city: City) -> None:
        """The sweep only narrows: `expire` judges again."""
        event = city.to_confirm()
        row = city.deadline(event, "confirm")
        assert row is not None
        args = {"policy": city.policy, "at": city.now}
        assert casework.expire(city.session, row.id, **args) is None
        city.advance(120)
        args["at"] = city.now
        assert casework.expire(city.session, row.id, **args) is event
        assert (row.result, row.attempts) == ("PATROL_ASSIGNED", 1)
        assert casework.expire(city.session, row.id, **args) is None
        assert casework.expire(city.session, 4711, **args) is None

    def test_longer_window_after_the_row_was_written(self, city: City) -> None:
        """A policy was changed meanwhile: asked again in a minute, not lost and not early."""
        event = city.to_recheck()
        city.policy = replace(city.policy, recheck_window_seconds=300)
        city.advance(180)
        city.sweep()
        row = city.deadline(event, "recheck")
        assert row is not None
        assert (event.state, row.due_at) == (S.RECHECK, city.now + timedelta(seconds=60))
        city.advance(120)
        city.sweep()
        assert event.state == S.UNDETERMINED

    def test_rows_of_a_passed_state_do_nothing(self, city: City) -> None:
        """A reminder that comes when the review is over, a time-out without its notice."""
        event = city.to_confirm()
        for kind in ("review_soft", "sms_submit", "dlr", "review_hard", "return_watch"):
            row = Deadline(subject_id=event.id, kind=kind, due_at=city.now)
            city.session.add(row)
            city.session.flush()
            assert casework.expire(
                city.session, row.id, policy=city.policy, at=city.now
            ) is event  # fmt: skip
            assert row.done_at == city.now
        assert event.state == S.CONFIRM_PENDING
        assert event.flags == []

    @pytest.mark.postgres
    def test_another_sweeper_holds_it(self, postgres_url: str) -> None:
        """PostgreSQL: SKIP LOCKED; the second sweeper goes on to the next row."""
        store = Store(postgres_url)
        store.migrate()
        with store.begin() as session:
            city = City(session)
            event = city.to_confirm()
            row = city.deadline(event, "confirm")
            assert row is not None
            city.advance(120)
            now, policy, row_id = city.now, city.policy, row.id
        with store.begin() as one:
            assert casework.expire(one, row_id, policy=policy, at=now) is not None
            with store.begin() as two:
                assert casework.expire(two, row_id, policy=policy, at=now) is None
        store.dispose()

    def test_zone_services_report_what_ended(self, city: City) -> None:
        """What officers already look at is not touched."""
        stays = city.to_review()
        event = city.to_grace(plate="浙A99999", box=(0.7, 0.2, 0.8, 0.4))
        kept = city.open("浙A77777", box=(0.4, 0.2, 0.5, 0.3))
        city.edit_zone(polygon=[[0.3, 0.1], [0.6, 0.1], [0.6, 0.5], [0.3, 0.5]])
        ended = casework.zone_changed(city.session, city.zone, **city.order())
        assert ended == [event]
        operator = Actor(ActorKind.OPERATOR, "zhao")
        ended = casework.permit_parking(city.session, city.zone, operator, **city.order())
        assert ended == [kept]
        assert city.log(kept)[-1].actor_id == "zhao"
        assert stays.state == S.REVIEW_PENDING
