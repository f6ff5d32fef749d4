"""The flow of a gathering (domain.md 4.4): numbers in, responders out.

Never faces, identities, texts to anybody in the crowd, or penalties: no row leads to ESCALATED, no
row queues a notice, and the database takes neither.

Decisions beyond the letter of the table: the ten minutes of C7 are counted from the dispatch, so
that help does not wait for an arrival; a responder's count (C8) decides only while the camera gives
none of its own; a shadow zone counts and calls nobody.
"""

from __future__ import annotations

from models.event import ActorKind
from models.flow import Flow, Transition
from models.flows import crowd_effects as do
from models.flows import crowd_guards as crowd
from models.flows import guards as when
from models.flows.case_effects import open_emergency_case
from models.flows.effects import start_open_limit
from models.states import CROWD_TERMINAL, CrowdState

S = CrowdState
OPEN = frozenset(state for state in S if state not in CROWD_TERMINAL)
CALLED = frozenset({S.DISPATCHED, S.ON_SITE, S.DISPERSING})

_OFFICER = frozenset({ActorKind.OFFICER})
_STAFF = frozenset({ActorKind.OFFICER, ActorKind.OPERATOR, ActorKind.SYSTEM})

_RISING = (
    Transition(
        "C1", None, "watch", S.WATCH,
        (crowd.crowd_zone_in_force, crowd.near_threshold),
        (start_open_limit, do.note_people),
    ),
    Transition(
        "C1c", S.WATCH, "calm", S.CALMED,
        (crowd.calmed_down,),
        (do.end_gathering,),
        reason="CALMED",
    ),
    Transition(
        "C2s", S.WATCH, "alarm", S.CALMED,
        (crowd.over_threshold, when.in_shadow_phase),
        (do.note_people, do.end_gathering),
        reason="SHADOW_PHASE",
    ),
    Transition(
        "C2", S.WATCH, "alarm", S.ALARM,
        (crowd.over_threshold,),
        (do.begin_alarm,),
    ),
    Transition(
        "C9", frozenset({S.DISPERSED, S.FALSE_ALARM}), "alarm", S.ALARM,
        (crowd.over_threshold,),
        (do.reopen,),
        reason="SAME_GATHERING",
    ),
)  # fmt: skip

_CALLING = (
    Transition(
        "C3", frozenset({S.ALARM}) | CALLED, "permit", S.PERMITTED,
        (crowd.event_permitted,),
        (do.note_people, do.end_gathering),
        actors=_STAFF,
        reason="PERMITTED",
    ),
    Transition(
        "C4", S.ALARM, "dispatch", S.DISPATCHED,
        (),
        (do.call_responders,),
        reason="NEAREST_EMERGENCY",
    ),
    Transition(
        "C5", S.DISPATCHED, "arrive", S.ON_SITE,
        (crowd.has_arrived,),
        (do.note_arrival,),
        actors=_STAFF,
    ),
    Transition(
        "C6f", S.ON_SITE, "falling", S.DISPERSING,
        (crowd.falling,),
        (do.note_people,),
    ),
    Transition(
        "C6", frozenset({S.ON_SITE, S.DISPERSING, S.ESCALATED_EMERGENCY}), "dispersed",
        S.DISPERSED,
        (crowd.dispersed, crowd.responder_reported),
        (do.note_people, do.end_gathering),
        actors=_STAFF,
        reason="DISPERSED",
    ),
)  # fmt: skip

_EMERGENCY = (
    Transition(
        "C7", CALLED, "too_many", S.ESCALATED_EMERGENCY,
        (crowd.far_over_threshold,),
        (do.note_people, do.stop_waiting, open_emergency_case),
        reason="FAR_OVER_THRESHOLD",
    ),
    Transition(
        "C7f", CALLED, "not_falling", S.ESCALATED_EMERGENCY,
        (crowd.not_falling,),
        (do.note_people, do.stop_waiting, open_emergency_case),
        reason="NOT_FALLING",
    ),
    Transition(
        "C7n", S.DISPATCHED, "no_responder", S.ESCALATED_EMERGENCY,
        (crowd.nobody_answered,),
        (do.note_people, do.stop_waiting, open_emergency_case),
        reason="NO_RESPONDER",
    ),
    Transition(
        "C7o", CALLED, "officer_emergency", S.ESCALATED_EMERGENCY,
        (when.by_active_officer, when.reason_given),
        (do.note_people, do.stop_waiting, open_emergency_case),
        actors=_OFFICER,
    ),
)  # fmt: skip

_ENDS = (
    Transition(
        "C10", OPEN, "false_alarm", S.FALSE_ALARM,
        (when.by_active_officer, when.reason_given),
        (do.end_gathering,),
        actors=_OFFICER,
    ),
    Transition(
        "LIMIT", OPEN, "open_limit", S.UNDETERMINED,
        (),
        (do.end_gathering,),
        reason="OPEN_LIMIT",
    ),
)  # fmt: skip

CROWD = Flow(
    name="crowd",
    version="1",
    transitions=_RISING + _CALLING + _EMERGENCY + _ENDS,
    terminal=CROWD_TERMINAL,
    states=CrowdState,
)
