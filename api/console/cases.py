"""Cases: the list, and one with its line of six stages, its steps and what may be done next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from api import place_shapes
from api.console import codes, views
from api.console.codes import coded
from api.console.layout import (
    Visitor,
    attempt,
    badge,
    card,
    countdown,
    door,
    in_database,
    page,
    poll,
    raw,
    table,
    visitor,
)
from api.photos import MAX_BYTES, check_photo
from api.place_desk import at_case
from models import case_work
from models.case import Case, Loop, UnitRole
from models.case_photos import PhotoKind, keep_photo
from models.case_work import CaseOrder
from models.flows.case import CASE, LINE
from models.flows.case_guards import CHECKS
from models.people import Role
from models.states import CaseState
from pipeline.services import Services

REFRESH_SECONDS = 3.0
LISTED = 100


def build(services: Services) -> None:
    @ui.page("/console/cases")
    async def cases(request: Request) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "cases", who.word("cases")):
            await _list(services, who)
        return None

    @ui.page("/console/cases/{case_id}")
    async def case(request: Request, case_id: int) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "cases", who.word("case")):
            told = await attempt(lambda: _read(services, case_id), who)
            if told is None:
                ui.link(who.word("cases"), "/console/cases").classes("qf-card")
            else:
                CasePage(services, who, told).build()
        return None


def _read(services: Services, case_id: int) -> dict[str, Any]:
    with services.store.read() as session:
        return place_shapes.whole_case(session, case_work.get_case(session, case_id))


async def _list(services: Services, who: Visitor) -> None:
    def read() -> list[dict[str, Any]]:
        with services.store.read() as session:
            return [place_shapes.case(row) for row in case_work.cases(session, limit=LISTED)]

    shown = raw("").classes("w-full")

    async def refresh() -> None:
        rows = await in_database(read)
        empty = f'<div class="qf-card qf-muted">{escape(who.word("no_cases"))}</div>'
        shown.content = "".join(_row(who, row) for row in rows) or empty

    await refresh()
    poll(REFRESH_SECONDS, refresh)


def _row(who: Visitor, row: dict[str, Any]) -> str:
    late = f' <span class="qf-badge red">{escape(who.word("overdue"))}</span>'
    due = countdown(datetime.fromisoformat(row["due_at"])) if row["due_at"] else ""
    return (
        f'<a class="qf-row" href="/console/cases/{row["id"]}"><span class="qf-noimg qf-stage">'
        f"{escape(_stage(who, row['stage']))}</span><span>"
        f'<span class="qf-plate">{escape(row["case_no"])}</span> {badge(who, row["state"])}'
        f"{late if 'overdue' in row['flags'] else ''}"
        f"<div>{escape(row['type_code'])} · {escape(row['place'])}</div></span>"
        f'<span class="qf-left">{due}</span></a>'
    )


class CasePage:
    """The open page of one person."""

    def __init__(self, services: Services, who: Visitor, told: dict[str, Any]) -> None:
        self.services, self.who, self.told = services, who, told

    def build(self) -> None:
        self.head = raw(_head(self.who, self.told)).classes("w-full")
        with ui.element("div").classes("qf-two"):
            with ui.element("section").classes("qf-main"):
                self.facts = raw(_facts(self.who, self.told)).classes("w-full")
                self.course = raw(_course(self.who, self.told)).classes("w-full")
            with ui.element("section"):
                self.panel = ui.element("div").classes("qf-card")
                self._fill()

    async def refresh(self) -> None:
        self.told = await in_database(lambda: _read(self.services, self.told["id"]))
        self.head.content = _head(self.who, self.told)
        self.facts.content = _facts(self.who, self.told)
        self.course.content = _course(self.who, self.told)
        self._fill()

    def _fill(self) -> None:
        self.panel.clear()
        with self.panel:
            ui.html(f"<h2>{self.who.word('your_decision')}</h2>", sanitize=False)
            state = self.told["state"]
            if state == CaseState.COLLECTED:
                self._details()
                self._photos()
            if state in (CaseState.FILED, CaseState.RETURNED):
                self._lead()
            if state == CaseState.CHECKING:
                self._checks()
            if state == CaseState.CLOSED:
                self._rating()
            self._steps()

    def _details(self) -> None:
        word = self.who.word
        entries = {
            key: ui.input(word(key), value=self.told[key]).classes("w-full")
            for key in ("type_code", "cell_code", "duty_grid_code")
        }
        loops = {loop.value: word(loop.value) for loop in Loop}
        loop = ui.select(loops, label=word("loop"), value=self.told["loop"] or None)
        loop.classes("w-full")

        def save(session: Any, case: Case, order: CaseOrder) -> Case:
            values: dict[str, Any] = {key: e.value or "" for key, e in entries.items()}
            if loop.value:
                values["loop"] = loop.value
            return case_work.describe(session, case, values, order)

        self._button(word("save"), "describe", save)

    def _photos(self) -> None:
        """I012: what a patrol mends on the spot is photographed before and after."""
        have = {photo["kind"] for photo in self.told["photos"]}
        waiting = next((kind for kind in PhotoKind if kind not in have), None)
        if self.told["source_category"] != "PATROL" or not self.who.has(Role.PATROL):
            return
        for kind in sorted(have):
            ui.label(f"✓ {self.who.word(f'{kind.lower()}_photo')}").classes("qf-ok")
        if waiting is None:
            return

        async def keep(sent: Any) -> None:
            data = await sent.file.read()

            def act(session: Any, case: Case, order: CaseOrder) -> object:
                key = self.services.evidence.put(data, check_photo(data).removeprefix("image/"))
                return keep_photo(
                    session, case.id, order.user, kind=waiting, data=data, storage_key=key,
                    at=order.at,
                )  # fmt: skip

            await self._do("photo", act)

        ui.upload(
            label=self.who.word(f"{waiting.lower()}_photo"), on_upload=keep, auto_upload=True,
            max_file_size=MAX_BYTES,
        ).props("accept=image/jpeg,image/png").classes("w-full q-mb-sm")  # fmt: skip

    def _lead(self) -> None:
        name = ui.input(self.who.word("lead_unit")).classes("w-full")
        self._button(
            self.who.word("save"), "assign",
            lambda s, c, o: case_work.assign(s, c, [(name.value or "", UnitRole.LEAD)], o),
        )  # fmt: skip

    def _checks(self) -> None:
        found = {
            key: ui.checkbox(
                self.who.word(f"check_{key}"), value=bool(self.told["checks"].get(key))
            )
            for key in CHECKS
        }
        self._button(
            self.who.word("save"), "checks",
            lambda s, c, o: case_work.note_checks(
                s, c, {key: box.value is True for key, box in found.items()}, o
            ),
        )  # fmt: skip

    def _rating(self) -> None:
        rating = ui.number(self.who.word("rating"), value=5, min=1, max=5).classes("w-full")
        self._button(
            self.who.word("save"), "rate",
            lambda s, c, o: case_work.rate(s, c, int(rating.value or 0), o),
        )  # fmt: skip

    def _steps(self) -> None:
        """A button for each step that the table knows from here; the flow refuses what is not
        this person's, and says why."""
        rows = {r.trigger for r in CASE.transitions if self.told["state"] in r.sources}
        triggers = [t for t in case_work.ACTS if t in rows]
        if not triggers:
            ui.label(self.who.word("no_action")).classes("qf-muted")
            return
        reason = ui.input(self.who.word("reason")).classes("w-full")
        report = ui.textarea(self.who.word("report")).classes("w-full").props("autogrow")
        report.set_visibility(any(t in case_work.REPORTED for t in triggers))
        for trigger in triggers:
            said = coded(codes.STEPS, trigger, self.who.language)
            self._button(said, trigger, self._step(trigger, reason, report))

    def _step(
        self, trigger: str, reason: ui.input, report: ui.textarea
    ) -> Callable[[Any, Case, CaseOrder], object]:
        def act(session: Any, case: Case, order: CaseOrder) -> Case:
            why = (reason.value or "") if trigger in case_work.REASONED else ""
            what = (report.value or "") if trigger in case_work.REPORTED else ""
            return case_work.act(session, case, trigger, order, reason=why, report=what)

        return act

    def _button(
        self, caption: str, what: str, act: Callable[[Any, Case, CaseOrder], object]
    ) -> None:
        ui.button(caption, on_click=lambda: self._do(what, act)).classes("w-full q-mb-sm").props(
            "no-caps outline color=teal-9"
        )

    async def _do(self, what: str, act: Callable[[Any, Case, CaseOrder], object]) -> None:
        told = self.told
        done = await attempt(
            lambda: at_case(self.services, told["id"], self.who.id, what, act, told["version"]),
            self.who,
        )
        if done is not None:
            ui.notify(self.who.word("done"), type="positive")
            await self.refresh()


