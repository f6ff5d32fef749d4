"""What is kept how long, what was deleted, what is held, what owners ask, and who looked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import keeping_view
from api.console import two_years_parts
from api.console.codes import coded
from api.console.keeping_words import BASIS, FOUND
from api.console.layout import Visitor, attempt, card, door, in_database, page, raw, visitor
from api.console.typed_times import dated
from models import holds, integrity, owner_requests
from models.audit_log import viewings
from models.errors import NotFound
from models.event import Event
from models.evidence import Evidence
from models.holds import LegalHold
from models.people import Role, User
from models.policy import Policy, load_policy
from models.retention import answer_deletion
from models.retention_rules import RULES
from pipeline.retention import Retention, log_rows
from pipeline.services import Services

SHOWN = 50
"""Rows of the log and of the viewings on the page; the API has the rest."""


def build(services: Services) -> None:
    @ui.page("/console/keeping")
    async def keeping(request: Request) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "keeping", who.word("keeping")):
            if who.has(Role.OFFICER) or who.has(Role.OPERATOR):
                await KeepingPage(services, who).build()
            else:
                ui.label(who.word("not_for_you")).classes("qf-card")
        return None


class KeepingPage:
    """One person at the page; officers answer, hold and lift, administrators see who looked."""

    def __init__(self, services: Services, who: Visitor) -> None:
        self.services = services
        self.who = who

    async def build(self) -> None:
        self.tasks = ui.element("div").classes("w-full")
        self.lists = ui.element("div").classes("w-full")
        await self._show()

    async def _show(self) -> None:
        tables = await in_database(self._tables)
        alarms, requests, held = await in_database(self._tasks)
        old = await in_database(lambda: two_years_parts.read(self.services))
        self.tasks.clear()
        with self.tasks:
            two_years_parts.listed(self.who, old)
            self._part("keep_alarms", alarms, self._alarm)
            self._part("keep_requests", requests, self._request)
            self._part("keep_holds", held, self._hold)
            if self.who.has(Role.OFFICER):
                self._new_hold()
        self.lists.clear()
        with self.lists:
            raw(tables).classes("w-full")

    # -- what waits for somebody --------------------------------------------------------------

    def _tasks(self) -> tuple[list[Any], list[Any], list[Any]]:
        now = self.services.clock.now()
        with self.services.store.read() as session:
            alarms = [
                (row.id, _number(session, session.get_one(Evidence, row.evidence_id).event_id),
                 row.what, dated(row.found_at))
                for row in integrity.open_alarms(session)
            ]  # fmt: skip
            requests = [
                (row.id, _number(session, row.event_id), row.kind, row.text,
                 dated(row.due_at), row.due_at < now)
                for row in owner_requests.open_requests(session)
            ]  # fmt: skip
            held = [
                (row.id, _number(session, row.event_id), row.document, row.reason,
                 dated(row.placed_at))
                for row in holds.standing_holds(session)
            ]  # fmt: skip
        return alarms, requests, held

    def _part(self, title: str, rows: Sequence[Any], show: Callable[[Any], None]) -> None:
        with ui.element("div").classes("qf-card w-full"):
            raw(f"<h2>{escape(self.who.word(title))}</h2>")
            if not rows:
                ui.label(self.who.word("keep_nothing")).classes("qf-muted")
            for row in rows:
                with ui.element("div").classes("qf-form"):
                    show(row)

    def _alarm(self, row: tuple[int, str, str, str]) -> None:
        number, event_no, what, at = row
        ui.label(f"{event_no} · {coded(FOUND, what, self.who.language)} · {at}")
        remark = ui.input(self.who.word("keep_reason"))
        self._button(
            "keep_seen",
            lambda s, user: integrity.see_to(
                s, number, user, remark=remark.value or "", at=self.services.clock.now()
            ),
        )

    def _request(self, row: tuple[int, str, str, str, str, bool]) -> None:
        number, event_no, kind, text, due, late = row
        word = self.who.word
        mark = f" · {word('keep_overdue')}" if late else ""
        ui.label(f"{event_no} · {word(f'keep_{kind}')} · {word('keep_due')} {due}{mark}")
        if text:
            ui.label(text).classes("qf-muted wide")
        if not self.who.has(Role.OFFICER):
            return
        if kind == owner_requests.RequestKind.DELETION:
            self._button("keep_decide", lambda s, user: self._delete(s, number, user))
            return
        words = ui.input(word("keep_answer"))
        for key, granted in (("keep_grant", True), ("keep_refuse", False)):
            self._button(
                key,
                lambda s, user, granted=granted: owner_requests.close_request(
                    s, owner_requests.get_request(s, number), user, granted=granted,
                    text=words.value or "", at=self.services.clock.now(),
                ),
            )  # fmt: skip

    def _delete(self, session: Session, number: int, user: User) -> None:
        request = owner_requests.get_request(session, number)
        policy, at = load_policy(session), self.services.clock.now()
        answer_deletion(session, request, user, policy=policy, at=at)

    def _hold(self, row: tuple[int, str, str, str, str]) -> None:
        number, event_no, document, why, since = row
        ui.label(f"{event_no} · {document} · {why} · {since}")
        if not self.who.has(Role.OFFICER):
            return
        reason = ui.input(self.who.word("keep_reason"))
        self._button(
            "keep_lift",
            lambda s, user: holds.lift_hold(
                s, holds.get_hold(s, number), user, reason=reason.value or "",
                at=self.services.clock.now(),
            ),
        )  # fmt: skip

    def _new_hold(self) -> None:
        word = self.who.word
        with ui.element("div").classes("qf-card w-full"), ui.element("div").classes("qf-form"):
            number = ui.input(word("keep_event_no"))
            reason = ui.input(word("keep_reason"))
            document = ui.input(word("keep_document"))

            def place(session: Session, user: User) -> LegalHold:
                event = session.scalar(select(Event).where(Event.event_no == number.value))
                if event is None:
                    raise NotFound(f"there is no event {number.value}")
                return holds.place_hold(
                    session, event, user, reason=reason.value or "",
                    document=document.value or "", at=self.services.clock.now(),
                )  # fmt: skip

            self._button("keep_hold", place)

    def _button(self, key: str, act: Callable[[Session, User], object]) -> None:
        def work() -> bool:
            with self.services.store.begin() as session:
                act(session, session.get_one(User, self.who.id))
            Retention(self.services).remove_files()
            return True

        async def press() -> None:
            if await attempt(work, self.who):
                await self._show()

        ui.button(self.who.word(key), on_click=press).props("no-caps color=teal-9")

    # -- what is only shown -------------------------------------------------------------------

    def _tables(self) -> str:
        with self.services.store.read() as session:
            parts = [self._periods(load_policy(session)), self._log(session)]
            if self.who.has(Role.ADMIN):
                parts.append(self._viewings(session))
        return "".join(parts)

    def _periods(self, policy: Policy) -> str:
        word = self.who.word
        rows = [
            (
                coded(keeping_view.WHAT, rule.code, self.who.language),
                f"{getattr(policy, rule.field)} {word('keep_days')}",
                f"{rule.floor_days} {word('keep_days')}",
                BASIS[rule.code] if self.who.language.startswith("zh") else rule.basis,
            )
            for rule in RULES
        ]  # fmt: skip
        heads = ("keep_what", "keep_periods", "keep_least", "keep_basis")
        return card(word("keep_periods"), self._table(heads, rows))

    def _log(self, session: Session) -> str:
        rows = [
            (
                dated(row.at), coded(keeping_view.WHAT, row.rule, self.who.language),
                str(row.count), str(row.pictures), row.actor,
            )
            for row in log_rows(session, limit=SHOWN)
        ]  # fmt: skip
        heads = ("keep_at", "keep_what", "keep_count", "keep_files", "keep_by")
        return card(self.who.word("keep_log"), self._table(heads, rows))

    def _viewings(self, session: Session) -> str:
        rows = [
            (
                dated(row.at), row.viewer, row.unit,
                _number(session, row.event_id) if row.event_id else "", row.reason,
            )
            for row in viewings(session, limit=SHOWN)
        ]  # fmt: skip
        heads = ("keep_at", "keep_by", "keep_unit", "keep_event_no", "keep_reason")
        return card(self.who.word("keep_viewings"), self._table(heads, rows))

    def _table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        if not rows:
            return f'<div class="qf-muted">{escape(self.who.word("keep_nothing"))}</div>'
        head = "".join(f"<th>{escape(self.who.word(key))}</th>" for key in heads)
        lines = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
        )
        return f'<div class="qf-wide"><table class="qf"><tr>{head}</tr>{lines}</table></div>'


def _number(session: Session, event_id: int) -> str:
    return session.get_one(Event, event_id).event_no
