"""What officers do with a hanging or poster event: confirm, order, find corrected, escalate (4.3).

An order and an escalation need two different licensed officers (L08). The first signature changes
no state; the second one moves the event, if every guard of its row agrees. No act knows an amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import deadlines
from models.errors import BadInput, Conflict, FlowRefused, NotAllowed, NotFound, Refusal
from models.event import Event, FlowName
from models.flow import Actor, choose, find_command, fire, person
from models.flows.tables import flow_of
from models.looks import lock, look_back
from models.people import Role, User
from models.place import FormalOrder, ResponsibleParty, Signature, SignatureAct
from models.place_cases import settle_place
from models.place_parties import order_of
from models.policy import Policy
from models.recusal import place_signers
from models.states import PlaceState

LONGEST_PERIOD_SECONDS = 30 * 86_400
SERVED_HOW = ("in_person", "left_at_door", "post")
_WAITS_FOR_SECOND = frozenset({"CO_SIGNER_MISSING", "ORDER_NOT_SERVED"})


@dataclass(frozen=True, slots=True)
class OrderInput:
    """责令限期改正通知书 as the officers wrote it."""

    order_no: str
    text: str
    """Facts, what to correct, and the remedies; at most 2000 characters."""
    legal_basis: str
    period_seconds: int
    """Time to correct, from the service; at least `policy.order_least_seconds`."""


def confirm_place(
    session: Session,
    event: Event,
    user: User,
    *,
    party_id: int | None = None,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """B2: an officer says that it is one, and whose; then the reminder goes out or somebody walks
    there. B6: an officer says that it was not taken down, and who is responsible.

    `party_id` corrects what the frontage polygons said. Raises NotFound, FlowRefused, StaleVersion.
    """
    if find_command(session, command_id) is not None:
        return event
    lock(session, event)
    _of_this_room(event)
    party = _party(session, event, party_id)
    inputs = {"user": user, "party": party, "watch": look_back(session, event, policy)}
    fire(
        session, flow_of(event), event, "officer_confirm", actor=_officer(user), at=at,
        command_id=command_id, policy=policy, inputs=inputs, expected_version=expected_version,
    )  # fmt: skip
    return settle_place(session, event, policy=policy, at=at, command_id=f"{command_id}/B3")


def find_rectified(
    session: Session,
    event: Event,
    user: User,
    *,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """B7r: officers saw on the spot that the order was followed. One officer's word is enough: it
    is in favour of whoever is responsible."""
    lock(session, event)
    _of_this_room(event)
    fire(
        session, flow_of(event), event, "rectified", actor=_officer(user), at=at,
        command_id=command_id, policy=policy, inputs={"user": user},
        expected_version=expected_version,
    )  # fmt: skip
    return event


def draft_order(
    session: Session,
    event: Event,
    user: User,
    order: OrderInput,
    *,
    policy: Policy,
    at: datetime,
) -> FormalOrder:
    """B7, first officer: write the order and sign it. It is nothing yet: the second officer's
    signature and the service make it one. Until then it may be written anew, by whoever signed it.

    Raises BadInput naming the field, FlowRefused where no order may be given.
    """
    _check_order(order, policy)
    lock(session, event)
    _of_this_room(event)
    _refuse_unless(session, event, user, "order", policy, at)
    if event.party_id is None:
        raise BadInput("nobody is named as responsible", field="party_id")
    row = order_of(session, event)
    signed = place_signers(session, event.id, SignatureAct.ORDER)
    if row is not None and row.served_at is not None:
        raise Conflict("the order was served already", code="ALREADY_SERVED")
    if signed and user.id not in signed:
        raise Conflict(
            "another officer has written an order",
            code="ORDER_WRITTEN",
            hint="sign that one, or let its writer change it",
        )
    if row is None:
        row = FormalOrder(event_id=event.id, party_id=event.party_id, created_at=at, served_how="")
        session.add(row)
    row.order_no, row.text, row.legal_basis = order.order_no, order.text.strip(), order.legal_basis
    row.period_seconds = order.period_seconds
    session.flush()
    _sign(session, event, user, SignatureAct.ORDER, order.order_no, at)
    return row


def serve_order(
    session: Session,
    event: Event,
    user: User,
    *,
    served_at: datetime,
    served_how: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """B7, second officer: sign the order that a colleague wrote, and say when and how it was
    served. Its period runs from then.

    Raises BadInput for the same officer, a service in the future or of an unknown kind; NotFound
    without a draft; FlowRefused with every guard that says no.
    """
    if find_command(session, command_id) is not None:
        return event
    if served_how not in SERVED_HOW:
        raise BadInput(f"served_how is one of {', '.join(SERVED_HOW)}", field="served_how")
    if served_at > at:
        raise BadInput("an order cannot have been served in the future", field="served_at")
    lock(session, event)
    _of_this_room(event)
    row = order_of(session, event)
    if row is None:
        raise NotFound(f"event {event.event_no} has no order to sign")
    _refuse_unless(session, event, user, "order", policy, at)
    if user.id in place_signers(session, event.id, SignatureAct.ORDER):
        raise _same_officer()
    served = max(served_at, row.created_at)
    row.served_at, row.served_how = served, served_how
    row.due_at = deadlines.round_up_second(served + timedelta(seconds=row.period_seconds))
    _sign(session, event, user, SignatureAct.ORDER, row.order_no, at)
    fire(
        session, flow_of(event), event, "order", actor=_officer(user), at=at,
        command_id=command_id, policy=policy, inputs={"user": user},
        expected_version=expected_version,
        facts={"officers": sorted(place_signers(session, event.id, SignatureAct.ORDER))},
    )  # fmt: skip
    return event


def sign_escalation(
    session: Session,
    event: Event,
    user: User,
    *,
    reason: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """B8: the order was not followed. The first signature waits for the second one, of another
    licensed officer; that one opens the case. What follows is decided outside this software.

    Raises BadInput for an empty reason or the same officer twice, FlowRefused, StaleVersion.
    """
    if find_command(session, command_id) is not None:
        return event
    words = reason.strip()
    if not 0 < len(words) <= 300:
        raise BadInput("say in 1 to 300 characters what was found on the spot", field="reason")
    lock(session, event)
    _of_this_room(event)
    _refuse_unless(session, event, user, "escalate", policy, at)
    signed = place_signers(session, event.id, SignatureAct.ESCALATE)
    if user.id in signed:
        raise _same_officer()
    _sign(session, event, user, SignatureAct.ESCALATE, words, at)
    if signed:
        fire(
            session, flow_of(event), event, "escalate", actor=_officer(user), at=at,
            command_id=command_id, policy=policy, inputs={"user": user},
            expected_version=expected_version, facts={"officers": sorted([*signed, user.id])},
        )  # fmt: skip
    return event


def refusals_of(
    session: Session, event: Event, user: User, trigger: str, *, policy: Policy, at: datetime
) -> list[Refusal]:
    """What stands against this officer's signature now, but for what the second one brings."""
    try:
        choose(
            session, flow_of(event), event, trigger, actor=_officer(user), at=at, policy=policy,
            inputs={"user": user},
        )  # fmt: skip
    except FlowRefused as refused:
        return [r for r in refused.refusals if r.code not in _WAITS_FOR_SECOND]
    return []


