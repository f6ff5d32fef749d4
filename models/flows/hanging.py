"""The flow of what hangs or is posted before a responsible shop or household (domain.md 4.3).

Codes are the rows of domain.md; a letter behind a number tells apart what one row there says in one
breath. Two tables are made of the same rows: HANGING, and POSTER with B9 besides. Decisions beyond
the letter of the table, all in favour of whoever is responsible:

- The grace starts at the delivery receipt, as for vehicles (0.3).
- B5 counts in every state until the end: who takes it down late has still corrected it.
- B6 is an officer's act; until then NOT_RECTIFIED is only what a camera says, and ends unreviewed
  after five work days.
- W52 ends whatever rests on the camera's finding, an order that was served as well: nothing follows
  from pictures that are not what was recorded. Before the finding it stays a reminder, and the
  re-check cannot find against anybody any more.
- B8 needs a photo on the spot; if nobody looks within five work days after the period of the order,
  the event ends unreviewed.
"""

from __future__ import annotations

from models.event import ActorKind
from models.flow import Flow, Transition
from models.flows import decision_guards as decision
from models.flows import effects as do
from models.flows import ground_guards as ground
from models.flows import guards as when
from models.flows import hanging_effects as place_do
from models.flows import hanging_guards as place
from models.flows import watch_guards as watch
from models.flows.case_effects import cancel_case, open_case, open_crew_case
from models.states import PLACE_TERMINAL, PlaceState

S = PlaceState
OPEN = frozenset(state for state in S if state not in PLACE_TERMINAL)
FOUND = frozenset({S.NOT_RECTIFIED, S.REVIEW_PENDING, S.FORMAL_ORDER, S.ORDER_CHECK})
BEFORE_FINDING = OPEN - FOUND
BEFORE_PROMISE = frozenset({S.FLAGGED, S.CONFIRM_PENDING, S.OWNER_LOOKUP})

_OFFICER = frozenset({ActorKind.OFFICER})
_STAFF = frozenset({ActorKind.OFFICER, ActorKind.OPERATOR, ActorKind.SYSTEM})
_GATEWAY = frozenset({ActorKind.GATEWAY})
_GATEWAY_OR_CLOCK = frozenset({ActorKind.GATEWAY, ActorKind.SYSTEM})

_BIRTH = (
    Transition(
        "B0", None, "first_seen", S.CANDIDATE,
        (place.place_zone_in_force, ground.zone_on_duty),
        (do.start_open_limit,),
    ),
    Transition(
        "B1w", S.CANDIDATE, "dwell", S.EXEMPT,
        (place.permitted_here,),
        (place_do.note_permit, do.end_event),
    ),
    Transition(
        "B1", S.CANDIDATE, "dwell", S.FLAGGED,
        (place.seen_long_enough,),
    ),
    Transition(
        "B1d", S.CANDIDATE, "dwell", S.DISCARDED,
        (),
        (place_do.name_why_not_flagged, do.end_event),
    ),
    Transition(
        "B1m", S.FLAGGED, "dedupe", S.DUPLICATE,
        (when.has_master,),
        (do.link_master, do.end_event),
        reason="SAME_OBJECT",
    ),
    Transition(
        "B11", S.FLAGGED, "lookup", S.DISCARDED,
        (when.in_shadow_phase,),
        (do.end_event,),
        reason="SHADOW_PHASE",
    ),
    Transition(
        "B1n", S.FLAGGED, "lookup", S.DISCARDED,
        (place.not_designated,),
        (do.end_event,),
        reason="NOT_DESIGNATED",
    ),
)  # fmt: skip

_CREW = (
    Transition(
        "B9", frozenset({S.FLAGGED, S.OWNER_LOOKUP}), "crew", S.DISPATCHED,
        (place.ownerless_poster,),
        (do.send_patrol, open_crew_case),
        reason="NO_OWNER",
    ),
)  # fmt: skip

_LOOKUP = (
    Transition(
        "B2", S.FLAGGED, "lookup", S.OWNER_LOOKUP,
        (when.confirms_by_itself, when.texts_arrive),
        (place_do.note_party, do.mark_confirmed),
    ),
    Transition(
        "B2a", S.FLAGGED, "lookup", S.CONFIRM_PENDING,
        (),
        (place_do.note_party, do.ask_officer),
    ),
    Transition(
        "B2o", S.CONFIRM_PENDING, "officer_confirm", S.OWNER_LOOKUP,
        (when.by_active_officer, when.not_recused, watch.not_gone),
        (place_do.note_party, do.mark_confirmed),
        actors=_OFFICER,
    ),
    Transition(
        "B2d", frozenset({S.CONFIRM_PENDING, S.DISPATCHED}), "officer_discard", S.DISCARDED,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.end_event,),
        actors=_OFFICER,
    ),
    Transition(
        "B2t", S.CONFIRM_PENDING, "confirm_timeout", S.DISPATCHED,
        (watch.not_gone,),
        (do.send_patrol,),
        reason="CONFIRM_TIMEOUT",
    ),
    Transition(
        "B2g", S.CONFIRM_PENDING, "confirm_timeout", S.DISCARDED,
        (),
        (do.note_departure, do.end_event),
        reason="GONE",
    ),
    Transition(
        "B5d", BEFORE_PROMISE, "absent", S.DISCARDED,
        (watch.left_before_promise,),
        (do.note_departure, do.end_event),
        reason="GONE",
    ),
)  # fmt: skip

