"""Scenes for the guards about texts, as `guard_cases`: they pass, and they refuse."""

from __future__ import annotations

from datetime import timedelta

from models.contacts import is_stale
from models.flows import decision_guards as decision
from models.flows import guards as when
from models.flows import text_guards as told
from models.notice import DeliveryPause, Notice, Reply
from models.policy import Policy
from models.secret import keyed_hash
from tests import rows
from tests.models.city import CONTACT
from tests.models.guard_cases import Case, Change, Scene, ask, nothing
from tests.models.walks_texts import told_elsewhere


def few_arrive(scene: Scene) -> None:
    """Too few texts arrive, and no operator has let it go on (W48)."""
    scene.city.session.add(
        DeliveryPause(is_open=True, began_at=scene.city.now, accepted=5, delivered=1)
    )


def backlog(scene: Scene) -> None:
    """Three texts wait, and one a minute goes out (W50)."""
    scene.city.policy = Policy(sms_per_minute=1)
    for number in range(3):
        scene.city.session.add(
            Notice(
                event_id=scene.event.id, template="N3", addressee=f"n{number}",
                phone=CONTACT.phone, next_attempt_at=scene.city.now,
                created_at=scene.city.now,
            )
        )  # fmt: skip


def reply(scene: Scene) -> None:
    """The owner has answered "not my car"."""
    scene.city.session.add(
        Reply(
            provider="twilio", provider_id="SM-reply", event_id=scene.event.id,
            phone=CONTACT.phone, phone_hash=keyed_hash(CONTACT.phone), text="不是我的车",
            meanings=["NOT_MINE"], freezes=True, disowns=True, received_at=scene.city.now,
        )
    )  # fmt: skip


def disowned(scene: Scene) -> None:
    """The same, from the phone that is to be texted (W49)."""
    ask(contact=CONTACT)(scene)
    reply(scene)
    assert is_stale(scene.city.session, CONTACT.phone)


def told_of(**changes: object) -> Change:
    """Another event of this car, of which the owner was told first; with these changes."""

    def change(scene: Scene) -> None:
        ask(master=told_elsewhere(scene.city, scene.event, **changes))(scene)

    return change


LONG_AGO = rows.NOON - timedelta(days=1)

TEXT_CASES: list[Case] = [
    (told.texted_before, "to_grace", told_of(), nothing, "NO_MASTER"),
    (told.texted_before, "to_grace", told_of(), told_of(plate="浙A54321"), "OTHER_VEHICLE"),
    (told.texted_before, "to_grace", told_of(), told_of(last_seen_at=LONG_AGO), "OTHER_STAY"),
    (told.texted_before, "to_grace", told_of(), told_of(notified_at=None), "NOT_TOLD_FIRST"),
    (when.outbox_keeps_up, "to_confirmed", nothing, backlog, "SMS_BACKLOG"),
    (when.texts_arrive, "open", nothing, few_arrive, "DELIVERY_PAUSED"),
    (decision.no_open_reply, "to_review", nothing, reply, "REPLY_OPEN"),
    (when.owner_reachable, "to_confirmed", ask(contact=CONTACT), disowned, "CONTACT_STALE"),
]
