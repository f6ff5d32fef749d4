"""Signing in, roles, keys, same origin: who gets in, and who does not."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from api.auth import first_start_link
from models import signin
from models.audit import AuditEntry, Viewing
from models.audit_log import record_viewing
from models.clock import FakeClock
from models.people import User, UserSession
from pipeline.services import Services
from tests.api.conftest import SignIn
from tests.rows import NOON, PASSWORD

API = "/api/v1"


def error_of(answer: httpx.Response) -> dict[str, object]:
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "hint", "field", "refusals"}
    return error


def test_the_cookie_is_for_the_browser_alone(nobody: httpx.Client, services: Services) -> None:
    """HttpOnly, SameSite=Lax; only a hash of it is kept; Secure under https (below)."""
    body = {"username": "olive", "password": PASSWORD}
    answer = nobody.post(f"{API}/auth/sign-in", json=body)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "password" not in answer.text
    token = answer.cookies["qifen_session"]
    with services.store.read() as session:
        assert session.scalars(select(UserSession)).one().token_hash != token
    assert nobody.get(f"{API}/auth/me").json()["username"] == "olive"


def test_signing_out_ends_the_session_on_the_server(signed_in: SignIn) -> None:
    client = signed_in("olive")
    token = client.cookies["qifen_session"]
    assert client.post(f"{API}/auth/sign-out").status_code == 204
    client.cookies.set("qifen_session", token)
    assert client.get(f"{API}/auth/me").status_code == 401


def test_an_idle_session_ends(signed_in: SignIn, clock: FakeClock) -> None:
    """Use keeps it alive, to the minute; two quiet hours end it."""
    client = signed_in("olive")
    clock.advance(signin.IDLE_SECONDS - 1)
    assert client.get(f"{API}/auth/me").status_code == 200
    clock.advance(signin.IDLE_SECONDS - 1)
    assert client.get(f"{API}/auth/me").status_code == 200
    clock.advance(signin.IDLE_SECONDS)
    assert client.get(f"{API}/auth/me").status_code == 401


def test_ten_wrong_passwords_lock(nobody: httpx.Client, clock: FakeClock) -> None:
    """The tries are counted although each is refused, and say when to try again."""
    wrong = {"username": "olive", "password": "wrong"}
    for _ in range(10):
        answer = nobody.post(f"{API}/auth/sign-in", json=wrong)
        assert (answer.status_code, error_of(answer)["code"]) == (401, "WRONG_SECRET")
    right = {"username": "olive", "password": PASSWORD}
    answer = nobody.post(f"{API}/auth/sign-in", json=right)
    assert (answer.status_code, error_of(answer)["code"]) == (429, "LOCKED")
    assert answer.headers["Retry-After"] == "900"
    clock.advance(900)
    assert nobody.post(f"{API}/auth/sign-in", json=right).status_code == 200


ADMIN_ONLY = ("/users", "/keys", "/audit", "/evidence/chain")
STAFF = ("/cameras", "/events", "/review/queue", "/policy", "/health/details")


@pytest.mark.parametrize("path", [*ADMIN_ONLY, *STAFF, "/metrics", "/auth/me"])
def test_nobody_sees_nothing(nobody: httpx.Client, path: str) -> None:
    answer = nobody.get(f"{API}{path}")
    assert (answer.status_code, error_of(answer)["code"]) == (401, "NOT_SIGNED_IN")


def test_each_role_sees_its_part(signed_in: SignIn) -> None:
    """An admin has every role; metrics are for operators."""
    seen = {
        name: {
            path for path in (*ADMIN_ONLY, *STAFF, "/metrics")
            if signed_in(name).get(f"{API}{path}").status_code == 200
        }
        for name in ("olive", "chen", "boss")
    }  # fmt: skip
    assert seen["boss"] == {*ADMIN_ONLY, *STAFF, "/metrics"}
    assert seen["olive"] == {*STAFF, "/metrics"}
    assert seen["chen"] == set(STAFF)


def test_only_operators_change_cameras_and_only_officers_decide(signed_in: SignIn) -> None:
    body = {"name": "new", "stream_url": "rtsp://127.0.0.1/1"}
    assert signed_in("chen").post(f"{API}/cameras", json=body).status_code == 403
    assert signed_in("olive").post(f"{API}/cameras", json=body).status_code == 201
    assert signed_in("olive").post(f"{API}/events/1/confirm", json={}).status_code == 403
    assert signed_in("chen").post(f"{API}/events/1/confirm", json={}).status_code == 404


def test_a_page_elsewhere_cannot_act_with_a_session(signed_in: SignIn) -> None:
    """CSRF: what changes something must come from our own pages; reading may come from anywhere,
    because another page cannot see the answer."""
    client = signed_in("olive")
    url, body = f"{API}/cameras", {"name": "new", "stream_url": "rtsp://127.0.0.1/1"}
    own = client.headers["Origin"]
    foreign = [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": own, "Sec-Fetch-Site": "cross-site"},
        {"Origin": own, "Sec-Fetch-Site": "same-site"},
    ]
    for headers in foreign:
        answer = client.post(url, json=body, headers=headers)
        assert (answer.status_code, error_of(answer)["code"]) == (403, "WRONG_ORIGIN")
    del client.headers["Origin"]
    assert client.post(url, json=body).status_code == 403
    assert client.get(url).status_code == 200
    ours = {"Sec-Fetch-Site": "same-origin"}
    assert client.post(url, json=body, headers=ours).status_code == 201


def test_a_machine_comes_with_a_key(signed_in: SignIn, address: str, clock: FakeClock) -> None:
    """No cookie, no origin; metrics yes, decisions no; revoked, nothing."""
    boss = signed_in("boss")
    made = boss.post(f"{API}/keys", json={"name": "grafana", "roles": ["operator"]}).json()
    assert made["secret"] not in boss.get(f"{API}/keys").text
    headers = {"Authorization": f"Bearer {made['secret']}"}
    with httpx.Client(base_url=address, headers=headers) as machine:
        assert machine.get(f"{API}/metrics").status_code == 200
        assert machine.get(f"{API}/auth/me").json()["kind"] == "machine"
        password = {"old": "x", "new": "y"}
        assert machine.post(f"{API}/auth/password", json=password).status_code == 403
        clock.advance(120)
        assert machine.get(f"{API}/cameras").status_code == 200
        assert boss.get(f"{API}/keys").json()[0]["last_used_at"] == clock.now().isoformat()
        assert boss.delete(f"{API}/keys/{made['id']}").status_code == 204
        assert machine.get(f"{API}/metrics").status_code == 401
        basic = {"Authorization": "Basic eDp5"}
        assert machine.get(f"{API}/metrics", headers=basic).status_code == 401
    assert boss.delete(f"{API}/keys/99").status_code == 404
    officer = boss.post(f"{API}/keys", json={"name": "x", "roles": ["officer"]})
    assert error_of(officer)["field"] == "roles"


def test_people_come_in_by_invitation(signed_in: SignIn, nobody: httpx.Client) -> None:
    """The admin adds, the person sets the password, once; the licence is kept."""
    boss = signed_in("boss")
    body = {
        "username": "Zhou", "roles": ["officer"], "licence_no": "浙A-7",
        "licence_valid_until": "2030-01-01",
    }  # fmt: skip
    made = boss.post(f"{API}/users", json=body).json()
    assert made["username"] == "zhou"
    token = made["invitation"].rpartition("/invitation/")[2]
    accept = {"token": token, "password": "fine long password"}
    assert nobody.post(f"{API}/auth/invitation", json=accept).status_code == 200
    assert nobody.post(f"{API}/auth/invitation", json=accept).status_code == 404
    again = boss.post(f"{API}/users/{made['id']}/invitation").json()["invitation"]
    assert again != made["invitation"]
    signin_body = {"username": "zhou", "password": "fine long password"}
    assert nobody.post(f"{API}/auth/sign-in", json=signin_body).status_code == 200
    change = {"roles": ["officer", "operator"], "display_name": "周", "licence_no": None}
    changed = boss.patch(f"{API}/users/{made['id']}", json=change).json()
    assert (changed["roles"], changed["licence_no"]) == (["officer", "operator"], None)
    boss.patch(f"{API}/users/{made['id']}", json={"active": False})
    assert nobody.get(f"{API}/auth/me").status_code == 401
    assert boss.patch(f"{API}/users/99", json={}).status_code == 404


def test_an_admin_does_not_shut_out_himself(signed_in: SignIn) -> None:
    boss = signed_in("boss")
    own = boss.get(f"{API}/auth/me").json()["id"]
    for change in ({"active": False}, {"roles": ["officer"]}):
        answer = boss.patch(f"{API}/users/{own}", json=change)
        assert error_of(answer)["field"] == "active"
    assert boss.patch(f"{API}/users/{own}", json={"roles": ["admin"]}).status_code == 200


def test_changing_ones_password(signed_in: SignIn) -> None:
    client = signed_in("olive")
    wrong = {"old": "wrong", "new": "another fine phrase"}
    assert client.post(f"{API}/auth/password", json=wrong).status_code == 401
    right = {"old": PASSWORD, "new": "another fine phrase"}
    assert client.post(f"{API}/auth/password", json=right).status_code == 204
    assert client.get(f"{API}/auth/me").status_code == 401


def test_first_start_prints_a_link_until_an_admin_is_in(
    services: Services, clock: FakeClock
) -> None:
    """Here the boss can sign in already; without the boss there is a link."""
    assert first_start_link(services.store, "https://q.example/", clock) is None
    with services.store.begin() as session:
        boss, _ = signin.sign_in(session, "boss", PASSWORD, at=NOON)
        signin.set_active(session, boss, False, at=NOON, actor="test")
    link = first_start_link(services.store, "https://q.example/", clock)
    assert link is not None
    assert link.startswith("https://q.example/invitation/")


def test_l71_an_admin_says_where_somebody_works(
    signed_in: SignIn, services: Services, nobody: httpx.Client
) -> None:
    """Set with the person or later, written down with what it was; the viewing log names the unit
    of the moment, and nobody else may say it."""
    boss = signed_in("boss")
    body = {"username": "wu", "roles": ["officer"], "unit": " 一中队 "}
    made = boss.post(f"{API}/users", json=body).json()
    url = f"{API}/users/{made['id']}"
    assert made["unit"] == "一中队"
    changed = boss.patch(url, json={"unit": "二中队"}).json()
    assert changed["unit"] == "二中队"
    assert boss.patch(url, json={"unit": "二中队"}).status_code == 200
    assert boss.patch(url, json={"display_name": "吴"}).json()["unit"] == "二中队"
    for wrong in ("队" * 61, "一\u0000队"):
        refused = boss.patch(url, json={"unit": wrong})
        assert (refused.status_code, error_of(refused)["field"]) == (422, "unit")
    assert signed_in("chen").patch(url, json={"unit": "三中队"}).status_code == 403
    assert nobody.patch(url, json={"unit": "三中队"}).status_code == 401
    with services.store.begin() as session:
        wu = session.get_one(User, made["id"])
        record_viewing(session, at=NOON, viewer="wu", user_id=wu.id, reason="复核")
        assert session.scalars(select(Viewing.unit)).all() == ["二中队"]
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "user.unit").order_by(AuditEntry.id)
        ).all()
        assert [(e.actor, e.subject, e.details) for e in entries] == [
            ("boss", f"user:{wu.id}", {"from": "", "to": "一中队"}),
            ("boss", f"user:{wu.id}", {"from": "一中队", "to": "二中队"}),
        ]
