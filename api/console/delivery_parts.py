"""The alarm that too few texts arrive, above the queue, and what an operator does about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nicegui import ui

from api import reply_shapes
from api.console.layout import Visitor, attempt, in_database, poll
from models import delivery
from models.people import Role
from models.policy import load_policy
from notify.phones import mobile_number
from pipeline.services import Services

REFRESH_SECONDS = 5.0


def banner(services: Services, who: Visitor) -> None:
    """Nothing while texts arrive; else what happened (W48), and for operators the ways on."""
    alarm = DeliveryAlarm(services, who)
    ui.timer(0, alarm.refresh, once=True)
    poll(REFRESH_SECONDS, alarm.refresh)


@dataclass
class DeliveryAlarm:
    services: Services
    who: Visitor
    paused: bool = False

    def __post_init__(self) -> None:
        self.frame = ui.element("section").classes("w-full")

    async def refresh(self) -> None:
        current = await in_database(self._read)
        if current["paused"] == self.paused:
            return
        self.paused = current["paused"]
        self.frame.clear()
        if self.paused:
            with self.frame:
                self._alarm(current["paused_at"])

    def _read(self) -> dict[str, Any]:
        with self.services.store.read() as session:
            policy, at = load_policy(session), self.services.clock.now()
            return reply_shapes.deliveries(session, policy=policy, at=at)

    def _alarm(self, counts: dict[str, int]) -> None:
        who = self.who
        numbers = f"{counts['delivered']}/{counts['accepted']}"
        with ui.element("div").classes("qf-card qf-delivery"):
            ui.label(
                f"{who.word('delivery_paused')} ({who.word('delivery_counts')} {numbers})"
            ).classes("qf-warn w-full")
            if who.has(Role.OPERATOR):
                self._ways_on()

    def _ways_on(self) -> None:
        who = self.who
        phone = ui.input(who.word("delivery_test_phone")).classes("w-full")

        async def test() -> None:
            if await attempt(lambda: self._queue_test(phone.value or ""), who):
                ui.notify(who.word("delivery_test_sent"), type="positive")

        async def resume() -> None:
            if await attempt(self._resume, who):
                ui.notify(who.word("done"), type="positive")
                await self.refresh()

        with ui.row().classes("w-full qf-buttons"):
            ui.button(who.word("delivery_test"), on_click=test).props("no-caps color=teal-9")
            ui.button(who.word("delivery_resume"), on_click=resume).props(
                "no-caps outline color=grey-8"
            )

    def _queue_test(self, phone: str) -> bool:
        number, at = mobile_number(phone), self.services.clock.now()
        with self.services.store.begin() as session:
            policy = load_policy(session)
            delivery.queue_test(session, number, by=self.who.username, policy=policy, at=at)
        return True

    def _resume(self) -> bool:
        with self.services.store.begin() as session:
            delivery.resume(session, by=self.who.username, at=self.services.clock.now())
        return True
