"""The outbox: hands committed notices over, at most once each, whatever happens in between.

    QUEUED ──claim, commit──▶ SENDING ──hand over──▶ ACCEPTED ▶ SENT ▶ DELIVERED
                                 │ surely not accepted: QUEUED again, or FAILED after some tries
                                 └ answer lost, or killed here: look it up;
                                   found: adopted · not found: UNKNOWN, and a person takes over

A text that may have gone out is never sent again: in doubt a person goes there instead, which
costs an errand and not a citizen's trust (W39, invariants 5 and 10).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import delivery
from models.clock import Clock
from models.errors import BadInput
from models.notice import CALLS, Notice, NoticeStatus
from models.policy import Policy
from models.store import Store
from notify.channel import Channel, Outgoing, Rejected, Submission, TryLater, Underway
from notify.receipts import adopt, advance, apply_receipt, lock_notice
from notify.templates import TemplateSet, check_budget, own_templates
from pipeline import sender_rules as rules
from pipeline.metrics import Metrics

_log = structlog.get_logger(__name__)

_AT_PROVIDER = (NoticeStatus.ACCEPTED, NoticeStatus.SENT)

_LEASE_MARGIN = timedelta(seconds=5)
"""On top of the channel's own time-out: after that nobody is waiting for the answer any more."""

_LOOK_UP_INTERVAL = timedelta(seconds=5)

_WATCH_INTERVAL = timedelta(seconds=10)

_RECEIPTS_WANTED = timedelta(days=1)
"""A provider that must be asked for receipts is asked for so long."""

_NOBODY_CALLS = "nobody makes calls here (QIFEN_VOICE)"

_Step: TypeAlias = Callable[[int, Policy], bool]