_REMINDER = (
    Transition(
        "B3", S.OWNER_LOOKUP, "remind", S.NOTICE_PENDING,
        (place.party_known, place.texts_authorised, place.under_party_limit),
        (place_do.queue_n7,),
    ),
    Transition(
        "B4", S.OWNER_LOOKUP, "remind", S.DISPATCHED,
        (),
        (place_do.name_why_visit, do.send_patrol),
    ),
    Transition(
        "B4p", S.DISPATCHED, "paper_notice", S.REMINDED,
        (when.by_active_officer, when.not_recused, when.paper_photographed),
        (place_do.note_party, do.start_paper_grace),
        actors=_OFFICER,
        reason="PAPER_NOTICE",
    ),
    Transition(
        "B4x", S.DISPATCHED, "patrol_over", S.UNDETERMINED,
        (),
        (do.end_event,),
        reason="PATROL_OVER",
    ),
    Transition(
        "B3r", S.NOTICE_PENDING, "delivered", S.REMINDED,
        (),
        (do.start_grace,),
        actors=_GATEWAY,
    ),
    Transition(
        "B3a", S.NOTICE_PENDING, "accepted", S.REMINDED,
        (when.acceptance_counts,),
        (do.start_grace,),
        actors=_GATEWAY,
    ),
    Transition(
        "B3x", S.NOTICE_PENDING, "notice_failed", S.DISPATCHED,
        (),
        (place_do.withdraw_reminder, do.send_patrol),
        actors=_GATEWAY_OR_CLOCK,
        reason="NOTICE_FAILED",
    ),
    Transition(
        "B3l", S.DISPATCHED, "delivered", S.REMINDED,
        (watch.still_there,),
        (do.start_grace,),
        actors=_GATEWAY,
        reason="LATE_RECEIPT",
    ),
)  # fmt: skip

_RECHECK = (
    Transition(
        "B5", OPEN - BEFORE_PROMISE - {S.CANDIDATE}, "absent", S.RECTIFIED,
        (watch.left_before_promise,),
        (place_do.note_removal, place_do.unsent_reminder_ends, do.end_event),
        reason="MINOR_CORRECTED",
    ),
    Transition(
        "B5c", S.REMINDED, "grace_over", S.RECHECK,
        (watch.deadline_passed, watch.recheck_possible),
        (do.start_recheck,),
    ),
    Transition(
        "W38", S.REMINDED, "grace_over", S.UNDETERMINED,
        (watch.deadline_passed,),
        (do.end_event,),
        reason="RECHECK_MISSED",
    ),
    Transition(
        "W52p", S.RECHECK, "present", S.UNDETERMINED,
        (
            watch.seen_after_deadline, watch.two_panoramas, watch.delay_passed,
            decision.evidence_is_broken,
        ),
        (do.end_event,),
        reason="EVIDENCE_BROKEN",
    ),
    Transition(
        "B6c", S.RECHECK, "present", S.NOT_RECTIFIED,
        (
            watch.seen_after_deadline, watch.two_panoramas, watch.delay_passed,
            watch.seen_throughout, watch.zone_is_live,
        ),
        (do.finish_recheck, place_do.start_finding),
    ),
    Transition(
        "B6w", S.RECHECK, "present", S.UNDETERMINED,
        (
            watch.seen_after_deadline, watch.two_panoramas, watch.delay_passed,
            watch.in_warning_phase,
        ),
        (do.end_event,),
        reason="WARNING_PHASE",
    ),
    Transition(
        "W02", S.RECHECK, "present", S.UNDETERMINED,
        (watch.seen_after_deadline, watch.two_panoramas, watch.delay_passed),
        (do.end_event,),
        reason="GAP_DURING_GRACE",
    ),
    Transition(
        "B6u", S.RECHECK, "recheck_over", S.UNDETERMINED,
        (watch.recheck_is_over,),
        (do.name_doubt, do.end_event),
        reason="NO_CLEAR_VIEW",
    ),
)  # fmt: skip

