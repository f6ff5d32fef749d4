"""The parking flow (domain.md 4.2 (a)) as a table: one row a step, guards before effects.

Codes are the rows of domain.md; a letter behind the number tells apart what one row there says
in one breath (A8 confirm, A8d discard, A8p patrol). W.. and B11 rows come from the awkward paths
(4.7) and from a zone's phases. Rows with the same source and trigger are tried from top to
bottom. Decisions beyond the letter of the table, all in the owner's favour:

- A9g, A11g: who leaves before any promise was made is no longer waited for.
- A13: a city may have the owner called once (off by default). Whoever hears the call is promised
  what N1 promises, but no clock starts by it: nobody knows who picked up.
- A16: seen once after the deadline but not twice ten seconds apart, then clearly gone: left.
- B11: a shadow zone ends every event at the gates, uncounted against anybody and without a text;
  a warning zone texts, but whoever stays is told that it is closed.
- W02: a gap of more than a minute in the grace ends undetermined even if the car is seen again.
- W28: what may be another camera's view of a known vehicle, and may not, is neither texted nor
  told on paper nor escalated, whatever is read on it later.
"""

from __future__ import annotations

from models.event import TERMINAL, ActorKind, EventState
from models.flow import Flow, Transition
from models.flows import effects as do
from models.flows import ground_effects as ground_do
from models.flows import ground_guards as ground
from models.flows import guards as when
from models.flows import patrol_guards as patrol
from models.flows import watch_guards as watch
from models.flows.parking_end import ANY_OPEN, BEFORE_STAYED, OPEN, REVIEW

__all__ = ["BEFORE_STAYED", "OPEN", "PARKING"]

S = EventState

_SYSTEM = frozenset({ActorKind.SYSTEM})
_OFFICER = frozenset({ActorKind.OFFICER})
_GATEWAY = frozenset({ActorKind.GATEWAY})
_GATEWAY_OR_CLOCK = frozenset({ActorKind.GATEWAY, ActorKind.SYSTEM})

_BIRTH = (
    Transition(
        "A1", None, "first_seen", S.CANDIDATE,
        (when.zone_in_force, ground.zone_on_duty),
        (do.start_open_limit,),
    ),
    Transition(
        "A2", S.CANDIDATE, "absent", S.DISCARDED,
        (watch.left_before_promise,),
        (do.note_departure, do.end_event),
        reason="LEFT_BEFORE_DWELL",
    ),
    Transition(
        "A3", S.CANDIDATE, "dwell", S.FLAGGED,
        (when.is_vehicle, when.dwelt_long_enough, when.outside_bays),
    ),
    Transition(
        "A3d", S.CANDIDATE, "dwell", S.DISCARDED,
        (),
        (do.name_why_dropped, do.end_event),
    ),
    Transition(
        "A4", frozenset({S.FLAGGED, S.CONFIRM_PENDING}), "dedupe", S.DUPLICATE,
        (when.has_master,),
        (do.link_master, do.end_event),
        actors=_SYSTEM | _OFFICER,
        reason="SAME_VEHICLE",
    ),
)  # fmt: skip

