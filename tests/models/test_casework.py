"""Gates, the officer's confirmation, and a notice on its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from models import casework
from models.errors import BadInput, FlowRefused
from models.event import Event, EventState
from models.notice import NoticeStatus
from models.policy import Policy
from tests.models.city import CONTACT, GOOD, PLATE, City

MakeCity = Callable[..., City]
S = EventState


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

    @pytest.mark.parametrize(
        ("zone", "policy", "seconds"), [(420, 420, 420), (420, 60, 60), (300, 60, 300)]
    )
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
        """L88: counted from when the one before went out."""
        event = city.to_grace()
        city.watch(event, "absent", 40)
        first, thanks = city.notice(event), city.notice(event, "N2")
        assert first is not None
        assert thanks is not None
        assert first.sending_at is not None
        assert thanks.next_attempt_at == first.sending_at + timedelta(seconds=60)

    def test_a_promise_soon_after_another_text_waits_and_stays_valid(self, city: City) -> None:
        """The car returned at once: the next text goes a minute after the one that still waits,
        and so does its limit."""
        city.policy = replace(city.policy, daily_grace_limit=2)
        first = city.to_grace()
        city.watch(first, "absent", 40)
        event = city.to_pending()
        notice, row = city.notice(event), city.deadline(event, "sms_submit")
        thanks = city.notice(first, "N2")
        assert notice is not None
        assert thanks is not None
        assert row is not None
        assert notice.next_attempt_at == thanks.next_attempt_at + timedelta(seconds=60)
        assert row.due_at == notice.valid_until == notice.next_attempt_at + timedelta(seconds=30)

    def test_submit_deadline_is_done_by_acceptance(self, city: City) -> None:
        event = city.to_pending()
        city.accept(event)
        submit, dlr = city.deadline(event, "sms_submit"), city.deadline(event, "dlr")
        assert submit is not None
        assert dlr is not None
        assert submit.done_at == city.now
        assert dlr.due_at == city.now + timedelta(seconds=120)