_OFFICERS = (
    Transition(
        "B6", S.NOT_RECTIFIED, "officer_confirm", S.REVIEW_PENDING,
        (
            when.by_active_officer, when.not_recused, decision.officer_did_not_draw_zone,
            place.responsible_named,
            decision.owner_was_told, decision.within_review_time, decision.no_open_statement,
            decision.evidence_is_sound,
        ),
        (place_do.start_confirmed_review, place_do.tell_not_rectified),
        actors=_OFFICER,
        reason="CONFIRMED_ON_PICTURE",
    ),
    Transition(
        "B6r", FOUND, "reject", S.REJECTED,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.end_event,),
        actors=_OFFICER,
    ),
    Transition(
        "B6x", frozenset({S.NOT_RECTIFIED, S.REVIEW_PENDING}), "review_expired",
        S.EXPIRED_UNREVIEWED,
        (decision.review_time_over,),
        (do.end_event,),
        reason="REVIEW_EXPIRED",
    ),
    Transition(
        "B7", S.REVIEW_PENDING, "order", S.FORMAL_ORDER,
        (
            decision.officer_licensed, when.not_recused, decision.officer_did_not_draw_zone,
            decision.our_authority,
            decision.zone_has_legal_basis, ground.street_designated, watch.zone_is_live,
            decision.owner_was_told, decision.within_review_time, decision.no_open_statement,
            decision.evidence_is_sound, place.responsible_named, place.order_served,
            place.two_signed_order,
        ),
        (place_do.start_order,),
        actors=_OFFICER,
        reason="TWO_OFFICERS",
    ),
    Transition(
        "B7e", S.FORMAL_ORDER, "order_over", S.ORDER_CHECK,
        (place.order_period_over,),
        (place_do.end_order_period,),
    ),
    Transition(
        "B7r", frozenset({S.FORMAL_ORDER, S.ORDER_CHECK}), "rectified", S.RECTIFIED,
        (when.by_active_officer, when.not_recused),
        (place_do.note_removal, do.end_event),
        actors=_OFFICER,
        reason="ORDER_FOLLOWED",
    ),
    Transition(
        "B8", S.ORDER_CHECK, "escalate", S.ESCALATED,
        (
            decision.officer_licensed, when.not_recused, decision.officer_did_not_draw_zone,
            decision.device_reviewed, decision.device_calibrated, ground.device_has_purpose,
            ground.device_filed, ground.detector_approved, ground.street_designated,
            watch.zone_is_live, decision.zone_has_legal_basis, decision.our_authority,
            decision.evidence_is_sound, decision.within_two_years, decision.no_open_statement,
            decision.no_open_reply, decision.no_open_recusal_request, decision.no_void_ground,
            place.order_served, place.order_period_over, place.photographed_after_order,
            place.two_signed_escalation,
        ),
        (do.end_event, open_case),
        actors=_OFFICER,
        reason="TWO_OFFICERS",
    ),
    Transition(
        "B8x", S.ORDER_CHECK, "order_check_over", S.EXPIRED_UNREVIEWED,
        (place.order_check_over,),
        (do.end_event,),
        reason="REVIEW_EXPIRED",
    ),
)  # fmt: skip

_ANY_OPEN = (
    Transition(
        "W52", FOUND, "evidence_broken", S.UNDETERMINED,
        (decision.evidence_is_broken,),
        (do.end_event,),
        reason="EVIDENCE_BROKEN",
    ),
    Transition(
        "B12", OPEN | {S.ESCALATED}, "void", S.VOIDED,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.end_event, cancel_case),
        actors=_OFFICER,
    ),
    Transition(
        "B13", OPEN, "transfer", S.TRANSFERRED,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.end_event,),
        actors=_OFFICER,
    ),
    Transition(
        "B14", BEFORE_FINDING, "permitted", S.EXEMPT,
        (),
        (do.end_event,),
        actors=_STAFF,
        reason="PERMITTED_NOW",
    ),
    Transition(
        "W30h", BEFORE_FINDING, "hours_over", S.EXEMPT,
        (ground.parking_became_legal,),
        (do.end_event,),
        reason="PERMITTED_NOW",
    ),
    Transition(
        "W31", BEFORE_FINDING, "zone_lifted", S.UNDETERMINED,
        (watch.zone_no_longer_covers,),
        (do.end_event,),
        actors=_STAFF,
        reason="ZONE_LIFTED",
    ),
    Transition(
        "LIMIT", OPEN, "open_limit", S.UNDETERMINED,
        (),
        (do.end_event,),
        reason="OPEN_LIMIT",
    ),
)  # fmt: skip

_SHARED = _LOOKUP + _REMINDER + _RECHECK + _OFFICERS + _ANY_OPEN

HANGING = Flow(
    name="hanging",
    version="1",
    transitions=_BIRTH + _SHARED,
    terminal=PLACE_TERMINAL,
    states=PlaceState,
)

POSTER = Flow(
    name="poster",
    version="1",
    transitions=_BIRTH + _CREW + _SHARED,
    terminal=PLACE_TERMINAL,
    states=PlaceState,
)
