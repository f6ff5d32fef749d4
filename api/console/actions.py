"""What a person may do with an event, as the state and the law allow; the flow refuses the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from api import desk
from api.console import codes, place_actions, views
from api.console.codes import coded
from api.console.layout import Visitor, attempt
from models.people import DecisionKind, Role
from models.review import DecisionInput, RejectReason
from pipeline.services import Services

Refresh = Callable[[], Awaitable[None]]


def subject(view: views.EventView) -> tuple[Any, ...]:
    """What the panel is about; while this stays, the panel and what is typed in it stay."""
    return (
        view.row.state, view.row.plate, view.statements, view.decisions, view.pack_missing,
        place_actions.subject(view),
    )  # fmt: skip


def panel(services: Services, who: Visitor, view: views.EventView, refresh: Refresh) -> None:
    """The officer's buttons for the state the event is in."""
    ui.html(f"<h2>{who.word('your_decision')}</h2>", sanitize=False)
    _statements(services, who, view, refresh)
    if view.place is not None:
        place_actions.panel(services, who, view, refresh)
    elif not who.has(Role.OFFICER):
        ui.label(who.word("no_action")).classes("qf-muted")
    elif view.row.state == "CONFIRM_PENDING":
        _confirm(services, who, view, refresh)
    elif view.row.state == "REVIEW_PENDING":
        _decide(services, who, view, refresh)
    elif view.row.state == "PATROL_ASSIGNED":
        _discard(services, who, view, refresh)
    else:
        ui.label(who.word("no_action")).classes("qf-muted")


def _desk(services: Services, who: Visitor, view: views.EventView) -> desk.Desk:
    return desk.Desk(services, view.row.id, who.id, expected_version=view.version)


async def _do(work: Callable[[], Any], who: Visitor, refresh: Refresh) -> None:
    if await attempt(work, who) is not None:
        ui.notify(who.word("done"), type="positive")
        await refresh()


def _confirm(services: Services, who: Visitor, view: views.EventView, refresh: Refresh) -> None:
    plate = ui.input(who.word("plate_corrected"), value=view.row.plate or "").classes("w-full")
    reason = ui.input(who.word("reason")).classes("w-full")
    at_desk = _desk(services, who, view)

    async def confirm() -> None:
        await _do(lambda: at_desk.confirm(plate.value), who, refresh)

    async def discard() -> None:
        await _do(lambda: at_desk.discard(reason.value or ""), who, refresh)

    async def patrol() -> None:
        await _do(lambda: at_desk.send_patrol(reason.value or ""), who, refresh)

    ui.button(who.word("confirm"), on_click=confirm).classes("w-full").props("no-caps color=teal-9")

    async def exempt() -> None:
        await _do(lambda: at_desk.exempt(reason.value or ""), who, refresh)

    with ui.row().classes("w-full qf-buttons"):
        ui.button(who.word("discard"), on_click=discard).props("no-caps outline color=grey-8")
        ui.button(who.word("exempt"), on_click=exempt).props("no-caps outline color=grey-8")
        ui.button(who.word("send_patrol"), on_click=patrol).props("no-caps outline color=grey-8")


def _discard(services: Services, who: Visitor, view: views.EventView, refresh: Refresh) -> None:
    """While a patrol is on its way: what turns out to be no violation ends here (A8)."""
    reason = ui.input(who.word("reason")).classes("w-full")
    at_desk = _desk(services, who, view)

    async def discard() -> None:
        await _do(lambda: at_desk.discard(reason.value or ""), who, refresh)

    ui.button(who.word("discard"), on_click=discard).classes("w-full").props(
        "no-caps outline color=grey-8"
    )


def _decide(services: Services, who: Visitor, view: views.EventView, refresh: Refresh) -> None:
    signed = [d.officer for d in view.decisions if d.kind == DecisionKind.ESCALATE]
    _pack(who, view)
    if signed:
        ui.label(f"{who.word('waits_second')} ({', '.join(signed)})").classes("qf-warn w-full")
    ui.label(who.word("four_ticks")).classes("qf-muted")
    with ui.row().classes("w-full"):
        ticks = {
            key: ui.checkbox(who.word(key))
            for key in ("is_true", "is_clear", "is_complete", "is_accurate")
        }
    obstruction = ui.checkbox(who.word("obstruction"))
    how = ui.input(who.word("obstruction_reason")).classes("w-full")
    at_desk = _desk(services, who, view)

    async def escalate() -> None:
        decision = DecisionInput(
            kind=DecisionKind.ESCALATE,
            is_true=ticks["is_true"].value is True,
            is_clear=ticks["is_clear"].value is True,
            is_complete=ticks["is_complete"].value is True,
            is_accurate=ticks["is_accurate"].value is True,
            obstruction=obstruction.value is True,
            obstruction_reason=how.value or "",
        )
        await _do(lambda: at_desk.decide(decision), who, refresh)

    caption = "escalate_second" if signed else "escalate_first"
    ui.button(who.word(caption), on_click=escalate).classes("w-full").props("no-caps color=teal-9")
    ui.separator()
    words = {c.value: coded(codes.OUTCOMES, c.value, who.language) for c in RejectReason}
    code = ui.select(words, label=who.word("reject_reason"), value=None).classes("w-full")
    note = ui.input(who.word("note")).classes("w-full")

    async def reject() -> None:
        if code.value is None:
            ui.notify(who.word("reason_needed"), type="warning")
            return
        decision = DecisionInput(
            kind=DecisionKind.REJECT, reason=note.value or "", reason_code=RejectReason(code.value)
        )
        await _do(lambda: at_desk.decide(decision), who, refresh)

    ui.button(who.word("reject"), on_click=reject).classes("w-full").props(
        "no-caps outline color=grey-8"
    )


def _pack(who: Visitor, view: views.EventView) -> None:
    if view.pack_missing:
        lacks = ", ".join(
            f"{code[:2]} {coded(codes.PICTURES, code, who.language)}" for code in view.pack_missing
        )
        ui.label(f"{who.word('pack_missing')}: {lacks}").classes("qf-warn w-full")
    else:
        ui.label(who.word("pack_complete")).classes("qf-ok")


def _statements(services: Services, who: Visitor, view: views.EventView, refresh: Refresh) -> None:
    if not view.statements:
        return
    ui.label(who.word("statements")).classes("text-weight-bold")
    for statement in view.statements:
        with ui.element("div").classes("qf-sms w-full"):
            ui.label(statement.text).style("white-space:pre-line")
            status = coded(codes.STATEMENT_STATES, statement.status, who.language)
            ui.label(f"{views.local(statement.received_at)} · {status}").classes("qf-muted")
            if statement.answer:
                ui.label(f"{who.word('answered')} {statement.answer}")
        if statement.status == "open" and who.has(Role.OFFICER):
            _answer(services, who, view, statement.id, refresh)


def _answer(
    services: Services, who: Visitor, view: views.EventView, statement_id: int, refresh: Refresh
) -> None:
    text = ui.textarea(who.word("statement_answer")).classes("w-full").props("autogrow")
    at_desk = _desk(services, who, view)

    async def give(upheld: bool) -> None:
        await _do(
            lambda: at_desk.answer(statement_id, upheld=upheld, text=text.value or ""), who, refresh
        )

    with ui.row().classes("w-full qf-buttons"):
        ui.button(who.word("statement_upheld"), on_click=lambda: give(True)).props(
            "no-caps color=teal-9"
        )
        ui.button(who.word("statement_not_upheld"), on_click=lambda: give(False)).props(
            "no-caps outline color=grey-8"
        )
