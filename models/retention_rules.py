"""How long each kind of data is kept (domain.md 3.6), and the floor under each period.

The periods are settings of the city (`models.policy`, fields `keep_*_days`); what the law keeps
at least is refused by name when a setting goes below it. What is held (models.holds) or not over
is kept beyond any period.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.states import CROWD_TERMINAL, EventState, PlaceState


@dataclass(frozen=True, slots=True)
class RetentionRule:
    code: str
    """Name in the purge log."""
    field: str
    """Field of the policy that holds the period, days."""
    floor_days: int
    basis: str
    """Why it may not be shorter, or why it is not longer."""
    states: frozenset[str] = frozenset()
    """Ends of events that fall under the rule; empty for a rule about other rows."""


_NOTHING_FOUND = frozenset(
    str(state)
    for state in (
        EventState.CANDIDATE, EventState.DISCARDED, EventState.DUPLICATE, EventState.EXEMPT,
    )
)  # fmt: skip
_CORRECTED = frozenset(str(s) for s in (EventState.LEFT_IN_TIME, PlaceState.RECTIFIED))
_NO_PENALTY = frozenset(
    str(state)
    for state in (
        EventState.UNDETERMINED, EventState.REJECTED, EventState.EXPIRED_UNREVIEWED,
        EventState.VOIDED, EventState.TRANSFERRED,
    )
)  # fmt: skip
_CASES = frozenset(str(s) for s in (EventState.ESCALATED, EventState.REMOVED_BY_TOW))

DISCARDED = RetentionRule(
    "discarded", "keep_discarded_days", 1,
    "PIPL 6, 19, 47 (L63): nothing was found", _NOTHING_FOUND,
)  # fmt: skip
LEFT = RetentionRule(
    "left", "keep_left_days", 30, "视频条例 17 (L72): 30 days at least", _CORRECTED
)
NO_PENALTY = RetentionRule(
    "no_penalty", "keep_no_penalty_days", 60,
    "复议法 20 (L25): 60 days in which a review can be asked for", _NO_PENALTY,
)  # fmt: skip
CASES = RetentionRule(
    "cases",
    "keep_case_days",
    730,
    "处罚法 36 (L19), 47 (L13): two years after closing, with pre-notices and photos",
    _CASES,
)
GATHERINGS = RetentionRule(
    "gatherings", "keep_crowd_picture_days", 1,
    "突发事件法 84, 85 (L73): pictures of a crowd, blurred as they are",
    frozenset(str(state) for state in CROWD_TERMINAL),
)  # fmt: skip
REPEAT_HASHES = RetentionRule(
    "repeat_hashes", "keep_repeat_hash_days", 30, "3.6: the repeat rule asks for them (W27)"
)
TEXTS = RetentionRule(
    "texts", "keep_sms_days", 153, "通信短信息服务管理规定 (L84): five months at least"
)
LOGS = RetentionRule("logs", "keep_log_days", 180, "网安法 21(3) (L82): 180 days at least")
CROWD_COUNTS = RetentionRule(
    "crowd_counts", "keep_crowd_count_days", 1, "突发事件法 84, 85 (L73): numbers only"
)
PERMITS = RetentionRule(
    "permits", "keep_permit_days", 1, "3.6: validity and one year, for questions about exemptions"
)
PARTIES = RetentionRule(
    "parties", "keep_party_contact_days", 1, "PIPL 47 (L63): the agreement has ended"
)
REQUEST = RetentionRule("request", "", 0, "PIPL 47 (W53): the owner asked for it")
ORPHANS = RetentionRule("orphans", "", 0, "PIPL 47 (L63): files that no record names")

EVENT_RULES = (DISCARDED, LEFT, NO_PENALTY, CASES, GATHERINGS)
ROW_RULES = (REPEAT_HASHES, TEXTS, LOGS, CROWD_COUNTS, PERMITS, PARTIES)
RULES = (*EVENT_RULES, *ROW_RULES)
"""Every rule with a period, in the order in which a run asks them."""

FLOORS = {rule.field: (rule.floor_days, rule.basis) for rule in RULES}
"""Least days of each setting, and why."""


def rule_for(state: str, flow: str) -> RetentionRule | None:
    """The rule under which an ended event falls; None while it is open."""
    if flow == "crowd":
        return GATHERINGS if state in GATHERINGS.states else None
    for rule in (DISCARDED, LEFT, NO_PENALTY, CASES):
        if state in rule.states:
            return rule
    return None