class Sender:
    """One sender. Several may run: each row is taken by one of them only.

    policy_source: gives the city's policy as it is now; called outside of transactions.
    voice: who makes the voice calls (A13); None: nobody, and none is made.
    templates: the city's texts; ours if None.
    metrics: where errors are counted; nobody reads them if None.
    """

    def __init__(
        self,
        store: Store,
        channel: Channel,
        clock: Clock,
        policy_source: Callable[[], Policy],
        *,
        voice: Channel | None = None,
        templates: TemplateSet | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._store = store
        self._channel = channel
        self._voice = voice
        self._clock = clock
        self._policy = policy_source
        self._templates = templates or own_templates()
        self._errors = (metrics or Metrics()).errors
        self._watched_at: datetime | None = None

    def run_once(self, limit: int = 100) -> int:
        """Fetch receipts, look lost texts up, then hand over what is due. Returns how many texts
        the provider took. Raises Unavailable if the database is away; nothing is lost by that."""
        policy = self._policy()
        for carrier in filter(None, (self._channel, self._voice)):
            self._fetch_receipts(carrier, policy)
        now = self._clock.now()
        self._each(self._look_up, self._ids(now, limit), policy)
        self._watch_deliveries(policy, now)
        with self._store.read() as session:
            room = min(limit, rules.room(session, policy, now))
            due = rules.whose_turn(session, now, room) if room else ()
        return self._each(self._send, due, policy)

    def recover(self) -> int:
        """At start, before `run_once`: whatever a killed process left in SENDING is looked up at
        once. Returns how many such rows there were. Only for the one sender of an installation:
        where others run, `run_once` finds the same rows when their lease has ended.

        Texts that no longer fit their budget, say after a change of signature, are named in the
        log: they still go out, with a shorter place or in one segment more."""
        policy = self._policy()
        try:
            check_budget(self._templates, policy)
        except BadInput as error:
            _log.error("texts do not fit", fault=error.message, mend=error.hint)
        lost = self._ids()
        self._each(self._look_up, lost, policy)
        return len(lost)

    def _ids(self, due_at: datetime | None = None, limit: int | None = None) -> Sequence[int]:
        """Texts that were being handed over. Only numbers: a row that cannot be read must not
        keep the others from being looked up."""
        query = select(Notice.id).where(Notice.status == NoticeStatus.SENDING)
        if due_at is not None:
            query = query.where(Notice.next_attempt_at <= due_at)
        in_order = query.order_by(Notice.next_attempt_at, Notice.id).limit(limit)
        with self._store.read() as session:
            return session.scalars(in_order).all()

    def _watch_deliveries(self, policy: Policy, now: datetime) -> None:
        """W48, every ten seconds: where too few texts arrive, nothing confirms itself any more."""
        last = self._watched_at
        if last is not None and abs(now - last) < _WATCH_INTERVAL:
            return
        self._watched_at = now
        with self._store.begin() as session:
            pause = delivery.watch(session, policy=policy, at=now)
            if pause is not None:
                _log.error(
                    "too few texts arrive: officers confirm every event from now on",
                    accepted=pause.accepted, delivered=pause.delivered,
                )  # fmt: skip

    def _each(self, step: _Step, ids: Sequence[int], policy: Policy) -> int:
        """Take the step for each notice, several at once where the provider is far away: a text
        that waits ten seconds for its answer must not make the others too late."""
        if self._channel.parallel == 1 or len(ids) < 2:
            return sum(self._guarded(step, policy, notice_id) for notice_id in ids)
        with ThreadPoolExecutor(self._channel.parallel, "sender") as pool:
            return sum(pool.map(partial(self._guarded, step, policy), ids))

    def _guarded(self, step: _Step, policy: Policy, notice_id: int) -> bool:
        """One notice's trouble stays its own: it is put off, and the next one is served."""
        try:
            return step(notice_id, policy)
        except Exception as error:
            self._errors.labels("notice").inc()
            _log.exception("notice put off", notice=notice_id)
            self._put_off(notice_id, type(error).__name__, policy)
            return False

    def _put_off(self, notice_id: int, reason: str, policy: Policy) -> None:
        """Try this row again later; give up after as many tries as a provider gets. By plain
        UPDATE, for the row may be unreadable (a lost key). The event's own deadline for the
        submission then brings a person."""
        row = Notice.id == notice_id
        later = self._clock.now() + timedelta(seconds=policy.sms_submit_retry_seconds)
        with self._store.begin() as session:
            session.execute(
                update(Notice)
                .where(row)
                .values(attempts=Notice.attempts + 1, next_attempt_at=later, error=reason)
            )
            session.execute(
                update(Notice)
                .where(row, Notice.status == NoticeStatus.QUEUED)
                .where(Notice.attempts >= policy.sms_submit_tries)
                .values(status=NoticeStatus.FAILED)
            )

    def _carrier(self, template: str) -> Channel | None:
        """Who carries it; None for a call where nobody makes any."""
        return self._voice if template in CALLS else self._channel

    # Handing over

    def _send(self, notice_id: int, policy: Policy) -> bool:
        claimed = self._claim(notice_id, policy)
        if claimed is None:
            return False
        carrier, message = claimed
        try:
            submission = carrier.submit(message)
        except TryLater as error:
            self._try_later(notice_id, error.reason, policy)
        except Rejected as error:
            self._finish(notice_id, NoticeStatus.FAILED, error.reason, policy)
        except Exception as error:  # OutcomeUnknown, and whatever else may hide a sent text
            _log.warning("outcome unknown", notice=notice_id, error=type(error).__name__)
            self._look_again(notice_id)
        else:
            self._record(notice_id, submission, policy)
            return True
        return False

    def _claim(self, notice_id: int, policy: Policy) -> tuple[Channel, Outgoing] | None:
        """QUEUED to SENDING in a transaction of its own, before anything leaves the house."""
        now = self._clock.now()
        with self._store.begin() as session:
            notice = _held(session, notice_id, NoticeStatus.QUEUED)
            if notice is None:
                return None
            event = rules.event_of(session, notice)
            carrier = self._carrier(notice.template)
            reason = rules.why_not(session, notice, event, policy, now)
            if carrier is None or reason:
                reason = reason or _NOBODY_CALLS
                _log.info("notice not sent", notice=notice_id, reason=reason)
                advance(
                    session, notice, NoticeStatus.CANCELLED, policy=policy, at=now, error=reason
                )
                return None
            notice.provider = carrier.name
            try:
                message = rules.words(notice, event, policy, self._templates)
            except BadInput as error:
                advance(
                    session, notice, NoticeStatus.FAILED, policy=policy, at=now, error=str(error)
                )
                return None
            notice.status = NoticeStatus.SENDING
            notice.sending_at = now
            notice.attempts += 1
            notice.body, notice.error = message.body, ""
            notice.segments = None if notice.template in CALLS else message.segments
            lease = timedelta(seconds=carrier.timeout_seconds) + _LEASE_MARGIN
            notice.next_attempt_at = now + lease
            validity = carrier.validity_seconds
            return carrier, rules.outgoing(notice, event, policy, validity, message.values)

    # What came of it

    def _record(self, notice_id: int, submission: Submission, policy: Policy) -> None:
        """The provider has it. A receipt may have been faster and have said more already."""
        with self._store.begin() as session:
            notice = _held(session, notice_id)
            if notice is None:
                raise AssertionError("a notice is never deleted")
            if submission.provider_id and submission.provider_id == notice.first_provider_id:
                return  # its own receipt was faster, and it is in the queue once more (W16)
            if submission.provider_id:
                adopt(session, notice, submission.provider_id, policy=policy)
            now = self._clock.now()
            advance(session, notice, submission.status, policy=policy, at=now)

    def _finish(self, notice_id: int, status: NoticeStatus, reason: str, policy: Policy) -> None:
        with self._store.begin() as session:
            notice = _held(session, notice_id, NoticeStatus.SENDING)
            if notice is not None:
                now = self._clock.now()
                advance(session, notice, status, policy=policy, at=now, error=reason)
        _log.warning("notice ended unsent", notice=notice_id, status=status, reason=reason)

    def _try_later(self, notice_id: int, reason: str, policy: Policy) -> None:
        """The provider surely does not have it: back into the queue, the one step backwards."""
        with self._store.begin() as session:
            notice = _held(session, notice_id, NoticeStatus.SENDING)
            if notice is None:
                return
            if notice.attempts < policy.sms_submit_tries:
                notice.status = NoticeStatus.QUEUED
                notice.error = reason[:200]
                delay = timedelta(seconds=policy.sms_submit_retry_seconds)
                notice.next_attempt_at = self._clock.now() + delay
                return
        self._finish(notice_id, NoticeStatus.FAILED, reason, policy)

    # Texts whose answer was lost

    def _look_again(self, notice_id: int) -> None:
        with self._store.begin() as session:
            notice = _held(session, notice_id, NoticeStatus.SENDING)
            if notice is not None:
                notice.next_attempt_at = self._clock.now() + _LOOK_UP_INTERVAL

    def _look_up(self, notice_id: int, policy: Policy) -> bool:
        """Ask the provider for a text that may or may not have reached it."""
        with self._store.read() as session:
            notice = session.get_one(Notice, notice_id)
            event = rules.event_of(session, notice)
            carrier = self._carrier(notice.template)
            validity = 0 if carrier is None else carrier.validity_seconds
            message = rules.outgoing(notice, event, policy, validity)
            sent_at = notice.sending_at or notice.created_at
        if carrier is None:
            self._finish(notice_id, NoticeStatus.UNKNOWN, _NOBODY_CALLS, policy)
            return False
        patience = 2 * carrier.timeout_seconds
        try:
            found = carrier.find(message, since=sent_at)
        except TryLater:
            found, patience = None, policy.dlr_timeout_seconds
        if found is not None:
            self._record(notice_id, found, policy)
        elif (self._clock.now() - sent_at).total_seconds() < patience:
            # A provider may list a text a little later than it takes it.
            self._look_again(notice_id)
        else:
            self._finish(notice_id, NoticeStatus.UNKNOWN, "the outcome is unknown", policy)
        return found is not None

    # Receipts that have to be fetched

    def _fetch_receipts(self, carrier: Channel, policy: Policy) -> None:
        now = self._clock.now()
        open_texts = (
            select(Notice.provider_id, Notice.id, Notice.accepted_at)
            .where(Notice.provider == carrier.name, Notice.status.in_(_AT_PROVIDER))
            .where(Notice.accepted_at >= now - _RECEIPTS_WANTED, Notice.provider_id.is_not(None))
            .order_by(Notice.accepted_at)
        )
        with self._store.read() as session:
            underway = [Underway(*row) for row in session.execute(open_texts).all()]
        if not underway:
            return
        try:
            receipts = carrier.poll(underway, now)
        except Exception:
            self._errors.labels("receipts").inc()
            _log.exception("receipts could not be fetched")
            return
        for receipt in receipts:
            try:
                with self._store.begin() as session:
                    apply_receipt(session, receipt, policy=policy, at=self._clock.now())
            except Exception:
                self._errors.labels("receipts").inc()
                _log.exception("receipt put off", notice=receipt.notice_id)


def _held(session: Session, notice_id: int, status: NoticeStatus | None = None) -> Notice | None:
    """The row, held until the end of the transaction; None if another hand has moved it on."""
    conditions = [Notice.id == notice_id]
    if status is not None:
        conditions.append(Notice.status == status)
    return lock_notice(session, *conditions)
