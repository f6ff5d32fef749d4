"""Forgetting as the database allows it: by a purge that wrote itself down, and by nothing else.

A purge opens a turn (models.retention_log.PurgeTurn) in its transaction; a turn can never be
committed, so these conditions hold for nobody but that purge. What is held, or not over, is not
purged at all.
"""

from __future__ import annotations

from sqlalchemy import MetaData

BY_AGE = {
    "audit_entry": "at",
    "viewing": "at",
    "owner_lookup": "at",
    "delivery_receipt": "received_at",
}
"""Append-only rows that a purge may delete once they are older than its turn says, and the column
that tells how old they are."""

ADDED_ONLY = ("purge_log", "tombstone", "chain_anchor", "anchor_stamp")
"""What this room adds to the append-only record."""

Spec = tuple[str, str, str, str, str]
"""name, table, verb, refuse_when, message: the fields of models.triggers.Rule."""

_HOLDS = (
    "(SELECT COUNT(*) FROM legal_hold h WHERE h.lifted_at IS NULL AND h.event_id = {event}) > 0"
)


def unless_purged(table: str, verb: str) -> str:
    """When a change of an append-only row is refused: always, but for an old row's deletion in a
    purge's own transaction."""
    if verb != "DELETE" or table not in BY_AGE:
        return "1 = 1"
    held = f" OR {_HOLDS.format(event='OLD.event_id')}" if table == "viewing" else ""
    return f"{_no_turn(table, f' AND OLD.{BY_AGE[table]} < p.older_than')}{held}"


def evidence_emptied(metadata: MetaData) -> str:
    """When an UPDATE of an evidence record is refused: whenever it is anything but the emptying of
    its details under a tombstone."""
    others = _changed(metadata, "evidence", {"details"})
    no_stone = "(SELECT COUNT(*) FROM tombstone t WHERE t.evidence_id = OLD.id) = 0"
    not_emptied = "CAST(NEW.details AS TEXT) <> '{}'"
    return " OR ".join((others, not_emptied, no_stone, _no_turn("evidence")))


def keeping_rules(metadata: MetaData) -> list[Spec]:
    """Every refusal of this room, in a fixed order."""
    rules: list[Spec] = [
        (f"{table}_no_{verb.lower()}", table, verb, "1 = 1", f"{table} is append-only")
        for table in ADDED_ONLY
        for verb in ("UPDATE", "DELETE")
    ]
    over = "(SELECT COUNT(*) FROM event e WHERE e.id = {event} AND e.ended_at IS NOT NULL) = 0"
    of_record = "(SELECT v.event_id FROM evidence v WHERE v.id = NEW.evidence_id)"
    rules += [
        (
            "tombstone_of_a_purge", "tombstone", "INSERT",
            f"{_no_turn('evidence', ' AND p.purge_id = NEW.purge_id')}"
            f" OR {_HOLDS.format(event=of_record)} OR {over.format(event=of_record)}",
            "only a purge deletes evidence, and never what is held or open",
        ),
        (
            "event_purged_by_a_purge", "event", "UPDATE",
            "OLD.purged_at IS NULL AND NEW.purged_at IS NOT NULL AND (NEW.ended_at IS NULL OR"
            f" {_no_turn('event')} OR {_HOLDS.format(event='NEW.id')})",
            "only a purge forgets an event, and never one that is held or open",
        ),
        (
            "event_stays_forgotten", "event", "UPDATE",
            "OLD.purged_at IS NOT NULL"
            " AND (NEW.purged_at IS DISTINCT FROM OLD.purged_at OR NEW.plate IS NOT NULL)",
            "what was forgotten stays forgotten",
        ),
        (
            "legal_hold_stands", "legal_hold", "UPDATE",
            f"OLD.lifted_at IS NOT NULL OR"
            f" {_changed(metadata, 'legal_hold', {'lifted_at', 'lifted_by', 'lift_reason'})}",
            "a hold is only ever lifted",
        ),
        ("legal_hold_no_delete", "legal_hold", "DELETE", "1 = 1", "holds are not deleted"),
        (
            "owner_request_stands", "owner_request", "UPDATE",
            "OLD.event_id <> NEW.event_id OR OLD.kind <> NEW.kind"
            " OR OLD.received_at IS DISTINCT FROM NEW.received_at"
            " OR OLD.due_at IS DISTINCT FROM NEW.due_at"
            " OR (OLD.answered_at IS NOT NULL AND OLD.status <> NEW.status)",
            "a request stands as it was received and answered",
        ),
        ("owner_request_no_delete", "owner_request", "DELETE", "1 = 1", "requests are kept"),
        (
            "evidence_alarm_stands", "evidence_alarm", "UPDATE",
            f"{_changed(metadata, 'evidence_alarm', {'seen_at', 'seen_by', 'remark'})}",
            "an alarm stands as it was raised",
        ),
        ("evidence_alarm_no_delete", "evidence_alarm", "DELETE", "1 = 1", "alarms are kept"),
    ]  # fmt: skip
    return rules


def _no_turn(table: str, also: str = "") -> str:
    turns = "(SELECT COUNT(*) FROM purge_turn p WHERE p.table_name = "
    return f"{turns}'{table}'{also}) = 0"


def _changed(metadata: MetaData, table: str, but: set[str]) -> str:
    return " OR ".join(
        f"OLD.{column.name} IS DISTINCT FROM NEW.{column.name}"
        for column in metadata.tables[table].columns
        if column.name not in but
    )
