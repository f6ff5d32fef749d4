"""qifen evidence export|verify|anchor|viewings: evidence as one file, and the record as a whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.x509 import Certificate
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import keeping_view
from api.commands.common import open_services, print_json
from api.explanation import explain
from models import audit_log
from models.anchors import newest_anchor, stamp_of
from models.audit_log import record, record_viewing
from models.chain import verify_chain
from models.errors import BadInput, NotFound, Unavailable
from models.event import Event, EventState, FlowName
from models.evidence import Evidence
from models.pack import NEEDED, USEFUL
from models.people import User
from models.policy import load_policy
from models.same_stay import how_joined, joined_sightings
from pipeline.anchoring import Anchoring, anchor_problems
from pipeline.integrity import Integrity
from pipeline.pack_anchors import anchor_segment
from pipeline.pack_build import PackSource, build_pack
from pipeline.pack_chain import chain_segment, event_rows
from pipeline.pack_file import seal_of
from pipeline.pack_verify import verify_pack
from pipeline.report_page import report_font
from pipeline.services import Services
from pipeline.settings import load_settings
from pipeline.timestamps import read_roots

app = typer.Typer(help="Evidence: export, verify, anchor, viewings.", no_args_is_help=True)
BROKEN = frozenset({"EVIDENCE_CHANGED", "EVIDENCE_MISSING"})
_HEX = frozenset("0123456789abcdef")


@app.command("export")
def export(
    event: Annotated[str, typer.Argument(help="The event's number (HZ1122-0031).")],
    reason: Annotated[str, typer.Option(help="Why; it is written into the viewing log.")],
    out: Annotated[Path | None, typer.Option(help="The file; default evidence-EVENT.zip.")] = None,
    by: Annotated[
        str, typer.Option(help="Who asks for it: a user name; default: the command line.")
    ] = "",
) -> None:
    """Write everything about an event into one official file: it carries the full plate."""
    report_font()  # nothing is looked at where the file cannot be made
    services = open_services()
    source = _gather(services, event, reason, by)
    target = out or Path(f"evidence-{source.event_no}.zip")
    try:
        pack = build_pack(source, services.evidence)
    except Unavailable as error:
        if error.code in BROKEN:
            Integrity(services).check(source.event_id)  # W52: an alarm, and nothing rests on it
        raise
    _write(target, pack)
    seal, head = seal_of(pack), source.chain["head"]["chain_hash"]
    with services.store.begin() as session:
        record(
            session, at=services.clock.now(), actor=source.exported_by, action="evidence.exported",
            subject=f"event:{source.event_id}", details={"seal": seal, "chain_head": head},
        )  # fmt: skip
    services.close()
    typer.echo(f"{target}\nseal {seal}\nhead {head}")
    typer.echo("keep the seal elsewhere: with it even a file made anew is found out", err=True)


@app.command("verify")
def verify(
    file: Annotated[
        Path | None,
        typer.Argument(help="A file of `qifen evidence export`; without one, this installation."),
    ] = None,
    seal: Annotated[str, typer.Option(help="The seal that the export printed.")] = "",
    head: Annotated[str, typer.Option(help="The chain head that the export printed.")] = "",
    tsa_ca: Annotated[
        Path | None,
        typer.Option(help="PEM file with the time stamp authority's root; else QIFEN_TSA_CA."),
    ] = None,
) -> None:
    """Check every byte of a pack, or the whole record of this installation: chain, files, what
    was deleted by rule, anchors and time stamps. Exit code 0: intact; 1: not, one line a problem;
    2: bad input."""
    for name, value in (("seal", seal), ("head", head)):
        if value and not (len(value) == 64 and set(value.lower()) <= _HEX):
            raise BadInput(f"--{name} must be 64 hexadecimal digits", field=name)
    roots = read_roots(tsa_ca or load_settings().tsa_ca)
    if file is None:
        if seal or head:
            raise BadInput("--seal and --head belong to a file", field="file")
        _verify_installation(roots)
        return
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(
            f"{file}: {error.strerror}", field="file",
            hint="give a file of `qifen evidence export`, or none to check this installation",
        ) from None  # fmt: skip
    report = verify_pack(data, seal=seal, head=head, roots=roots)
    for problem in report.problems:
        typer.echo(problem)
    if not report.intact:
        raise typer.Exit(1)
    typer.echo(f"intact: {report.event_no}, {report.entries} entries\nseal {report.seal}")
    if not seal:
        typer.echo("compare the seal with the one printed at export (--seal)", err=True)


def _verify_installation(roots: list[Certificate]) -> None:
    services = open_services()
    with services.store.read() as session:
        report = verify_chain(session, services.evidence.get)
        problems = [
            f"record {p.sequence}: {p.what}" if p.evidence_id else f"purge {p.sequence}: {p.what}"
            for p in report.problems
        ]
        problems += anchor_problems(session, services.settings.anchors, roots)
        latest = newest_anchor(session)
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo(
        f"intact: {report.records} records, {report.files_read} files, {report.tombstones} deleted"
        f" by rule, anchored until {latest.day if latest else 'no day yet'}\nhead {report.head}"
    )
    services.close()


@app.command("anchor")
def anchor() -> None:
    """Write today's anchor of the chain, export it, and ask for its time stamp where an authority
    is set; the hash is for a notebook, a letter, a notary. `qifen run` does the same every day."""
    services = open_services()
    anchoring = Anchoring(services)
    row = anchoring.anchor()
    anchoring.stamp_missing()
    with services.store.read() as session:
        stamp = stamp_of(session, row)
    typer.echo(f"{row.day}  records to {row.sequence}\nanchor {row.anchor_hash}")
    exported = services.settings.anchors / f"{row.day}.json"
    if exported.is_file():
        typer.echo(f"file {exported}")
    else:
        typer.echo(
            f"not exported, {exported.parent} cannot be written: choose another QIFEN_ANCHOR_DIR",
            err=True,
        )
    if stamp is not None:
        typer.echo(f"stamped {stamp.stamped_at:%Y-%m-%d %H:%M:%S}Z by {stamp.authority}")
    elif services.settings.tsa_url:
        typer.echo("no time stamp yet: the authority is asked again", err=True)
    services.close()


@app.command("viewings")
def viewings(
    event: Annotated[str, typer.Option(help="Only of this event (HZ1122-0031).")] = "",
    viewer: Annotated[str, typer.Option(help="Only of this user name.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a look.")] = False,
) -> None:
    """Who looked at what, when and why (L71); newest first."""
    services = open_services()
    with services.store.read() as session:
        found = session.scalar(select(Event).where(Event.event_no == event)) if event else None
        if event and found is None:
            raise NotFound(f"there is no event {event}", hint="its number is on its page")
        rows = audit_log.viewings(
            session, event_id=found.id if found else None, viewer=viewer or None, limit=limit
        )
        for row in rows:
            entry = keeping_view.viewing(session, row)
            if as_json:
                print_json(entry)
            else:
                who = " ".join(v for v in (row.viewer, entry["name"], row.unit) if v)
                what = f"{entry['event_no'] or '-'} {entry['kind'] or ''}".strip()
                typer.echo(f"{row.at:%Y-%m-%d %H:%M:%S}Z  {what:<18} {who:<24} {row.reason}")
    services.close()


def _gather(services: Services, number: str, reason: str, by: str) -> PackSource:
    """Everything of one event, with the look at it written down in the same transaction."""
    from api.console.words import WORDS  # noqa: PLC0415 (brings the whole console with it)

    at = services.clock.now()
    with services.store.begin() as session:
        event = session.scalar(select(Event).where(Event.event_no == number))
        if event is None:
            raise NotFound(f"there is no event {number}", hint="its number is on its page")
        user = _person(session, by)
        rows = event_rows(session, event)
        viewer = user.username if user else "cli"
        looked: dict[str, Any] = {
            "at": at, "viewer": viewer, "reason": reason, "user_id": user.id if user else None,
        }  # fmt: skip
        record_viewing(session, event=event, **looked)
        for row in rows:
            record_viewing(session, evidence=row, **looked)
        facts = explain(session, event, policy=load_policy(session), full_plate=True)
        model = event.measured.get("model") or {}
        return PackSource(
            event_id=event.id,
            event_no=event.event_no,
            transitions=facts.pop("timeline"),
            texts=facts.pop("notices"),
            facts={key: value for key, value in facts.items() if key != "evidence"},
            chain=chain_segment(session, rows),
            anchors=anchor_segment(session, rows),
            missing=_never_taken(event, [row for row in rows if row.event_id == event.id]),
            camera=_printed(event),
            joined=[
                {
                    "event_id": twin.id, "event_no": twin.event_no, **how_joined(twin),
                    "camera": _printed(twin),
                }
                for twin in joined_sightings(session, event)
            ],
            state_words={state: " ".join(WORDS[state]) for state in map(str, EventState)},
            zone_version=event.zone_version.version,
            zone_phase=event.zone_version.phase,
            rule=str(event.measured.get("rule", "")),
            model_sha256=str(model.get("sha256", "")),
            software=version("qifen"),
            exported_at=at,
            exported_by=viewer,
            reason=" ".join(reason.split()),
        )  # fmt: skip


def _printed(event: Event) -> dict[str, str]:
    """What marked copies say of the camera that saw an event."""
    camera = event.camera
    return {
        "name": camera.name, "place": camera.place or event.zone.area.place,
        "direction": camera.direction, "device": camera.gb_id or camera.name,
        "time_zone": camera.time_zone,
    }  # fmt: skip


def _never_taken(event: Event, rows: Sequence[Evidence]) -> list[str]:
    """What 2.7 asks for and this event does not have: named, so that nobody takes it for lost."""
    if event.flow != FlowName.PARKING:
        return []
    have = {row.kind for row in rows}
    return [str(kind) for kind in (*NEEDED, *USEFUL) if kind not in have]


def _person(session: Session, username: str) -> User | None:
    if not username:
        return None
    user = session.scalar(select(User).where(User.username == username, User.active))
    if user is None:
        raise NotFound(f"there is no active user {username}", hint="qifen people list")
    return user


def _write(target: Path, data: bytes) -> None:
    """Readable by its owner only; never over a file that is there, never half."""
    if target.exists():
        raise BadInput(f"{target} is there already", field="out", hint="choose another --out")
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise BadInput(f"{target}: {error.strerror}", field="out") from None
