"""What the sender's tests do again and again."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import update

from models.clock import FakeClock
from models.notice import Notice
from models.policy import Policy
from models.store import Store
from notify.channel import Outgoing, Submission
from notify.local_channel import LocalChannel
from notify.receipts import apply_receipt
from notify.twilio_channel import TwilioChannel
from tests.twilio_server import StoredMessage, TwilioServer, receipt_of


def receive(
    store: Store, channel: TwilioChannel, twilio: TwilioServer, message: StoredMessage,
    status: str, clock: FakeClock,
) -> bool:  # fmt: skip
    """A signed callback, as the API's endpoint takes it; does it count?"""
    receipt = receipt_of(channel, *twilio.signed(message, status))
    with store.begin() as session:
        return apply_receipt(session, receipt, policy=Policy(), at=clock.now()).counted


def change(store: Store, notice_id: int, **values: object) -> None:
    with store.begin() as session:
        session.execute(update(Notice).where(Notice.id == notice_id).values(**values))


class Scripted(LocalChannel):
    """The local channel, which does what the test says first."""

    def __init__(self, clock: FakeClock, first: Callable[[Outgoing], None]) -> None:
        super().__init__(clock)
        self.first = first

    def submit(self, message: Outgoing) -> Submission:
        self.first(message)
        return super().submit(message)
