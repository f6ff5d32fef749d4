"""The story of a running installation, line by line as it happens, in plain words, zh and en."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.clock import Clock
from models.deadlines import local
from models.event import Event, EventState, TransitionLog
from models.plate import mask
from models.store import Store

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Words:
    zh: str
    en: str
    colour: int = 0


_GREEN, _YELLOW, _RED, _BLUE, _GREY = 32, 33, 31, 36, 90

_STEPS: Mapping[str, _Words] = {
    EventState.FLAGGED: _Words("看见", "seen", _BLUE),
    EventState.EXEMPT_PENDING: _Words("公务车辆，先不打扰", "official plate: left alone", _GREY),
    EventState.CONFIRM_PENDING: _Words("待人工确认", "an officer is asked to confirm", _YELLOW),
    EventState.CONFIRMED: _Words("已确认", "confirmed, every gate passed", _BLUE),
    EventState.NOTICE_PENDING: _Words("短信排队", "text queued", _BLUE),
    EventState.GRACE: _Words("已送达，开始计时", "text delivered, the grace runs", _YELLOW),
    EventState.RECHECK: _Words("到时复核", "time is over, looking again", _YELLOW),
    EventState.LEFT_IN_TIME: _Words("按时驶离，不予处罚", "left in time: thanked, closed", _GREEN),
    EventState.STAYED: _Words("仍在原处", "still there: two pictures, one plate", _RED),
    EventState.REVIEW_PENDING: _Words("转人工审核", "waits for an officer's decision", _RED),
    EventState.PATROL_ASSIGNED: _Words("派人到场", "a person is sent", _YELLOW),
    EventState.UNDETERMINED: _Words("无法判定，不予处罚", "in doubt: closed in favour", _GREEN),
    EventState.DUPLICATE: _Words("重复，并入原事件", "known already, joined to its event", _GREY),
    EventState.DISCARDED: _Words("不成立", "dropped", _GREY),
    EventState.EXEMPT: _Words("免于提醒", "exempt", _GREY),
    EventState.TRANSFERRED: _Words("移送交警", "handed to the traffic police", _YELLOW),
    EventState.VOIDED: _Words("已撤销", "voided", _GREY),
}

_WHY: Mapping[str, _Words] = {
    "OTHER_VEHICLE": _Words("原处已是另一辆车", "another vehicle stands in its place"),
    "MINOR_CORRECTED": _Words("原处已空", "the place is empty"),
}


class Storyteller:
    """Tells what the transition log says, each row once. Colours only on a terminal."""

    def __init__(
        self, store: Store, clock: Clock, say: Say, *, colours: bool | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._say = say
        self._colours = sys.stdout.isatty() if colours is None else colours
        self._last_id = 0
        self._turn = threading.Lock()

    def tell_news(self) -> int:
        """Tell what happened since the last call. Gives how many lines."""
        with self._turn:
            return self._tell_news()

    def tell_text(self, line: str) -> None:
        """A text as the owner's phone shows it (the local channel's `show`), after what led to
        it: the sender's thread calls this, between two transactions."""
        with self._turn:
            self._tell_news()
            told = f"{self._time(self._clock.now())}  短信 text   → {line}"
            self._say(self._coloured(told, _BLUE))

    def _tell_news(self) -> int:
        with self._store.read() as session:
            rows = session.scalars(
                select(TransitionLog)
                .where(TransitionLog.id > self._last_id)
                .order_by(TransitionLog.id)
            ).all()
            lines = [line for row in rows for line in self._lines(session, row)]
        if rows:
            self._last_id = rows[-1].id
        for line in lines:
            self._say(line)
        return len(lines)

    def _lines(self, session: Session, row: TransitionLog) -> list[str]:
        words = _STEPS.get(row.to_state)
        event = session.get(Event, row.subject_id)
        if words is None or event is None:
            return []
        who = mask(event.plate) if event.plate else "（无牌号 no plate）"
        told = self._details(row, event)
        head = f"{self._time(row.at)}  {event.event_no} {who}  {words.zh} {words.en}"
        lines = [self._coloured(f"{head}{told}", words.colour)]
        if row.to_state == EventState.FLAGGED:
            lines += self._reading(row, event)
        return lines

    def _reading(self, row: TransitionLog, event: Event) -> list[str]:
        vote: Mapping[str, Any] | None = event.measured.get("plate_vote")
        if not vote or not vote.get("text"):
            return [f"{self._time(row.at)}  读牌 plate unreadable, never guessed"]
        return [
            f"{self._time(row.at)}  读牌 plate {vote['text']} {vote['colour']}: "
            f"{vote['equal_reads']} of {vote['reads']} readings equal, "
            f"weakest character {vote['confidence']:.2f}"
        ]

    def _details(self, row: TransitionLog, event: Event) -> str:
        if row.to_state == EventState.FLAGGED:
            stood = event.measured.get("dwell_seconds", 0.0)
            return f": {event.object_kind} 停在 in {event.zone.name}, {stood:.0f} s"
        if row.to_state == EventState.GRACE and event.grace_deadline_at is not None:
            return f"，{self._time(event.grace_deadline_at)} 前驶离 to leave by then"
        if row.to_state in (EventState.LEFT_IN_TIME, EventState.UNDETERMINED):
            why = _WHY.get(event.outcome or "")
            reason = f"{why.zh} {why.en}" if why else (event.outcome or row.reason)
            return f"（{reason}）"
        if row.to_state == EventState.DUPLICATE and event.master_id is not None:
            return ""
        return f" ({row.reason})" if row.reason else ""

    @staticmethod
    def _time(at: datetime) -> str:
        return local(at).strftime("%H:%M:%S")

    def _coloured(self, text: str, colour: int) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colours and colour else text
