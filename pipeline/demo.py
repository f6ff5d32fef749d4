"""`qifen demo`: a real RTSP camera on this machine, four cars, one story told as it happens.

The clip is `samples/clips/demo_day.mp4`; its grace is 30 seconds instead of seven minutes. One
car leaves in time, one stays, one leaves and another takes its place, and that one leaves too.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

import samples
from models.event import TERMINAL, Event, EventState
from models.notice import Notice
from models.people import Role
from models.policy import save_policy
from models.registry import add_camera, import_zones
from models.signin import create_user, invite
from models.zone import ConfirmMode, ZonePhase
from notify.local_channel import LocalChannel
from pipeline.demo_stream import serving
from pipeline.evidence import encode_jpeg
from pipeline.logs import set_up_logs
from pipeline.ports import free_port
from pipeline.runner import ApiServer, Running, signals
from pipeline.services import Services, build_services
from pipeline.settings import load_settings
from pipeline.story import Say, Storyteller

CLIP = "demo_day"
GRACE_SECONDS = 30
STORY_SECONDS = 180.0
"""The story takes about 90 s; a slow machine gets twice that."""
_LOOK_SECONDS = 0.3

POLICY: Mapping[str, Any] = {
    "absent_confirm_seconds": 8.0,
    "recheck_delay_seconds": 2.0,
    "recheck_window_seconds": 60.0,
    "sms_apart_seconds": 0.0,
}
"""Seconds instead of minutes, so that the story can be watched. The ten seconds between the two
pictures after the deadline are the law's and stay."""

