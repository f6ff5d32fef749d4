"""The doors: signing in and out, invitations, languages. Plain forms, so no browser is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.console import doors
from models import signin
from models.clock import FakeClock
from models.people import Role, User
from pipeline.services import Services, build_services
from pipeline.settings import load_settings
from tests import rows
from tests.api.conftest import serving
from tests.rows import NOON, PASSWORD

WRONG = "用户名或密码不正确"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def services(tmp_path: Path, clock: FakeClock, own_key: None) -> Iterator[Services]:
    built = build_services(load_settings(data_dir=tmp_path / "data"), clock=clock)
    built.store.migrate()
    with built.store.begin() as session:
        rows.user(session, "chen", Role.OFFICER)
    yield built
    built.close()


@pytest.fixture
def browser(services: Services) -> Iterator[httpx.Client]:
    """A browser without scripts, as far as doors need one."""
    app = create_app(services)
    app.include_router(doors.build(services))
    with (
        serving(app) as address,
        httpx.Client(
            base_url=address, headers={"Origin": address, "Accept-Language": "zh-CN"}
        ) as client,
    ):
        yield client


def _sign_in(browser: httpx.Client, password: str = PASSWORD, path: str = "/sign-in"):
    return browser.post(path, data={"username": "chen", "password": password})


def test_the_right_password_opens_the_console_and_signing_out_closes_it(
    browser: httpx.Client, services: Services, clock: FakeClock
) -> None:
    answer = _sign_in(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/review")
    token = next(iter(browser.cookies.jar)).value or ""
    with services.store.read() as session:
        assert signin.session_user(session, token, at=clock.now()) is not None
    answer = browser.post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    with services.store.read() as session:
        assert signin.session_user(session, token, at=clock.now()) is None, "not only the cookie"


def test_a_wrong_password_is_told_and_the_name_kept(browser: httpx.Client) -> None:
    answer = _sign_in(browser, "wrong-password")
    assert answer.status_code == 401
    assert WRONG in answer.text
    assert 'value="chen"' in answer.text
    assert "wrong-password" not in answer.text
    assert not browser.cookies


def test_the_message_never_says_whether_the_name_exists(browser: httpx.Client) -> None:
    known = _sign_in(browser, "wrong-password").text
    unknown = browser.post("/sign-in", data={"username": "nobody", "password": "x"}).text
    assert unknown.replace("nobody", "chen") == known


def test_ten_wrong_tries_lock_and_fifteen_minutes_unlock(
    browser: httpx.Client, clock: FakeClock
) -> None:
    for _ in range(10):
        assert WRONG in _sign_in(browser, "wrong-password").text
    assert "15分钟" in _sign_in(browser).text, "even the right one waits"
    clock.advance(15 * 60 + 1)
    assert _sign_in(browser).status_code == 303


def _invitation(services: Services, clock: FakeClock, name: str = "newcomer") -> str:
    with services.store.begin() as session:
        user = signin.create_user(session, name, [Role.OPERATOR], at=clock.now(), actor="test")
        return signin.invite(session, user, at=clock.now(), actor="test")


def test_an_invitation_sets_the_password_once(
    browser: httpx.Client, services: Services, clock: FakeClock
) -> None:
    path = f"/invitation/{_invitation(services, clock)}"
    page = browser.get(path)
    assert 'value="newcomer"' in page.text
    assert "readonly" in page.text, "the link says whose password it is, not the form"
    good = {"username": "chen", "password": "Pavement-For-Feet-9", "again": "Pavement-For-Feet-9"}
    differing = browser.post(path, data={**good, "again": "something else"})
    assert "两次输入不一致" in differing.text
    short = browser.post(path, data={**good, "password": "short", "again": "short"})
    assert "10至200" in short.text
    assert browser.post(path, data=good).headers["location"] == "/sign-in"
    again = browser.post(path, data=good)
    assert "链接已失效" in again.text, "a link works once"
    assert "链接已失效" in browser.get(path).text
    assert 'action="/sign-in"' in again.text, "what is typed there now is a sign-in"
    with services.store.read() as session:
        chen, newcomer = (
            session.query(User).filter(User.username == name).one() for name in ("chen", "newcomer")
        )
        assert newcomer.password_hash is not None
        assert chen.password_hash != newcomer.password_hash
    answer = browser.post(
        "/sign-in", data={"username": "newcomer", "password": "Pavement-For-Feet-9"}
    )
    assert answer.status_code == 303


def test_an_invitation_that_is_too_old_is_refused(
    browser: httpx.Client, services: Services, clock: FakeClock
) -> None:
    token = _invitation(services, clock)
    clock.advance(signin.INVITATION_SECONDS + 1)
    assert "链接已失效" in browser.get(f"/invitation/{token}").text


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/console/events/7", "/console/events/7"),
        ("https://elsewhere.example/console/", "/console/review"),
        ("//elsewhere.example/console/", "/console/review"),
        ("/console//elsewhere.example", "/console/review"),
        ("/\\elsewhere.example", "/console/review"),
        ("javascript:alert(1)", "/console/review"),
        ("", "/console/review"),
    ],
)
def test_only_our_own_pages_follow_a_sign_in(
    browser: httpx.Client, wanted: str, led_to: str
) -> None:
    """`next` comes from the address bar: a link in a mail must not lead away from here."""
    page = browser.get("/sign-in", params={"next": wanted})
    assert page.status_code == 200
    answer = browser.post(
        "/sign-in", params={"next": wanted}, data={"username": "chen", "password": PASSWORD}
    )
    assert answer.headers["location"] == led_to
    answer = browser.get("/language/en", params={"next": wanted})
    assert answer.headers["location"] == led_to


def test_the_language_can_be_changed_without_losing_the_way(browser: httpx.Client) -> None:
    page = browser.get("/sign-in?next=/console/cameras")
    assert "登录" in page.text
    switch = "/language/en?next=%2Fsign-in%3Fnext%3D%2Fconsole%2Fcameras"
    assert f'href="{switch}"' in page.text
    answer = browser.get(switch)
    assert answer.headers["location"] == "/sign-in?next=/console/cameras"
    page = browser.get(answer.headers["location"])
    assert "Sign in" in page.text
    assert 'lang="en"' in page.text


@pytest.mark.parametrize(
    ("accepted", "title"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "登录"), ("en-GB,en;q=0.9", "Sign in"), ("fr", "登录")],
)
def test_the_browsers_language_counts_until_one_is_chosen(
    browser: httpx.Client, accepted: str, title: str
) -> None:
    page = browser.get("/sign-in", headers={"Accept-Language": accepted})
    assert f"<h1>{title}</h1>" in page.text


def test_the_doors_run_no_script_and_load_nothing(browser: httpx.Client) -> None:
    page = browser.get("/sign-in")
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_a_form_of_another_site_signs_nobody_out(browser: httpx.Client) -> None:
    _sign_in(browser)
    answer = browser.post("/sign-out", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
