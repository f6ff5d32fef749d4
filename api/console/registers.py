"""The registers: responsible parties with their agreements, permits, and whom to call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.console.layout import Visitor, attempt, door, in_database, page, raw, visitor
from api.console.typed_times import dated, typed_day, typed_instant
from models import place_registry, registry
from models.errors import BadInput, NotAllowed, NotFound
from models.people import Role, User
from models.place import (
    FrontageAgreement,
    PartyKind,
    PlacePermit,
    Responder,
    ResponderKind,
)
from models.zone import EnforcementArea, Zone, ZoneKind
from notify.phones import mobile_number
from pipeline.services import Services

TABS = ("reg_parties", "reg_permits", "reg_responders")
Ending = Callable[[Session, User], object]


@dataclass(frozen=True)
class Line:
    """One entry: what is shown, whether it is over, and what its button does, if it has one."""

    markup: str
    over: bool = False
    caption: str = "reg_end"
    end: Ending | None = None


def build(services: Services) -> None:
    @ui.page("/console/registers")
    async def registers(request: Request, tab: str = TABS[0]) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "registers", who.word("registers")):
            if who.has(Role.OPERATOR) or who.has(Role.OFFICER):
                await RegisterPage(services, who, tab if tab in TABS else TABS[0]).build()
            else:
                ui.label(who.word("not_for_you")).classes("qf-card")
        return None


class RegisterPage:
    """One person at one of the registers. Operators keep parties and responders, officers permits;
    whoever may not is told so by the act itself."""

    def __init__(self, services: Services, who: Visitor, tab: str) -> None:
        self.services, self.who, self.tab = services, who, tab
        self.fields: dict[str, Any] = {}

    async def build(self) -> None:
        word = self.who.word
        with ui.element("nav").classes("qf-tabs"):
            for key in TABS:
                link = ui.link(word(key), f"/console/registers?tab={key}")
                link.classes("here" if key == self.tab else "")
        self.rows = ui.element("div").classes("w-full")
        await self._show()
        for title, form, add in await in_database(self._forms):
            with ui.element("div").classes("qf-card w-full"):
                raw(f"<h2>{escape(word(title))}</h2>")
                self._form(form, add)

    async def _show(self) -> None:
        lines = await in_database(self._lines)
        self.rows.clear()
        with self.rows:
            if not lines:
                ui.label(self.who.word("reg_none")).classes("qf-card qf-muted")
            for line in lines:
                with ui.element("div").classes("qf-card w-full"):
                    raw(f'<div class="{"qf-muted" if line.over else ""}">{line.markup}</div>')
                    if line.end is not None:
                        self._button(line.caption, line.end)

    def _button(self, caption: str, act: Ending) -> None:
        async def press() -> None:
            if await attempt(lambda: self._do(act), self.who):
                ui.notify(self.who.word("done"), type="positive")
                await self._show()

        ui.button(self.who.word(caption), on_click=press).props("no-caps outline color=grey-8")

    def _form(
        self, form: Callable[[], dict[str, Any]], add: Callable[[Session, User, Any], object]
    ) -> None:
        with ui.element("div").classes("qf-form"):
            fields = form()

        async def press() -> None:
            values = {key: entry.value for key, entry in fields.items()}
            if await attempt(lambda: self._do(lambda s, u: add(s, u, values)), self.who):
                ui.notify(self.who.word("reg_added"), type="positive")
                await self._show()

        ui.button(self.who.word("reg_add"), on_click=press).classes("q-mt-md").props(
            "no-caps color=teal-9"
        )

    def _do(self, act: Ending) -> bool:
        with self.services.store.begin() as session:
            user = session.get_one(User, self.who.id)
            role = Role.OFFICER if self.tab == "reg_permits" else Role.OPERATOR
            if not user.has(role):
                raise NotAllowed(f"this needs the role {role}")
            act(session, user)
        return True

    # -- what is shown ------------------------------------------------------------------------

    def _lines(self) -> list[Line]:
        with self.services.store.read() as session:
            if self.tab == "reg_permits":
                return self._permits(session)
            if self.tab == "reg_responders":
                return [self._responder(session, r) for r in place_registry.responders(session)]
            return [
                line
                for party in place_registry.parties(session)
                for line in (self._party(party), *map(self._agreement, party.agreements))
            ]

    def _party(self, row: Any) -> Line:
        phone = f" · ***{escape(row.phone[-4:])}" if row.phone else ""
        kind = escape(self.who.word(f"reg_{row.kind}"))
        number, at = row.id, self.services.clock.now

        def end(session: Session, user: User) -> object:
            found = place_registry.get_party(session, number)
            return place_registry.retire_party(session, found, at=at(), actor=user.username)

        return Line(f"<b>{escape(row.name)}</b> {kind} · {escape(row.address)}{phone}", end=end)

    def _agreement(self, row: FrontageAgreement) -> Line:
        number, at = row.id, self.services.clock.now
        until = f" – {row.valid_until}" if row.valid_until else ""
        texts = f" · {escape(self.who.word('reg_texts'))}" if row.authorises_texts else ""
        said = (
            f"{escape(self.who.word('reg_agreement'))} {escape(row.document)} · "
            f"{row.signed_on}{until}{texts}"
        )

        def end(session: Session, user: User) -> object:
            found = session.get_one(FrontageAgreement, number)
            return place_registry.end_agreement(session, found, at=at(), actor=user.username)

        over = row.ended_at is not None
        return Line(said, over, end=None if over else end)

    def _permits(self, session: Session) -> list[Line]:
        rows = session.execute(
            select(PlacePermit, Zone.name)
            .join(Zone, Zone.id == PlacePermit.zone_id)
            .order_by(PlacePermit.id.desc())
            .limit(200)
        )
        return [self._permit(row, zone) for row, zone in rows]

    def _permit(self, row: PlacePermit, zone: str) -> Line:
        number, now = row.id, self.services.clock.now
        people = f" · ≤ {row.max_people}" if row.max_people else ""
        said = (
            f"<b>{escape(zone)}</b> {escape(self.who.word(f'flow_{row.kind}'))}{people}<br>"
            f"{escape(row.document)} · {escape(row.approver)}<br>"
            f"{dated(row.valid_from)} – {dated(row.valid_until)}"
        )

        def end(session: Session, user: User) -> object:
            found = session.get_one(PlacePermit, number)
            return place_registry.end_permit(session, found, at=now(), actor=user.username)

        over = row.ended_at is not None or row.valid_until <= now()
        return Line(said, over, end=None if over else end)

    def _responder(self, session: Session, row: Responder) -> Line:
        number, active, at = row.id, row.active, self.services.clock.now
        area = session.get(EnforcementArea, row.area_id) if row.area_id else None
        phone = f" · ***{escape(row.phone[-4:])}" if row.phone else ""
        state = self.who.word("reg_active" if active else "reg_inactive")
        said = (
            f"<b>{escape(row.name)}</b> {escape(self.who.word(row.kind))}{phone} · "
            f"{escape(area.name if area else '')} · {escape(state)}"
        )

        def switch(session: Session, user: User) -> object:
            found = session.get_one(Responder, number)
            return place_registry.set_responder_active(
                session, found, not active, at=at(), actor=user.username
            )

        return Line(said, not active, "reg_on_off", switch)

    # -- what can be added --------------------------------------------------------------------

    def _forms(self) -> list[tuple[str, Any, Any]]:
        """Title, fields and act of each form of this register."""
        with self.services.store.read() as session:
            zones = _zones(session, permits=self.tab == "reg_permits")
            if self.tab == "reg_permits":
                return [("reg_permits", lambda: self._permit_fields(zones), self._add_permit)]
            if self.tab == "reg_responders":
                areas = {a.id: a.name for a in session.scalars(select(EnforcementArea))}
                query = select(User).where(User.active.is_(True)).order_by(User.username)
                people = {u.id: u.username for u in session.scalars(query)}
                fields = lambda: self._responder_fields(areas, people)  # noqa: E731 (one line)
                return [("reg_responders", fields, self._add_responder)]
            names = {p.id: p.name for p in place_registry.parties(session)}
            return [
                ("reg_parties", self._party_fields, self._add_party),
                ("reg_agreement", lambda: self._agreement_fields(names, zones),
                 self._add_agreement),
            ]  # fmt: skip

    def _party_fields(self) -> dict[str, Any]:
        word = self.who.word
        kinds = {kind.value: word(f"reg_{kind.value}") for kind in PartyKind}
        return {
            "kind": ui.select(kinds, label=word("reg_kind"), value=PartyKind.SHOP.value),
            "name": ui.input(word("reg_name")).props("maxlength=60"),
            "address": ui.input(word("reg_address")).props("maxlength=20"),
            "phone": ui.input(word("reg_phone")).props("autocomplete=off maxlength=20"),
        }

    def _add_party(self, session: Session, user: User, values: dict[str, Any]) -> None:
        place_registry.add_party(
            session, _given(values), at=self.services.clock.now(), actor=user.username
        )

    def _agreement_fields(self, names: dict[int, str], zones: dict[int, str]) -> dict[str, Any]:
        word = self.who.word
        ui.label(word("reg_area_of_zone")).classes("qf-muted wide")
        return {
            "party_id": ui.select(names, label=word("reg_party")),
            "zone_id": ui.select(zones, label=word("reg_zone")),
            "document": ui.input(word("reg_document")).props("maxlength=60"),
            "signed_on": ui.input(word("reg_signed_on")),
            "valid_until": ui.input(word("reg_until_day")),
            "authorises_texts": ui.checkbox(word("reg_texts")),
        }

    def _add_agreement(self, session: Session, user: User, values: dict[str, Any]) -> None:
        zone = _zone(session, values["zone_id"])
        signed = typed_day("signed_on", values["signed_on"])
        if values["party_id"] is None or signed is None:
            raise BadInput("choose who signed, and when", field="signed_on", hint="2026-11-22")
        place_registry.add_agreement(
            session, place_registry.get_party(session, values["party_id"]),
            registry.get_camera(session, zone.camera_id), polygon=zone.current.polygon,
            document=values["document"] or "", signed_on=signed,
            valid_until=typed_day("valid_until", values["valid_until"]),
            authorises_texts=values["authorises_texts"] is True,
            at=self.services.clock.now(), user=user,
        )  # fmt: skip

    def _permit_fields(self, zones: dict[int, str]) -> dict[str, Any]:
        word = self.who.word
        return {
            "zone_id": ui.select(zones, label=word("reg_zone")),
            "document": ui.input(word("reg_document")).props("maxlength=60"),
            "approver": ui.input(word("reg_approver")).props("maxlength=60"),
            "valid_from": ui.input(word("reg_from")),
            "valid_until": ui.input(word("reg_until")),
            "max_people": ui.number(word("reg_max_people"), min=1, precision=0),
        }

    def _add_permit(self, session: Session, user: User, values: dict[str, Any]) -> None:
        people = values["max_people"]
        place_registry.add_permit(
            session, _zone(session, values["zone_id"]), document=values["document"] or "",
            approver=values["approver"] or "",
            valid_from=typed_instant("valid_from", values["valid_from"]),
            valid_until=typed_instant("valid_until", values["valid_until"]),
            max_people=None if people is None else int(people),
            at=self.services.clock.now(), user=user,
        )  # fmt: skip

    def _responder_fields(self, areas: dict[int, str], people: dict[int, str]) -> dict[str, Any]:
        word = self.who.word
        kinds = {kind.value: word(kind.value) for kind in ResponderKind}
        return {
            "name": ui.input(word("display_name")).props("maxlength=60"),
            "kind": ui.select(kinds, label=word("reg_kind"), value=next(iter(kinds))),
            "phone": ui.input(word("reg_phone")).props("autocomplete=off maxlength=20"),
            "area_id": ui.select(areas, label=word("reg_area"), clearable=True),
            "user_id": ui.select(people, label=word("reg_person"), clearable=True),
        }

    def _add_responder(self, session: Session, user: User, values: dict[str, Any]) -> None:
        given = _given(values)
        area_id, user_id = given.pop("area_id", None), given.pop("user_id", None)
        area = None if area_id is None else session.get(EnforcementArea, area_id)
        place_registry.add_responder(
            session, given, area=area, user_id=user_id, at=self.services.clock.now(),
            actor=user.username,
        )  # fmt: skip


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """What was filled in; a phone as E.164."""
    given = {key: value for key, value in values.items() if value not in (None, "")}
    if "phone" in given:
        given["phone"] = mobile_number(str(given["phone"]))
    return given


def _zones(session: Session, *, permits: bool) -> dict[int, str]:
    """Zones in force in which somebody answers for a frontage, or something can be permitted."""
    kinds = [ZoneKind.HANGING, ZoneKind.POSTER]
    if permits:
        kinds.append(ZoneKind.CROWD)
    query = select(Zone).where(Zone.retired_at.is_(None), Zone.kind.in_(kinds))
    return {zone.id: zone.name for zone in session.scalars(query.order_by(Zone.name))}


def _zone(session: Session, zone_id: int | None) -> Zone:
    zone = None if zone_id is None else session.get(Zone, zone_id)
    if zone is None:
        raise NotFound("choose a zone")
    return zone
