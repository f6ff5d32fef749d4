"""What a person may do with a hanging, poster or crowd event; the flow refuses the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from html import escape
from typing import Any

from nicegui import events, ui

from api.console import views
from api.console.layout import Visitor, attempt, card, raw, table
from api.place_desk import PlaceDesk
from models.event import FlowName
from models.evidence import EvidenceKind
from models.people import Role
from models.place_acts import SERVED_HOW, OrderInput
from models.states import CrowdState, PlaceState
from pipeline.services import Services

Refresh = Callable[[], Awaitable[None]]
_ANSWERS = {
    "waiting": "waiting", "accepted": "comes", "declined": "declined", "no_answer": "no_answer",
}  # fmt: skip
MAX_PHOTO_BYTES = 12_000_000


def subject(view: views.EventView) -> tuple[Any, ...]:
    """What the panel turns on; numbers of people change every few seconds and are none of it."""
    told = view.place
    if told is None:
        return ()
    calls = [(c["responder_id"], c["answer"], c["arrived_at"]) for c in told.get("calls", ())]
    return (told.get("order"), told.get("signatures"), told.get("party"), calls)


def summary(who: Visitor, view: views.EventView) -> str:
    """Who is responsible, the order and its signatures; or the count and the calls, as markup."""
    told = view.place
    if told is None:
        return ""
    if view.row.flow == FlowName.CROWD:
        return _gathering(who, view, told)
    word, party = who.word, told["party"]
    pairs: list[tuple[str, str, str]] = []
    if party is None:
        pairs.append((word("responsible"), word("nobody_named"), "party_id"))
    else:
        named = f"{party['name']} · {party['address']} · {word('colour_' + told['colour'])}"
        pairs.append((word("responsible"), named, "party_id"))
    order = told["order"]
    if order is not None:
        pairs.append((word("order_no"), order["order_no"], "order_no"))
        if order["due_at"]:
            due = views.local(datetime.fromisoformat(order["due_at"]))
            pairs.append((word("order_due"), due, "due_at"))
    signed = "".join(
        f'<div class="qf-sms"><b>{escape(s["officer"])}</b> {escape(word("signed_by"))} · '
        f"{escape(word('order' if s['act'] == 'order' else 'order_not_followed'))} · "
        f"{views.local(datetime.fromisoformat(s['at']))}</div>"
        for s in told["signatures"]
    )
    text = f'<div class="qf-sms">{escape(order["text"])}</div>' if order else ""
    return card(word("responsible"), table(pairs) + text + signed + _case_link(who, told))


def _gathering(who: Visitor, view: views.EventView, told: dict[str, Any]) -> str:
    word = who.word
    people = word("camera_lost") if told["camera_lost"] else f"{told['people']:g}"
    threshold = told["threshold"] or view.measured.get("threshold")  # none while the camera is lost
    pairs = [
        (word("people_now"), people, "people"),
        (word("crowd_threshold"), f"{threshold or 0:g}", "threshold"),
        (word("peak"), f"{told['peak'] or 0:g}", "peak"),
    ]
    if told["manual_people"] is not None:
        pairs.append((word("people_counted"), f"{told['manual_people']:g}", "manual_people"))
    calls = "".join(
        f'<div class="qf-sms"><b>{escape(c["responder"])}</b> '
        f"{escape(word(_ANSWERS[c['answer']]))}"
        f"{' · ' + escape(word('arrived')) if c['arrived_at'] else ''}"
        f'<div class="qf-muted">{views.local(datetime.fromisoformat(c["called_at"]))}</div>'
        f"<div>{escape(c['report'])}</div></div>"
        for c in told["calls"]
    )
    none = f'<div class="qf-muted">{escape(word("no_calls"))}</div>'
    return card(word("flow_crowd"), table(pairs) + (calls or none) + _case_link(who, told))


def _case_link(who: Visitor, told: dict[str, Any]) -> str:
    if told["case_id"] is None:
        return ""
    return (
        f'<a class="qf-link" href="/console/cases/{told["case_id"]}">{escape(who.word("case"))}</a>'
    )


def panel(services: Services, who: Visitor, view: views.EventView, refresh: Refresh) -> None:
    """The buttons for the state the event is in."""
    acts = _Acts(services, who, view, refresh)
    if view.row.flow == FlowName.CROWD:
        acts.gathering()
    elif not who.has(Role.OFFICER):
        ui.label(who.word("no_action")).classes("qf-muted")
    else:
        acts.frontage()


class _Acts:
    """The panel of one person at one event."""

    def __init__(
        self, services: Services, who: Visitor, view: views.EventView, refresh: Refresh
    ) -> None:
        self.services, self.who, self.view, self.refresh = services, who, view, refresh
        self.desk = PlaceDesk(services, view.row.id, who.id, expected_version=view.version)
        self.told: dict[str, Any] = view.place or {}

    def frontage(self) -> None:
        state = self.view.row.state
        if state in (PlaceState.CONFIRM_PENDING, PlaceState.NOT_RECTIFIED):
            self._confirm()
        elif state == PlaceState.REVIEW_PENDING:
            self._order()
        elif state == PlaceState.FORMAL_ORDER:
            self._button("order_followed", self.desk.rectified)
        elif state == PlaceState.ORDER_CHECK:
            self._after_order()
        elif state == PlaceState.DISPATCHED:
            self._photo("paper_photo", EvidenceKind.PAPER, self.desk.paper_notice)
        else:
            ui.label(self.who.word("no_action")).classes("qf-muted")
        raw(f'<div class="qf-muted">{escape(self.who.word("no_fine_here"))}</div>')

    def gathering(self) -> None:
        word, open_ = self.who.word, self.view.row.state in (
            CrowdState.DISPATCHED, CrowdState.ON_SITE, CrowdState.DISPERSING,
            CrowdState.ESCALATED_EMERGENCY,
        )  # fmt: skip
        office = self.who.has(Role.OFFICER) or self.who.has(Role.OPERATOR)
        # Who was called sees the own call only (api.field_reading), and answers it.
        if not open_ or not (office or self.told.get("calls")):
            ui.label(word("no_action")).classes("qf-muted")
            return
        for call in self.told.get("calls", ()):
            self._call(call)
        if self.who.has(Role.OFFICER):
            reason = ui.input(word("reason")).classes("w-full")
            with ui.row().classes("w-full qf-buttons"):
                self._button("emergency", lambda: self.desk.emergency(reason.value or ""))
                self._button("false_alarm", lambda: self.desk.false_alarm(reason.value or ""))

    def _call(self, call: dict[str, Any]) -> None:
        who_id = int(call["responder_id"])
        if call["answer"] == "declined":
            return
        ui.label(call["responder"]).classes("text-weight-bold")
        if call["answer"] != "accepted":
            with ui.row().classes("w-full qf-buttons"):
                self._button("accept_call", lambda: self.desk.answer_call(who_id, accepted=True))
                self._button("decline_call", lambda: self.desk.answer_call(who_id, accepted=False))
        elif call["arrived_at"] is None:
            self._button("arrived", lambda: self.desk.arrive(who_id))
        else:
            text = ui.input(self.who.word("report")).classes("w-full")
            people = ui.number(self.who.word("people_counted"), min=0).classes("w-full")

            def report() -> str:
                count = None if people.value is None else int(people.value)
                return self.desk.report(who_id, text.value or "", count)

            self._button("report", report)

    def _confirm(self) -> None:
        party = self.told.get("party")
        number = ui.number(
            self.who.word("named_again"), value=party["id"] if party else None, min=1
        ).classes("w-full")
        self._button(
            "confirm_place",
            lambda: self.desk.confirm(None if number.value is None else int(number.value)),
        )

    def _order(self) -> None:
        word, order = self.who.word, self.told.get("order")
        if order is not None:
            choices = {how: word(how) for how in SERVED_HOW}
            how = ui.select(choices, label=word("served_how"), value=SERVED_HOW[0])
            how.classes("w-full")
            self._button("order_serve", lambda: self.desk.serve_order(None, str(how.value)))
            ui.separator()
        number = ui.input(word("order_no"), value=order["order_no"] if order else "")
        text = ui.textarea(word("order_text"), value=order["text"] if order else "")
        basis = ui.input(word("legal_basis"), value=self.view.zone.legal_basis)
        hours = ui.number(word("order_hours"), value=4, min=1)
        for entry in (number, text, basis, hours):
            entry.classes("w-full")
        self._button(
            "order_draft",
            lambda: self.desk.draft_order(
                OrderInput(
                    order_no=number.value or "", text=text.value or "",
                    legal_basis=basis.value or "", period_seconds=int((hours.value or 0) * 3600),
                )
            ),
        )  # fmt: skip

    def _after_order(self) -> None:
        self._button("order_followed", self.desk.rectified)
        self._photo("on_site_photo", EvidenceKind.ON_SITE, None)
        found = ui.input(self.who.word("found_on_spot")).classes("w-full")
        self._button("order_not_followed", lambda: self.desk.escalate(found.value or ""))

    def _photo(self, key: str, kind: str, then: Callable[[int], object] | None) -> None:
        async def keep(given: events.UploadEventArguments) -> None:
            data = await given.file.read()

            def work() -> int:
                photo_id = self.desk.keep_photo(data, kind)
                if then is not None:
                    then(photo_id)
                return photo_id

            await self._do(work)

        ui.upload(
            label=self.who.word(key), auto_upload=True, max_file_size=MAX_PHOTO_BYTES,
            on_upload=keep,
        ).props("accept=image/jpeg flat bordered").classes("w-full")  # fmt: skip

    def _button(self, key: str, work: Callable[[], object]) -> None:
        async def press() -> None:
            await self._do(work)

        ui.button(self.who.word(key), on_click=press).classes("w-full q-mb-sm").props(
            "no-caps outline color=teal-9"
        )

    async def _do(self, work: Callable[[], object]) -> None:
        if await attempt(work, self.who) is not None:
            ui.notify(self.who.word("done"), type="positive")
            await self.refresh()
