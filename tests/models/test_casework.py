"""The services: opening, gates, confirming, notices, looks, due rows. What awkward_paths leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import casework, opening
from models.casework import NewEvent
from models.errors import BadInput, Conflict, FlowRefused
from models.event import Deadline, Event, EventState, WatchSpan
from models.flow import Actor, ActorKind
from models.notice import NoticeStatus
from models.policy import Policy
from models.store import Store
from tests import rows
from tests.models.city import CONTACT, GOOD, PLATE, City

MakeCity = Callable[..., City]
S = EventState


class TestOpening:
    def test_number_and_secrets(self, city: City) -> None:
        """HZ, local month and day, running number; a short public number and its code."""
        first, second = city.open(), city.open("浙A99999", box=(0.7, 0.7, 0.8, 0.8))
        assert (first.event_no, second.event_no) == ("HZ1123-0001", "HZ1123-0002")
        assert first.query_no != second.query_no
        assert len(first.query_no) == len(first.query_code) == 4

    def test_number_goes_on_after_9999_and_after_a_year(self, city: City) -> None:
        """A number is never given twice, also where the string order would mislead."""
        city.open().event_no = "HZ1123-9999"
        city.session.flush()
        assert opening.next_event_no(city.session, city.now, "HZ") == "HZ1123-10000"
        city.open("浙A99999", box=(0.7, 0.7, 0.8, 0.8))
        next_year = city.now.replace(year=2027)
        assert opening.next_event_no(city.session, next_year, "HZ") == "HZ1123-10001"
        assert opening.next_event_no(city.session, city.now + timedelta(days=1), "HZ") == (
            "HZ1124-0001"
        )

    def test_number_counts_the_local_day(self, city: City) -> None:
        """23:59 UTC is the next day in Hangzhou."""
        late = city.now.replace(hour=23, minute=59)
        assert opening.next_event_no(city.session, late, "HZ") == "HZ1124-0001"

    def test_same_sighting_twice_is_one_event(self, city: City) -> None:
        """A worker that was cut off sends again."""
        new = city.sighting()
        first = casework.open_event(city.session, new, policy=city.policy, at=city.now)
        again = casework.open_event(city.session, new, policy=city.policy, at=city.now)
        assert again is first
        assert city.codes(first) == ["A1", "A3"]
        assert city.session.scalar(select(func.count(Event.id))) == 1

    def test_retired_zone_stores_nothing(self, city: City) -> None:
        city.zone.retired_at = city.now
        with pytest.raises(FlowRefused) as refused:
            city.open()
        assert refused.value.code == "ZONE_NOT_IN_FORCE"
        assert city.session.scalar(select(func.count(Event.id))) == 0

    def test_unknown_camera_is_a_conflict(self, city: City) -> None:
        """The database refuses it; no loop without end."""
        with pytest.raises(Conflict, match="number"):
            casework.open_event(
                city.session, city.sighting(camera_id=4711), policy=city.policy, at=city.now
            )

    def test_same_place_without_plate_is_a_duplicate(self, city: City) -> None:
        """A4: same camera, boxes overlap by half."""
        first = city.open(plate=None)
        assert city.open(plate=None, box=(0.42, 0.40, 0.62, 0.60)).master_id == first.id
        assert city.open(plate=None, box=(0.55, 0.40, 0.75, 0.60)).state == S.FLAGGED

    def test_place_counts_where_it_stands_now(self, city: City) -> None:
        """It moved inside the area: its place is where it was last seen."""
        first = city.gates(city.open(), replace(GOOD, plate_confidence=0.1))
        city.watch(first, "moved", 5, box=(0.1, 0.1, 0.3, 0.3))
        assert city.open(plate=None, box=(0.1, 0.1, 0.3, 0.3)).master_id == first.id

    def test_same_place_on_another_camera_is_another_vehicle(self, city: City) -> None:
        """Without a plate nothing ties two views together."""
        city.open(plate=None)
        other = rows.camera(city.session)
        version = rows.zone(city.session, other, name="对面", area=city.zone.area.name)
        twin = city.open(plate=None, camera_id=other.id, zone=version.zone, zone_version=version)
        assert twin.state == S.FLAGGED

    def test_two_plates_in_one_place_are_two_vehicles(self, city: City) -> None:
        city.open()
        assert city.open("浙A54321").state == S.FLAGGED

    @pytest.mark.postgres
    def test_two_cameras_at_the_same_instant(self, postgres_url: str) -> None:
        """Concurrent writers: both get a number, and one plate in one area stays one event."""
        store = Store(postgres_url)
        store.migrate()
        with store.begin() as session:
            city = City(session)
            first, second = city.sighting(), city.sighting()
            other = city.sighting("浙A99999", box=(0.7, 0.7, 0.8, 0.8))
        results = _at_once(store, [first, second, other], city.policy)
        store.dispose()
        assert len({number for number, _, _ in results}) == 3
        assert sorted(state for _, state, plate in results if plate == PLATE) == [
            "DUPLICATE",
            "FLAGGED",
        ]


def _at_once(
    store: Store, sightings: list[NewEvent], policy: Policy
) -> list[tuple[str, str, str | None]]:
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    together = Barrier(len(sightings))

    def one(new: NewEvent) -> tuple[str, str, str | None]:
        together.wait(10)
        with store.begin() as session:
            event = casework.open_event(session, new, policy=policy, at=rows.NOON)
            return event.event_no, event.state, event.plate

    with ThreadPoolExecutor(len(sightings)) as pool:
        return list(pool.map(one, sightings))


class TestGates:
    def test_judged_once(self, city: City) -> None:
        """Gates that were judged are not judged again: nothing is measured anew."""
        event = city.to_confirmed()
        before = event.confirm_gates
        assert city.gates(event, replace(GOOD, plate_confidence=0.1)) is event
        assert event.confirm_gates == before

    def test_timeouts_and_confirmation_are_rows(self, city: City) -> None:
        event = city.to_confirm()
        row = city.deadline(event, "confirm")
        assert row is not None
        assert row.due_at == city.now + timedelta(seconds=120)
        limit = city.deadline(event, "open_limit")
        assert limit is not None
        assert limit.due_at == event.flagged_at + timedelta(days=30)


class TestConfirm:
    def _confirm(self, city: City, event: Event, plate: str | None = None, **more: object) -> Event:
        return casework.confirm_by_officer(
            city.session, event, city.officer, plate=plate, contact=CONTACT, **city.order(**more)
        )

    def test_confirm_sends_the_notice(self, city: City) -> None:
        event = self._confirm(city, city.to_confirm())
        assert city.codes(event)[-2:] == ["A8", "A10"]
        assert city.log(event)[-2].actor_id == "wang"
        assert event.confirmed_at == city.now
        confirm = city.deadline(event, "confirm")
        assert confirm is not None
        assert confirm.done_at is not None

    def test_same_command_again(self, city: City) -> None:
        event = city.to_confirm()
        order = city.order()
        for _ in range(2):
            casework.confirm_by_officer(
                city.session, event, city.officer, plate=None, contact=CONTACT, **order
            )
        assert city.codes(event)[-2:] == ["A8", "A10"]
        assert city.texts(event) == ["N1"]

    def test_no_plate_text(self, city: City) -> None:
        event = city.to_confirm()
        with pytest.raises(BadInput) as refused:
            self._confirm(city, event, "浙A1234I")
        assert refused.value.field == "plate"
        assert event.state == S.CONFIRM_PENDING

    def test_same_plate_typed_again_is_no_correction(self, city: City) -> None:
        event = self._confirm(city, city.to_confirm(), PLATE)
        assert event.plate_original is None
        assert "misread" not in event.flags

    def test_corrected_to_an_open_one(self, city: City) -> None:
        """A4: the officer's reading shows that it is the event next door."""
        first = city.to_grace()
        event = city.to_confirm(plate="浙A12346", box=(0.7, 0.7, 0.8, 0.8))
        order = city.order()
        for _ in range(2):
            casework.confirm_by_officer(
                city.session, event, city.officer, plate=PLATE, contact=CONTACT, **order
            )
        assert (event.state, event.master_id) == (S.DUPLICATE, first.id)
        assert city.texts(event) == []

    def test_gone_meanwhile(self, city: City) -> None:
        """The looks say that it has left: nothing to confirm."""
        event = city.to_confirm()
        city.watch(event, "absent", 20)
        with pytest.raises(FlowRefused) as refused:
            self._confirm(city, event)
        assert refused.value.code == "GONE"

    def test_operator_may_not(self, city: City) -> None:
        event = city.to_confirm()
        from models.people import Role

        with pytest.raises(FlowRefused) as refused:
            casework.confirm_by_officer(
                city.session, event, city.person("op", Role.OPERATOR), plate=None,
                contact=CONTACT, **city.order(),
            )  # fmt: skip
        assert refused.value.code == "NOT_AN_OFFICER"

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 41])
    def test_reason_code(self, city: City, reason: str) -> None:
        event = city.to_confirm()
        with pytest.raises(BadInput) as refused:
            casework.discard_by_officer(
                city.session, event, city.officer, **city.order(reason=reason)
            )
        assert refused.value.field == "reason"