def _refuse_unless(
    session: Session, event: Event, user: User, trigger: str, policy: Policy, at: datetime
) -> None:
    found = refusals_of(session, event, user, trigger, policy=policy, at=at)
    if found:
        message = "; ".join(refusal.message for refusal in found)
        raise FlowRefused(f"event {event.event_no}: {trigger} is refused: {message}", found)


def _check_order(order: OrderInput, policy: Policy) -> None:
    for field, value, longest in (
        ("order_no", order.order_no, 40),
        ("text", order.text, 2000),
        ("legal_basis", order.legal_basis, 200),
    ):
        if not 0 < len(value.strip()) <= longest:
            raise BadInput(f"{field} must have 1 to {longest} characters", field=field)
    if not policy.order_least_seconds <= order.period_seconds <= LONGEST_PERIOD_SECONDS:
        raise BadInput(
            f"an order gives {policy.order_least_seconds} to {LONGEST_PERIOD_SECONDS} seconds",
            field="period_seconds",
            hint="time to correct must be real",
        )


def _sign(
    session: Session, event: Event, user: User, act: SignatureAct, reason: str, at: datetime
) -> None:
    if user.id in place_signers(session, event.id, act):
        return  # the writer of a draft has changed it
    session.add(
        Signature(
            event_id=event.id, officer_id=user.id, act=act, reason=reason,
            licence_no=user.licence_no or "", signed_at=at,
        )
    )  # fmt: skip
    session.flush()


def _party(session: Session, event: Event, party_id: int | None) -> ResponsibleParty | None:
    wanted = event.party_id if party_id is None else party_id
    if wanted is None:
        return None
    party = session.get(ResponsibleParty, wanted)
    if party is None or party.retired_at is not None:
        raise NotFound(f"there is no shop or household {wanted}")
    return party


def _of_this_room(event: Event) -> None:
    if event.flow not in (FlowName.HANGING, FlowName.POSTER):
        raise Conflict("this is neither a hanging nor a poster event", code="WRONG_FLOW")


def _officer(user: User) -> Actor:
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer may do this", code="NOT_AN_OFFICER")
    return person(user)


def _same_officer() -> BadInput:
    return BadInput(
        "the same officer cannot sign twice",
        field="officer",
        code="SAME_OFFICER",
        hint="a second licensed officer must sign",
    )


NEEDS_OFFICER = (
    PlaceState.CONFIRM_PENDING,
    PlaceState.NOT_RECTIFIED,
    PlaceState.REVIEW_PENDING,
    PlaceState.ORDER_CHECK,
)
"""States in which an event waits for an officer's act."""
