"""The parking flow from the officers' queue to its end (domain.md 4.2 (a), rows A19 to A27)."""

from __future__ import annotations

from models.event import TERMINAL, ActorKind, EventState
from models.flow import Transition
from models.flows import decision_guards as decision
from models.flows import effects as do
from models.flows import ground_guards as ground
from models.flows import guards as when
from models.flows import patrol_guards as patrol
from models.flows import text_guards as told
from models.flows import watch_guards as watch
from models.flows.case_effects import cancel_case, open_case
from models.flows.decision_effects import end_handover, start_handover

S = EventState
OPEN = frozenset(state for state in EventState if state not in TERMINAL)
BEFORE_STAYED = OPEN - {S.STAYED, S.REVIEW_PENDING}

_OFFICER = frozenset({ActorKind.OFFICER})
_STAFF = frozenset({ActorKind.OFFICER, ActorKind.OPERATOR, ActorKind.SYSTEM})

REVIEW = (
    Transition(
        "A19", S.STAYED, "review", S.REVIEW_PENDING,
        (watch.zone_is_live, decision.pack_complete),
        (do.start_review, do.tell_stayed),
    ),
    Transition(
        "A19w", S.STAYED, "review", S.UNDETERMINED,
        (watch.in_warning_phase,),
        (do.end_event, do.tell_closed),
        reason="WARNING_PHASE",
    ),
    Transition(
        "A19u", S.STAYED, "review", S.UNDETERMINED,
        (),
        (do.end_event, do.tell_closed),
        reason="PACK_INCOMPLETE",
    ),
    Transition(
        "A20", S.REVIEW_PENDING, "escalate", S.ESCALATED,
        (
            decision.officer_licensed, when.not_recused, decision.officer_did_not_draw_zone,
            decision.device_reviewed, decision.device_calibrated, ground.device_has_purpose,
            ground.device_filed, ground.detector_approved, ground.sign_photographed,
            watch.zone_is_live,
            decision.zone_has_legal_basis, decision.our_authority, decision.owner_was_told,
            decision.pack_complete, decision.within_review_time, decision.within_two_years,
            decision.no_open_statement, decision.no_open_reply, decision.no_open_recusal_request,
            decision.no_void_ground, decision.statement_window_over,
            decision.not_escalated_before, ground.told_apart, decision.two_officers,
        ),
        (do.end_event, open_case, start_handover),
        actors=_OFFICER,
        reason="TWO_OFFICERS",
    ),
    Transition(
        "A21", S.REVIEW_PENDING, "reject", S.REJECTED,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.end_event, do.tell_closed),
        actors=_OFFICER,
    ),
    Transition(
        "A22", S.REVIEW_PENDING, "review_expired", S.EXPIRED_UNREVIEWED,
        (decision.review_time_over,),
        (do.end_event, do.tell_closed),
        reason="REVIEW_EXPIRED",
    ),
    Transition(
        "W52", frozenset({S.STAYED, S.REVIEW_PENDING}), "evidence_broken", S.UNDETERMINED,
        (decision.evidence_is_broken,),
        (do.end_event, do.tell_closed),
        reason="EVIDENCE_BROKEN",
    ),
    Transition(
        "A24", S.ESCALATED, "void", S.VOIDED,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.end_event, cancel_case, end_handover, do.tell_voided),
        actors=_OFFICER,
    ),
)  # fmt: skip

TEXTED = frozenset({S.NOTICE_PENDING, S.PATROL_ASSIGNED, S.GRACE, S.RECHECK, S.REVIEW_PENDING})

ANY_OPEN = (
    Transition(
        "W29", TEXTED, "join_texted", S.VOIDED,
        (when.by_active_officer, when.not_recused, told.texted_before),
        (do.link_master, do.end_event),
        actors=_OFFICER,
        reason="SECOND_TEXT",
    ),
    Transition(
        "A23", OPEN, "void", S.VOIDED,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.end_event, do.tell_voided),
        actors=_OFFICER,
    ),
    Transition(
        "A25", OPEN, "tow", S.REMOVED_BY_TOW,
        (
            when.by_active_officer, when.not_recused, when.reason_given, patrol.tow_photographed,
            patrol.tow_by_day_or_urgent,
        ),
        (do.end_event,),
        actors=_OFFICER,
    ),
    Transition(
        "A27", OPEN, "transfer", S.TRANSFERRED,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.end_event,),
        actors=_OFFICER,
    ),
    Transition(
        "A27s", S.FLAGGED, "transfer", S.TRANSFERRED,
        (when.is_no_case_of_ours,),
        (do.end_event,),
    ),
    Transition(
        "W30", BEFORE_STAYED, "permitted", S.UNDETERMINED,
        (),
        (do.end_event, do.tell_closed),
        actors=_STAFF,
        reason="PERMITTED_NOW",
    ),
    Transition(
        "W30h", BEFORE_STAYED, "hours_over", S.UNDETERMINED,
        (ground.parking_became_legal,),
        (do.end_event, do.tell_closed),
        reason="PERMITTED_NOW",
    ),
    Transition(
        "W31", BEFORE_STAYED, "zone_lifted", S.UNDETERMINED,
        (watch.zone_no_longer_covers,),
        (do.end_event, do.tell_closed),
        actors=_STAFF,
        reason="ZONE_LIFTED",
    ),
    Transition(
        "LIMIT", OPEN, "open_limit", S.UNDETERMINED,
        (),
        (do.end_event, do.tell_closed),
        reason="OPEN_LIMIT",
    ),
)  # fmt: skip