class TestNotices:
    def test_words_of_the_first_text(self, city: City) -> None:
        """Masked plate, place, local time, minutes, landline, short number and code."""
        event = city.to_pending()
        notice = city.notice(event)
        assert notice is not None
        assert notice.variables == {
            "plate": "浙A12**5",
            "place": "延安路人行道",
            "time": "12:00",
            "grace_minutes": 7,
            "landline": "0571-12345678",
            "number": event.query_no,
            "code": event.query_code,
        }
        assert notice.phone == CONTACT.phone
        assert notice.valid_until == city.now + timedelta(seconds=30)

    def test_place_falls_back_to_the_area(self, city: City) -> None:
        city.zone.area.place = ""
        notice = city.notice(city.to_pending())
        assert notice is not None
        assert notice.variables["place"] == city.zone.area.name[:10]

    @pytest.mark.parametrize(("zone", "policy", "seconds"), [(420, 420, 420), (420, 60, 60), (300, 60, 300)])  # fmt: skip
    def test_whose_grace(
        self, make_city: MakeCity, zone: int, policy: float, seconds: float
    ) -> None:
        """A zone with its own grace keeps it; standard zones follow the city's policy."""
        city = make_city(policy=Policy(grace_seconds=policy), grace_seconds=zone)
        event = city.to_grace()
        assert event.grace_deadline_at == city.now + timedelta(seconds=seconds)

    def test_deadline_of_a_whole_minute_provider(self, make_city: MakeCity) -> None:
        """Minute resolution: 59 s more (4.1)."""
        city = make_city(policy=Policy(receipt_resolution_seconds=59))
        event = city.to_grace()
        assert event.grace_deadline_at == city.now + timedelta(seconds=479)

    def test_deadline_counts_from_the_later_of_sent_and_delivered(self, city: City) -> None:
        """A receipt that claims a time before the sending, or after its own coming."""
        event = city.to_pending()
        city.accept(event)
        sent = city.now
        city.advance(20)
        city.deliver(event, reported_at=sent - timedelta(seconds=50))
        assert event.notified_at == sent
        other = city.to_pending(plate="浙A99999", box=(0.7, 0.7, 0.8, 0.8))
        city.deliver(other, reported_at=city.now + timedelta(hours=8))
        assert other.notified_at == city.now

    def test_deadline_is_rounded_up(self, city: City) -> None:
        event = city.to_pending()
        city.advance(0.25)
        city.deliver(event)
        assert event.grace_deadline_at is not None
        assert event.grace_deadline_at.microsecond == 0
        assert event.grace_deadline_at - city.now == timedelta(seconds=420.75)

    def test_acceptance_starts_the_clock_only_by_policy(self, make_city: MakeCity) -> None:
        """`accepted` for providers without receipts, shown on the event; a receipt that comes
        all the same moves the deadline later, once."""
        city = make_city(policy=Policy(grace_policy="accepted"))
        event = city.to_pending()
        city.accept(event)
        assert (event.state, event.grace_policy) == (S.GRACE, "accepted")
        accepted = city.now
        assert event.grace_deadline_at == accepted + timedelta(seconds=420)
        city.advance(20)
        city.deliver(event)
        city.advance(20)
        city.deliver(event)
        assert event.grace_deadline_at == accepted + timedelta(seconds=440)
        row = city.deadline(event, "grace")
        assert row is not None
        assert row.due_at == event.grace_deadline_at
        city.watch(event, "absent", 40)
        assert city.texts(event) == ["N1", "N2"]

    def test_other_texts_move_nothing(self, city: City) -> None:
        """The receipts of N2 and its like are only kept."""
        event = city.to_grace()
        city.watch(event, "absent", 40)
        thanks = city.notice(event, "N2")
        assert thanks is not None
        version = event.version
        casework.notice_accepted(city.session, thanks, policy=city.policy, at=city.now)
        casework.notice_failed(city.session, thanks, reason="X", policy=city.policy, at=city.now)
        casework.notice_delivered(
            city.session, thanks, at=city.now, reported_at=None, policy=city.policy
        )
        assert (thanks.status, event.version) == (NoticeStatus.DELIVERED, version)

    def test_status_never_goes_back(self, city: City) -> None:
        event = city.to_pending()
        notice = city.notice(event)
        assert notice is not None
        notice.status = NoticeStatus.DELIVERED
        casework.notice_accepted(city.session, notice, policy=city.policy, at=city.now)
        assert notice.status == NoticeStatus.DELIVERED

    def test_receipt_for_an_ended_event(self, city: City) -> None:
        """It was voided meanwhile: the receipt is kept, nothing starts."""
        event = city.to_pending()
        casework.void(city.session, event, city.officer, **city.order(reason="OTHER"))
        city.deliver(event)
        assert (event.state, event.grace_deadline_at) == (S.VOIDED, None)

    def test_texts_to_one_plate_are_a_minute_apart(self, city: City) -> None:
        """L88."""
        event = city.to_grace()
        city.watch(event, "absent", 40)
        first, thanks = city.notice(event), city.notice(event, "N2")
        assert first is not None
        assert thanks is not None
        assert thanks.next_attempt_at == first.created_at + timedelta(seconds=60)

    def test_submit_deadline_is_done_by_acceptance(self, city: City) -> None:
        event = city.to_pending()
        city.accept(event)
        submit, dlr = city.deadline(event, "sms_submit"), city.deadline(event, "dlr")
        assert submit is not None
        assert dlr is not None
        assert submit.done_at == city.now
        assert dlr.due_at == city.now + timedelta(seconds=120)


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
