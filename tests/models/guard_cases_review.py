"""Guard cases of the review before officers: told, in time, nothing unanswered, two to sign."""

from __future__ import annotations

from models.flows import decision_guards as decision
from tests.models.guard_cases import (
    Case,
    as_officer,
    escalated_twin,
    later,
    nothing,
    policy,
    put,
    signed,
    statement,
    unlicensed,
    zone_author,
)

REVIEW_CASES: list[Case] = [
    (decision.owner_was_told, "to_review", nothing, put(notified_at=None), "NOT_NOTIFIED"),
    (decision.owner_was_told, "to_grace", later(421), nothing, "NOT_NOTIFIED"),
    (
        decision.within_review_time,
        "to_review",
        later(3 * 86_400),
        later(8 * 86_400),
        "REVIEW_EXPIRED",
    ),
    (decision.review_time_over, "to_review", later(8 * 86_400), nothing, "REVIEW_OPEN"),
    (decision.no_open_statement, "to_review", nothing, statement, "STATEMENT_OPEN"),
    (
        decision.statement_window_over,
        "to_review",
        nothing,
        policy(statement_window_seconds=3600),
        "STATEMENT_WINDOW",
    ),
    (
        decision.statement_window_over,
        "to_review",
        nothing,
        put(grace_deadline_at=None),
        "STATEMENT_WINDOW",
    ),
    (decision.not_escalated_before, "to_review", nothing, escalated_twin, "ALREADY_ESCALATED"),
    (decision.officer_licensed, "to_review", as_officer, unlicensed, "NOT_LICENSED"),
    (decision.officer_did_not_draw_zone, "to_review", as_officer, zone_author, "ZONE_AUTHOR"),
    (
        decision.two_officers,
        "to_review",
        signed("officer", "second"),
        signed("officer"),
        "CO_SIGNER_MISSING",
    ),
]