SCRIPT: Mapping[str, tuple[frozenset[str], str]] = {
    "A": (frozenset({EventState.LEFT_IN_TIME}), "A leaves in time: thanked and closed"),
    "B": (frozenset({EventState.REVIEW_PENDING}), "B stays: an officer has to decide"),
    "C": (frozenset({EventState.LEFT_IN_TIME}), "C leaves, D takes its place: C is thanked"),
    "D": (frozenset({EventState.LEFT_IN_TIME}), "D has its own text and its own time, and leaves"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up member of staff; the first password is set through a one-time link."""

    username: str
    role: Role
    words: str


STAFF = (
    Person("zhang", Role.OFFICER, "officer 执法队员（初审）"),
    Person("li", Role.OFFICER, "officer 执法队员（复核）"),
    Person("wang", Role.OPERATOR, "operator 操作员"),
    Person("admin", Role.ADMIN, "administrator 管理员"),
)


def demo(
    once: bool = False,
    *,
    serve: Callable[[Services], ApiServer] | None = None,
    invite_link: Callable[[str, str], str] | None = None,
    say: Say = print,
    colours: bool | None = None,
) -> int:
    """Run the demo. With `once` it ends with the story, and the exit code is 0 only if every car
    fared as scripted; without, it goes on until Ctrl-C.

    serve: makes the API's server. invite_link: address of a one-time link, from base and token.
    """
    folder = Path(tempfile.mkdtemp(prefix="qifen-demo-"))
    try:
        with as_file(files("samples") / "city" / "owners.csv") as owners:
            services, teller = _build(folder, owners, say, colours)
            try:
                return _play(services, teller, once, serve, invite_link, say)
            finally:
                services.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _build(
    folder: Path, owners: Path, say: Say, colours: bool | None
) -> tuple[Services, Storyteller]:
    """A fresh installation in `folder`, whose texts are told as they go out."""
    settings = load_settings(
        data_dir=folder, database_url="", secret_key=None, channel="local", owners_csv=owners,
        public_base_url="", host="127.0.0.1", port=free_port(8080), log_level="error",
        poll_seconds=0.5, sweep_seconds=0.5,
    )  # fmt: skip
    set_up_logs(settings.log_level)
    services = build_services(settings)
    services.store.migrate()
    teller = Storyteller(services.store, services.clock, say, colours=colours)
    channel = LocalChannel(
        services.clock, outbox=folder / "outbox.jsonl", show=teller.tell_text, validity_seconds=20
    )
    return replace(services, channel=channel), teller


def _play(
    services: Services, teller: Storyteller, once: bool,
    serve: Callable[[Services], ApiServer] | None,
    invite_link: Callable[[str, str], str] | None, say: Say,
) -> int:  # fmt: skip
    clip = samples.clip_path(CLIP)
    plates = {car["id"]: car["plate"] for car in samples.truth(CLIP)["vehicles"]}
    with serving(clip.parent) as stream:
        tokens = furnish(services, f"{stream}/{clip.name}/play_count_0")
        running = Running(services, serve)
        with signals(running.stopping):
            say(f"一路摄像机 one camera: {stream}/{clip.name}，宽限 grace {GRACE_SECONDS} s")
            running.start()
            try:
                open_script = _tell_until_over(services, running, teller, plates)
                _say_end(open_script, say)
                if serve is not None and not once:  # with `once` nothing answers there any more
                    _say_addresses(services.settings.base_url, tokens, invite_link, say)
                while not once and not running.stopping.wait(_LOOK_SECONDS):
                    teller.tell_news()
            finally:
                running.stop()
    return 1 if open_script else 0


def furnish(services: Services, url: str) -> dict[str, str]:
    """The camera with its zone, the shortened timers and the staff; gives each one's token."""
    at = services.clock.now()
    with services.store.begin() as session:
        camera = add_camera(
            session, "demo", url, at=at, actor="demo", place="延安路", direction="西",
            legal_review="示例 demo", technical_review="示例 demo", sign_installed=True,
            published_at=at - timedelta(days=30), purpose="违停提醒 parking reminders",
        )  # fmt: skip
        live: dict[str, Any] = {
            "grace_seconds": GRACE_SECONDS, "confirm_mode": ConfirmMode.AUTO.value,
            "phase": ZonePhase.LIVE.value, "place": "延安路人行道",
            "legal_basis": "《道路交通安全法》第五十六条",
            "sign_photo": services.evidence.put(drawn_sign(), "jpg"),
            # Day and night: whoever tries it out does not wait for the morning.
            "sms_from": "00:00", "sms_until": "23:59",
        }  # fmt: skip
        drawn = json.loads(samples.zones_path(CLIP).read_text(encoding="utf-8"))
        zones = {"zones": [{**zone, **live} for zone in drawn["zones"]]}
        import_zones(session, camera, zones, at=at, actor="demo")
        save_policy(session, POLICY, at=at, actor="demo")
        return {person.username: _hire(session, person, at) for person in STAFF}


def drawn_sign() -> bytes:
    """The demo's street has no sign: one is drawn (blue disc, red ring and cross)."""
    picture = np.full((240, 240, 3), 230, np.uint8)
    cv2.circle(picture, (120, 120), 100, (160, 60, 20), -1)
    cv2.circle(picture, (120, 120), 100, (40, 40, 200), 18)
    for begin, end in (((52, 52), (188, 188)), ((188, 52), (52, 188))):
        cv2.line(picture, begin, end, (40, 40, 200), 16)
    return encode_jpeg(picture)


def _hire(session: Session, person: Person, at: datetime) -> str:
    officer = person.role is Role.OFFICER
    user = create_user(
        session, person.username, [person.role], at=at, actor="demo", display_name=person.words,
        licence_no=f"DEMO-{person.username}" if officer else None,
        licence_valid_until=at.date() + timedelta(days=365) if officer else None,
    )  # fmt: skip
    return invite(session, user, at=at, actor="demo")


def _tell_until_over(
    services: Services, running: Running, teller: Storyteller, plates: Mapping[str, str]
) -> list[str]:
    """Tell the story until it has ended as scripted, has gone wrong, or takes too long.

    Gives what of the script did not come true.
    """
    until = time.monotonic() + STORY_SECONDS
    while True:
        teller.tell_news()
        missing, wrong = compare(services, plates)
        over = not missing or wrong or time.monotonic() > until
        if over or running.stopping.wait(_LOOK_SECONDS):
            teller.tell_news()
            return wrong or missing


def compare(services: Services, plates: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The script against the record: what has not happened yet, and what went another way.

    plates: each car's plate by its letter. A car's first event counts; the clip runs on and on.
    """
    missing: list[str] = []
    wrong: list[str] = []
    with services.store.read() as session:
        for letter, (wanted, words) in SCRIPT.items():
            query = select(Event).where(Event.plate == plates[letter]).order_by(Event.id)
            event = session.scalars(query.limit(1)).first()
            texted = event is not None and _was_texted(session, event)
            if event is not None and event.state in wanted and texted:
                continue
            line = f"{words} — {event.state if event else 'not seen yet'}"
            missing.append(line)
            if event is not None and event.state in TERMINAL:
                wrong.append(line)
    return missing, wrong


def _was_texted(session: Session, event: Event) -> bool:
    query = select(Notice.id).where(
        Notice.event_id == event.id, Notice.template == "N1", Notice.delivered_at.is_not(None)
    )
    return session.scalar(query) is not None


def _say_end(open_script: list[str], say: Say) -> None:
    if not open_script:
        say("故事讲完了，一切如剧本。The story ended as scripted.")
        return
    say("与剧本不符。Not as scripted:")
    for line in open_script:
        say(f"  {line}")


def _say_addresses(
    base_url: str, tokens: Mapping[str, str], link: Callable[[str, str], str] | None, say: Say
) -> None:
    say(f"工作台 staff {base_url}/   车主 owners {base_url}/o   接口 API {base_url}/api/v1")
    if link is None:
        return
    say("首次登录请设置密码（链接仅一次有效）。Set a password first; each link works once:")
    for person in STAFF:
        say(f"  {person.username:<6} {person.words}: {link(base_url, tokens[person.username])}")
