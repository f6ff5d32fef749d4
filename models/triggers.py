"""What the database itself refuses, whoever asks: rewriting the record, and unlawful escalation.

The rules are written once as data and made into triggers for SQLite and for PostgreSQL. A
refusal reaches Python as `sqlalchemy.exc.IntegrityError` on both engines.

`install_triggers` is idempotent. A change here takes effect in existing databases by a new
migration that calls it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, inspect

from models.tables import metadata
from models.triggers_keeping import evidence_emptied, keeping_rules, unless_purged
from models.triggers_people import people_rules


@dataclass(frozen=True, slots=True)
class Rule:
    """`refuse_when` is a SQL condition over OLD and NEW that both engines understand."""

    name: str
    table: str
    verb: str
    """INSERT | UPDATE | DELETE"""
    refuse_when: str
    message: str


# Kept whole: domain.md L13 (record of every step), L71 (viewing log), L80 (evidence chain),
# 8.7 (look-ups with their purpose), L08 (an officer's word), and zone versions, which decided.
APPEND_ONLY = (
    "transition_log",
    "evidence",
    "audit_entry",
    "viewing",
    "owner_lookup",
    "decision",
    "zone_version",
    "camera_health_change",
    "trial_answer",
    "signature",
    "reply_answer",
    "recusal",
)
# A receipt may be joined to its notice and counted later; what the provider said stays.
RECEIPT_MAY_CHANGE = frozenset({"notice_id", "counted"})

_TWO_OFFICERS = (
    "(SELECT COUNT(DISTINCT d.officer_id) FROM decision d"
    " WHERE d.event_id = NEW.id AND d.kind = 'escalate'"
    " AND d.officer_id NOT IN (SELECT r.officer_id FROM recusal r WHERE r.event_id = NEW.id)) < 2"
)
_TWO_SIGNATURES = (
    "(SELECT COUNT(DISTINCT s.officer_id) FROM signature s"
    " WHERE s.event_id = NEW.id AND s.act = 'escalate'"
    " AND s.officer_id NOT IN (SELECT r.officer_id FROM recusal r WHERE r.event_id = NEW.id)) < 2"
)
_NO_EXPIRED_ORDER = (
    "(SELECT COUNT(*) FROM formal_order o WHERE o.event_id = NEW.id"
    " AND o.served_at IS NOT NULL AND o.expired_at >= o.due_at) = 0"
)
_ESCALATES = "NEW.state = 'ESCALATED' AND OLD.state <> 'ESCALATED'"
_HAD_LEFT = (
    "(SELECT COUNT(*) FROM transition_log t WHERE t.subject_kind = 'event'"
    " AND t.subject_id = NEW.id AND t.to_state = 'LEFT_IN_TIME') > 0"
)


def rules() -> Sequence[Rule]:
    """Every refusal, in a fixed order."""
    return [
        *_record(),
        *_escalation(),
        *_crowd(),
        *_formal_orders(),
        Rule("case_no_delete", "case_file", "DELETE", "1 = 1", "cases are not deleted"),
        *(Rule(*spec) for spec in people_rules(metadata)),
        *(Rule(*spec) for spec in keeping_rules(metadata)),
    ]


def _record() -> list[Rule]:
    """What is written once and kept."""
    kept = [
        Rule(
            f"{table}_no_{verb.lower()}", table, verb,
            evidence_emptied(metadata) if (table, verb) == ("evidence", "UPDATE")
            else unless_purged(table, verb),
            f"{table} is append-only",
        )
        for table in APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
    ]  # fmt: skip
    content = [
        f"OLD.{column.name} IS DISTINCT FROM NEW.{column.name}"
        for column in metadata.tables["delivery_receipt"].columns
        if column.name not in RECEIPT_MAY_CHANGE
    ]
    return [
        *kept,
        Rule(
            "delivery_receipt_no_update",
            "delivery_receipt",
            "UPDATE",
            " OR ".join(content),
            "the content of a delivery receipt is append-only",
        ),
        Rule(
            "delivery_receipt_no_delete",
            "delivery_receipt",
            "DELETE",
            unless_purged("delivery_receipt", "DELETE"),
            "delivery_receipt is append-only",
        ),
        # W20: a reply stays as it came; only phone and words may be emptied (3.6).
        Rule(
            "reply_no_update",
            "reply",
            "UPDATE",
            " OR ".join(_reply_changes()),
            "the content of a reply is append-only",
        ),
        Rule("reply_no_delete", "reply", "DELETE", "1 = 1", "reply is append-only"),
    ]


def _escalation() -> list[Rule]:
    return [
        # L08: two different licensed officers; the software never escalates by itself.
        Rule(
            "event_two_officers",
            "event",
            "UPDATE",
            f"{_ESCALATES} AND NEW.flow = 'parking' AND {_TWO_OFFICERS}",
            "an event is escalated by two officers only",
        ),
        # L52: no way to a penalty without a formal order whose period has ended (B8), and two
        # signatures; a gathering is never escalated against anybody (4.4).
        Rule(
            "event_order_first",
            "event",
            "UPDATE",
            f"{_ESCALATES} AND NEW.flow IN ('hanging', 'poster')"
            f" AND ({_TWO_SIGNATURES} OR {_NO_EXPIRED_ORDER})",
            "an order must have expired, and two officers sign",
        ),
        # L04 and invariant 2: who left in time is never escalated, by whatever detour.
        Rule(
            "event_left_stays_left",
            "event",
            "UPDATE",
            "NEW.state = 'ESCALATED' AND OLD.state <> 'ESCALATED'"
            f" AND (OLD.state = 'LEFT_IN_TIME' OR {_HAD_LEFT})",
            "an event that ended LEFT_IN_TIME is never escalated",
        ),
        Rule(
            "event_not_born_escalated",
            "event",
            "INSERT",
            "NEW.state = 'ESCALATED'",
            "an event is escalated by two officers only",
        ),
        Rule("event_no_delete", "event", "DELETE", "1 = 1", "events are not deleted"),
    ]


def _crowd() -> list[Rule]:
    """4.4: a gathering is a matter of safety; nobody in it is accused, read or written to."""
    return [
        Rule(
            "event_crowd_no_penalty",
            "event",
            "UPDATE",
            "NEW.state = 'ESCALATED' AND NEW.flow NOT IN ('parking', 'hanging', 'poster')",
            "a gathering is never escalated against anybody",
        ),
        Rule(
            "event_keeps_its_flow",
            "event",
            "UPDATE",
            "OLD.flow <> NEW.flow",
            "an event stays in its flow",
        ),
        *(
            Rule(
                f"event_plate_on_{verb.lower()}",
                "event",
                verb,
                "NEW.flow <> 'parking' AND NEW.plate IS NOT NULL",
                "only a parking event has a plate",
            )
            for verb in ("INSERT", "UPDATE")
        ),
        # 4.4: nobody in a crowd is ever written to.
        Rule(
            "notice_not_to_a_crowd",
            "notice",
            "INSERT",
            "NEW.template <> 'S1' AND"
            " (SELECT COUNT(*) FROM event e WHERE e.id = NEW.event_id AND e.flow = 'crowd') > 0",
            "nobody in a crowd is written to",
        ),
    ]


def _formal_orders() -> list[Rule]:
    return [
        # B7: the time that an order gives is never cut short, nor its text changed once served.
        Rule(
            "formal_order_stands",
            "formal_order",
            "UPDATE",
            "OLD.served_at IS NOT NULL AND (OLD.served_at IS DISTINCT FROM NEW.served_at"
            " OR OLD.due_at IS DISTINCT FROM NEW.due_at OR OLD.text <> NEW.text"
            " OR OLD.party_id <> NEW.party_id OR OLD.order_no <> NEW.order_no"
            " OR OLD.expired_at IS NOT NULL)",
            "an order that was served stands as it is",
        ),
        Rule(
            "formal_order_not_expired_early",
            "formal_order",
            "UPDATE",
            "NEW.expired_at IS NOT NULL AND (NEW.due_at IS NULL OR NEW.expired_at < NEW.due_at)",
            "the period of the order has not ended",
        ),
        Rule(
            "formal_order_not_born_expired",
            "formal_order",
            "INSERT",
            "NEW.expired_at IS NOT NULL",
            "an order is not born expired",
        ),
        Rule(
            "formal_order_no_delete",
            "formal_order",
            "DELETE",
            "1 = 1",
            "formal orders are not deleted",
        ),
    ]


def _reply_changes() -> list[str]:
    """Every way in which a reply must not change."""
    may_be_emptied = {"phone", "text"}
    return [
        f"OLD.{column.name} IS DISTINCT FROM NEW.{column.name}"
        if column.name not in may_be_emptied
        else f"(NEW.{column.name} IS NOT NULL AND OLD.{column.name}"
        f" IS DISTINCT FROM NEW.{column.name})"
        for column in metadata.tables["reply"].columns
    ]


def install_triggers(connection: Connection) -> None:
    """Make (again) the triggers of every table that exists."""
    existing = set(inspect(connection).get_table_names())
    make = _postgres if connection.dialect.name == "postgresql" else _sqlite
    for rule in rules():
        if rule.table in existing:
            for statement in make(rule):
                connection.exec_driver_sql(statement)


def _sqlite(rule: Rule) -> tuple[str, ...]:
    condition = rule.refuse_when.replace("IS DISTINCT FROM", "IS NOT")
    return (
        f"DROP TRIGGER IF EXISTS {rule.name}",
        f"CREATE TRIGGER {rule.name} BEFORE {rule.verb} ON {rule.table}"
        f" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{rule.message}'); END",
    )


def _postgres(rule: Rule) -> tuple[str, ...]:
    row = "OLD" if rule.verb == "DELETE" else "NEW"
    return (
        f"CREATE OR REPLACE FUNCTION refuse_{rule.name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN IF {rule.refuse_when} THEN RAISE EXCEPTION '{rule.message}'"
        f" USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$",
        f"DROP TRIGGER IF EXISTS {rule.name} ON {rule.table}",
        f"CREATE TRIGGER {rule.name} BEFORE {rule.verb} ON {rule.table}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_{rule.name}()",
    )
