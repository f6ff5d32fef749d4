"""What the database refuses of officers with a conflict, of pre-notices and of hand-overs.

L09 (recusal), L10 to L12 (what a party was told before), L17 (electronic service): data for
models.triggers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import MetaData

from models.retention_log import GONE

Spec = tuple[str, str, str, str, str]
"""name, table, verb, refuse_when, message: the fields of models.triggers.Rule."""

_DELIVERY = frozenset(
    {
        "number", "delivered_at", "delivered_how", "delivered_by", "received_by", "proof",
        "waived_at", "waiver",
    }
)  # fmt: skip
"""The columns of a pre-notice that are filled in after it was written, and stand once it was
delivered or waived."""
SHEET_WORDS = ("content", "facts", "reasons", "waiver")
"""What a purge empties of a pre-notice; basis, rights and remedies are the same for everybody."""
REQUEST_WORDS = ("text", "answer")
"""What a purge empties of a request for recusal."""

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
    written = _changed(metadata, "pre_notice", but=_DELIVERY)
    stands = f"{written} OR OLD.delivered_at IS NOT NULL OR OLD.waived_at IS NOT NULL"
    sheet = f"({stands}) AND ({_not_emptied(metadata, 'pre_notice', SHEET_WORDS)})"
    asked = "OLD.text IS DISTINCT FROM NEW.text OR OLD.status <> 'open'"
    request = f"({asked}) AND ({_not_emptied(metadata, 'recusal_request', REQUEST_WORDS)})"
    told = "the hand-over needs a pre-notice that was delivered or waived"
    consent = "electronic service needs the signed consent"
    return [
        ("decision_not_by_recused", "decision", "INSERT", _RECUSED, "this officer is recused"),
        ("signature_not_by_recused", "signature", "INSERT", _RECUSED, "this officer is recused"),
        (
            "recusal_request_answered_once", "recusal_request", "UPDATE", request,
            "a request for recusal is answered once",
        ),
        (
            "recusal_request_no_delete", "recusal_request", "DELETE", "1 = 1",
            "requests for recusal are kept",
        ),
        ("pre_notice_no_delete", "pre_notice", "DELETE", "1 = 1", "pre-notices are kept"),
        (
            "pre_notice_stands", "pre_notice", "UPDATE", sheet,
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


def _changed(metadata: MetaData, table: str, *, but: Iterable[str]) -> str:
    return " OR ".join(
        f"OLD.{column.name} IS DISTINCT FROM NEW.{column.name}"
        for column in metadata.tables[table].columns
        if column.name not in but
    )


def _not_emptied(metadata: MetaData, table: str, words: Sequence[str]) -> str:
    """When a change of what stands is refused: whenever it is anything but the emptying of
    `words`, by a purge, of an event that it has forgotten (3.6)."""
    kept = [f"NEW.{word} NOT IN ('', '{GONE}')" for word in words]
    turns = "(SELECT COUNT(*) FROM purge_turn p WHERE p.table_name = "
    turn = f"{turns}'{table}') = 0"
    known = (
        "(SELECT COUNT(*) FROM event e WHERE e.id = NEW.event_id AND e.purged_at IS NOT NULL) = 0"
    )
    return " OR ".join([_changed(metadata, table, but=words), *kept, turn, known])