_GATES = (
    Transition(
        "A5", frozenset({S.FLAGGED, S.CONFIRM_PENDING}), "exempt", S.EXEMPT,
        (when.exemption_proven,),
        (ground_do.note_exemption, do.end_event),
        actors=_SYSTEM | _OFFICER,
    ),
    Transition(
        "A5o", frozenset({S.CONFIRM_PENDING, S.PATROL_ASSIGNED}), "officer_exempt", S.EXEMPT,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.end_event, do.tell_closed),
        actors=_OFFICER,
    ),
    Transition(
        "B11", S.FLAGGED, "gates", S.DISCARDED,
        (when.in_shadow_phase,),
        (do.end_event,),
        reason="SHADOW_PHASE",
    ),
    Transition(
        "W06", S.FLAGGED, "gates", S.DISCARDED,
        (when.hardly_seen,),
        (do.end_event,),
        reason="LOW_CONFIDENCE",
    ),
    Transition(
        "W23", S.FLAGGED, "gates", S.EXEMPT_PENDING,
        (ground.official_vehicle,),
        (ground_do.wait_for_duty,),
        reason="OFFICIAL_VEHICLE",
    ),
    Transition(
        "W23q", S.EXEMPT_PENDING, "duty_over", S.CONFIRM_PENDING,
        (watch.not_gone,),
        (ground_do.end_duty, do.ask_officer),
        reason="DUTY_UNCLEAR",
    ),
    Transition(
        "W23g", S.EXEMPT_PENDING, "duty_over", S.DISCARDED,
        (),
        (do.note_departure, do.end_event),
        reason="GONE",
    ),
    Transition(
        "W46", S.FLAGGED, "gates", S.PATROL_ASSIGNED,
        (when.is_two_wheeler,),
        (do.send_patrol,),
        reason="TWO_WHEELER",
    ),
    Transition(
        "A7", S.FLAGGED, "gates", S.CONFIRMED,
        (when.confirms_by_itself, when.all_gates_pass, ground.told_apart, when.texts_arrive),
        (do.mark_confirmed,),
    ),
    Transition(
        "A6", S.FLAGGED, "gates", S.CONFIRM_PENDING,
        (),
        (do.ask_officer,),
    ),
    Transition(
        "A8", S.CONFIRM_PENDING, "officer_confirm", S.CONFIRMED,
        (
            when.by_active_officer, when.not_recused, when.plate_known, ground.told_apart,
            watch.not_gone,
        ),
        (do.correct_plate, do.mark_confirmed),
        actors=_OFFICER,
    ),
    Transition(
        "A8d", frozenset({S.CONFIRM_PENDING, S.PATROL_ASSIGNED}), "officer_discard", S.DISCARDED,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.end_event, do.tell_closed),
        actors=_OFFICER,
    ),
    Transition(
        "A8p", S.CONFIRM_PENDING, "officer_patrol", S.PATROL_ASSIGNED,
        (when.by_active_officer, when.not_recused, when.reason_given),
        (do.send_patrol,),
        actors=_OFFICER,
    ),
    Transition(
        "A9", S.CONFIRM_PENDING, "confirm_timeout", S.PATROL_ASSIGNED,
        (watch.not_gone,),
        (do.send_patrol,),
        reason="CONFIRM_TIMEOUT",
    ),
    Transition(
        "A9d", S.CONFIRM_PENDING, "confirm_timeout", S.DISCARDED,
        (),
        (do.note_departure, do.end_event),
        reason="GONE",
    ),
    Transition(
        "A9g", frozenset({S.EXEMPT_PENDING, S.CONFIRM_PENDING, S.CONFIRMED}), "absent",
        S.DISCARDED,
        (watch.left_before_promise,),
        (do.note_departure, do.end_event),
        reason="GONE",
    ),
)  # fmt: skip

_NOTICE = (
    Transition(
        "A10", S.CONFIRMED, "prepare_notice", S.NOTICE_PENDING,
        (
            when.vehicle_has_plate, when.still_fresh, when.outbox_keeps_up, when.owner_reachable,
            when.in_sms_hours, when.under_sms_limit, when.not_on_blind_track,
            ground.grace_is_granted, when.first_grace_today,
        ),
        (do.queue_n1,),
    ),
    Transition(
        "A11", S.CONFIRMED, "prepare_notice", S.PATROL_ASSIGNED,
        (),
        (do.warn_without_promise, do.send_patrol),
    ),
    Transition(
        "A11g", S.PATROL_ASSIGNED, "absent", S.UNDETERMINED,
        (watch.left_before_promise,),
        (do.note_departure, do.end_event, do.tell_closed),
        reason="GONE_BEFORE_PATROL",
    ),
    Transition(
        "A12", S.NOTICE_PENDING, "delivered", S.GRACE,
        (),
        (do.start_grace,),
        actors=_GATEWAY,
    ),
    Transition(
        "A12a", S.NOTICE_PENDING, "accepted", S.GRACE,
        (when.acceptance_counts,),
        (do.start_grace,),
        actors=_GATEWAY,
    ),
    Transition(
        "A13", S.NOTICE_PENDING, "notice_failed", S.PATROL_ASSIGNED,
        (),
        (do.withdraw_unsent, do.try_voice_call, do.send_patrol),
        actors=_GATEWAY_OR_CLOCK,
        reason="NOTICE_FAILED",
    ),
    Transition(
        "W17", S.PATROL_ASSIGNED, "delivered", S.GRACE,
        (watch.still_there,),
        (do.start_grace,),
        actors=_GATEWAY,
        reason="LATE_RECEIPT",
    ),
    Transition(
        "A26", S.PATROL_ASSIGNED, "paper_notice", S.GRACE,
        (when.by_active_officer, when.not_recused, ground.told_apart, when.paper_photographed),
        (do.note_plate_on_site, do.start_paper_grace),
        actors=_OFFICER,
        reason="PAPER_NOTICE",
    ),
    Transition(
        "A11x", S.PATROL_ASSIGNED, "patrol_over", S.UNDETERMINED,
        (),
        (do.end_event, do.tell_closed),
        reason="PATROL_OVER",
    ),
)  # fmt: skip

