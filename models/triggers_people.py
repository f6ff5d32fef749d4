"""What the database refuses of officers with a conflict, of pre-notices and of hand-overs.

L09 (recusal), L10 to L12 (what a party was told before), L17 (electronic service): data for
models.triggers.
"""

from __future__ import annotations

from sqlalchemy import MetaData

Spec = tuple[str, str, str, str, str]
"""name, table, verb, refuse_when, message: the fields of models.triggers.Rule."""

_DELIVERY = frozenset(
    {"delivered_at", "delivered_how", "delivered_by", "proof", "waived_at", "waiver"}
)
"""The columns of a pre-notice that are filled in once, after it was written."""

_RECUSED = (
    "(SELECT COUNT(*) FROM recusal r WHERE r.event_id = NEW.event_id"
    " AND r.officer_id = NEW.officer_id) > 0"
)
_HARSHER = (
    "(SELECT COUNT(*) FROM statement s WHERE s.event_id = NEW.event_id) > 0"
    " AND (SELECT COUNT(*) FROM pre_notice p WHERE p.event_id = NEW.event_id"
    " AND p.severity < NEW.severity) > 0"
)
_NOT_TOLD = (
    "NEW.exported_at IS NOT NULL AND (SELECT COUNT(*) FROM pre_notice p"
    " WHERE p.event_id = NEW.event_id"
    " AND (p.delivered_at IS NOT NULL OR p.waived_at IS NOT NULL)"
    " AND p.version = (SELECT MAX(q.version) FROM pre_notice q"
    " WHERE q.event_id = NEW.event_id)) = 0"
)
_NO_CONSENT = "NEW.consent_at IS NULL AND NEW.served_how = 'electronic'"


def people_rules(metadata: MetaData) -> list[Spec]:
    """Every refusal of this part, in a fixed order."""
    written = [
        f"OLD.{column.name} IS DISTINCT FROM NEW.{column.name}"
        for column in metadata.tables["pre_notice"].columns
        if column.name not in _DELIVERY
    ]
    stands = " OR ".join([*written, "OLD.delivered_at IS NOT NULL", "OLD.waived_at IS NOT NULL"])
    told = "the hand-over needs a pre-notice that was delivered or waived"
    consent = "electronic service needs the signed consent"
    return [
        ("decision_not_by_recused", "decision", "INSERT", _RECUSED, "this officer is recused"),
        ("signature_not_by_recused", "signature", "INSERT", _RECUSED, "this officer is recused"),
        (
            "recusal_request_answered_once", "recusal_request", "UPDATE", "OLD.status <> 'open'",
            "a request for recusal is answered once",
        ),
        ("pre_notice_no_delete", "pre_notice", "DELETE", "1 = 1", "pre-notices are kept"),
        (
            "pre_notice_stands", "pre_notice", "UPDATE", stands,
            "a pre-notice stands as it was written",
        ),
        # L11: 不得因当事人陈述、申辩而给予更重的处罚.
        (
            "pre_notice_never_harsher", "pre_notice", "INSERT", _HARSHER,
            "after a statement nothing becomes harsher",
        ),
        # L10, L12: no decision where the party was not told before.
        ("handover_told_insert", "penalty_handover", "INSERT", _NOT_TOLD, told),
        ("handover_told_update", "penalty_handover", "UPDATE", _NOT_TOLD, told),
        ("handover_consent_insert", "penalty_handover", "INSERT", _NO_CONSENT, consent),
        ("handover_consent_update", "penalty_handover", "UPDATE", _NO_CONSENT, consent),
        ("handover_no_delete", "penalty_handover", "DELETE", "1 = 1", "hand-overs are kept"),
    ]  # fmt: skip
