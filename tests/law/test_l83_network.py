"""L83, 数据安全法 art. 38, 40: whoever works for the city keeps nothing of its own.

What can leave an installation by itself is known file by file (L66), and a contractor's machine
comes with a key that can be taken back.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import httpx

from models.clock import FakeClock
from pipeline.services import Services
from tests.api.conftest import SignIn
from tests.models.city import CONTACT, PLATE, City

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("api", "models", "notify", "pipeline", "vision")
NETWORK = frozenset(
    {
        "aiohttp", "aiomqtt", "ftplib", "grpc", "http", "httpx", "obstore", "paho", "ray",
        "requests", "sentry_sdk", "smtplib", "socket", "telnetlib", "twilio", "urllib", "urllib3",
        "websockets", "xmlrpc",
    }
)  # fmt: skip
"""Libraries that can reach another machine; `urllib.parse` alone only cuts addresses up."""

WAYS_OUT = {
    "notify/aliyun_channel.py": "texts, to the provider that the city has chosen",
    "notify/lost_answers.py": "the errors of such a request; sends nothing",
    "notify/twilio_account.py": "texts and calls, to the provider that the city has chosen",
    "notify/twilio_channel.py": "texts, to the provider that the city has chosen",
    "notify/twilio_voice.py": "calls, to the provider that the city has chosen",
    "pipeline/demo_stream.py": "the demo's own camera on this machine",
    "pipeline/ports.py": "asks whether our own port is free",
    "pipeline/runner.py": "asks whether our own port answers",
    "pipeline/timestamps.py": "a hash to the time-stamping authority, where one is set",
}
"""Cameras are read by libav (vision/frames*.py); the database is SQLAlchemy's."""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_l83_every_way_to_another_machine_is_known() -> None:
    """No statistics, no crash reports, no downloads: a new way is first thought about (the
    privacy page, the contract with whoever is behind it), then listed here."""
    found = {
        str(file.relative_to(ROOT))
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        if "train" not in file.relative_to(ROOT).parts
        for name in imported(file)
        if name.split(".")[0] in NETWORK and name != "urllib.parse"
    }
    assert found == set(WAYS_OUT)


def test_l83_a_contractors_machine_sees_masked_plates_until_its_key_is_taken_back(
    signed_in: SignIn, address: str, services: Services, clock: FakeClock
) -> None:
    """No phone, no whole plate, no original; and after that nothing at all."""
    with services.store.begin() as session:
        city = City(session)
        city.to_review()
        clock.set(city.now)
    boss = signed_in("boss")
    made = boss.post("/api/v1/keys", json={"name": "contractor", "roles": ["operator"]}).json()
    headers = {"Authorization": f"Bearer {made['secret']}"}
    with httpx.Client(base_url=address, headers=headers) as machine:
        for path in ("/api/v1/events", "/api/v1/events/1", "/api/v1/review/queue"):
            answer = machine.get(path)
            assert answer.status_code == 200, path
            assert PLATE not in answer.text
            assert CONTACT.phone.removeprefix("+86") not in answer.text
        number = next(k["id"] for k in boss.get("/api/v1/keys").json() if k["name"] == "contractor")
        assert boss.delete(f"/api/v1/keys/{number}").status_code == 204
        assert machine.get("/api/v1/events").status_code == 401