_GRACE = (
    Transition(
        "A14", S.GRACE, "absent", S.LEFT_IN_TIME,
        (watch.left_in_time,),
        (do.note_departure, do.end_event, do.thank),
        reason="MINOR_CORRECTED",
    ),
    Transition(
        "A15", S.GRACE, "grace_over", S.RECHECK,
        (watch.deadline_passed, watch.recheck_possible),
        (do.start_recheck,),
    ),
    Transition(
        "W38", S.GRACE, "grace_over", S.UNDETERMINED,
        (watch.deadline_passed,),
        (do.end_event, do.tell_closed),
        reason="RECHECK_MISSED",
    ),
    Transition(
        "A16", S.RECHECK, "absent", S.LEFT_IN_TIME,
        (watch.left_in_time,),
        (do.note_departure, do.end_event, do.thank),
        reason="MINOR_CORRECTED",
    ),
    Transition(
        "A17", S.RECHECK, "present", S.STAYED,
        (
            watch.seen_after_deadline, watch.two_panoramas, watch.delay_passed,
            watch.seen_throughout,
        ),
        (do.finish_recheck,),
    ),
    Transition(
        "W02", S.RECHECK, "present", S.UNDETERMINED,
        (watch.seen_after_deadline, watch.two_panoramas, watch.delay_passed),
        (do.end_event, do.tell_closed),
        reason="GAP_DURING_GRACE",
    ),
    Transition(
        "A26s", S.RECHECK, "still_there", S.STAYED,
        (
            when.by_active_officer, when.not_recused, patrol.told_on_paper, watch.not_gone,
            patrol.unmoved_on_site, patrol.two_photos_after_deadline,
        ),
        (do.finish_recheck,),
        actors=_OFFICER,
        reason="SEEN_ON_SITE",
    ),
    Transition(
        "A26g", frozenset({S.GRACE, S.RECHECK}), "gone_on_site", S.LEFT_IN_TIME,
        (when.by_active_officer, when.not_recused),
        (do.note_departure, do.end_event, do.thank),
        actors=_OFFICER,
        reason="MINOR_CORRECTED",
    ),
    Transition(
        "W09", S.RECHECK, "recheck_over", S.LEFT_IN_TIME,
        (watch.recheck_is_over, watch.gone_at_window_end),
        (do.note_departure, do.end_event, do.thank),
        reason="MINOR_CORRECTED",
    ),
    Transition(
        "A18", S.RECHECK, "recheck_over", S.UNDETERMINED,
        (watch.recheck_is_over,),
        (do.name_doubt, do.end_event, do.tell_closed),
        reason="NO_CLEAR_VIEW",
    ),
)  # fmt: skip

PARKING = Flow(
    name="parking",
    version="1",
    transitions=_BIRTH + _GATES + _NOTICE + _GRACE + REVIEW + ANY_OPEN,
    terminal=TERMINAL,
)