def _stage(who: Visitor, stage: str) -> str:
    return who.word(f"stage_{stage}")


def _head(who: Visitor, told: dict[str, Any]) -> str:
    here = LINE.index(told["stage"])
    line = " → ".join(
        f"<b>{escape(_stage(who, stage))}</b>"
        if place == here
        else f'<span class="qf-muted">{escape(_stage(who, stage))}</span>'
        for place, stage in enumerate(LINE)
    )
    late = f'<span class="qf-badge red">{escape(who.word("overdue"))}</span>'
    return (
        f'<div class="qf-card qf-eventhead"><h1 class="qf-plate">{escape(told["case_no"])}</h1>'
        f"{badge(who, told['state'])}{late if 'overdue' in told['flags'] else ''}"
        f"<span>{line}</span></div>"
    )


def _facts(who: Visitor, told: dict[str, Any]) -> str:
    word = who.word
    loop = word(told["loop"]) if told["loop"] else word("none_given")
    pairs = [
        (word("type_code"), told["type_code"] or word("none_given"), "type_code"),
        (word("loop"), loop, told["loop_mode"]),
        (word("cell_code"), told["cell_code"] or word("none_given"), "cell_code"),
        (word("duty_grid_code"), told["duty_grid_code"] or word("none_given"), "duty_grid_code"),
        (word("units"), _units(who, told) or word("none_given"), "units"),
    ]
    pairs += [(word(k), told[k], k) for k in ("place", "description") if told[k]]
    if told["due_at"]:
        pairs.append((word("due"), views.local(datetime.fromisoformat(told["due_at"])), "due_at"))
    if told["report"]:
        pairs.append((word("report"), told["report"], "report"))
    if told["rating"]:
        pairs.append((word("rating"), str(told["rating"]), "rating"))
    link = (
        f'<a class="qf-link" href="/console/events/{told["event_id"]}">'
        f"{escape(word('the_event'))}</a>"
        if told["event_id"]
        else ""
    )
    return card(word("what_and_where"), table(pairs) + link)


def _units(who: Visitor, told: dict[str, Any]) -> str:
    said = [
        f"{unit['name']} ({who.word('unit_' + unit['role'])})"
        for unit in told["units"]
        if not unit["left_at"]
    ]
    return ", ".join(said)


def _course(who: Visitor, told: dict[str, Any]) -> str:
    steps = "".join(
        f"<li><time>{views.local(datetime.fromisoformat(s['at']))}</time><div>"
        f"{escape(coded(codes.STEPS, s['trigger'], who.language))} {badge(who, s['to'])}"
        f'<div class="qf-muted">{escape(s["actor"])} '
        f"{escape(coded(codes.OUTCOMES, s['reason'], who.language))}</div></div></li>"
        for s in told["timeline"]
    )
    return card(who.word("timeline"), f'<ol class="qf-steps">{steps}</ol>')
