"""Who may come in: invitations, passwords, sessions, machines' keys, and ten wrong tries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import signin
from models.audit import AuditEntry
from models.errors import BadInput, Conflict, Locked, NotAllowed, NotFound, WrongSecret
from models.lockout import LOCK_SECONDS, TRIES, seconds_locked
from models.people import ApiKey, LoginFailure, Role, User, UserSession
from tests import rows
from tests.rows import NOON, PASSWORD

SECOND = timedelta(seconds=1)


def test_first_start_gives_a_link_until_it_is_used(session: Session) -> None:
    """No default password: each start makes a new link, and none once an admin can sign in."""
    first = signin.first_invitation(session, at=NOON)
    second = signin.first_invitation(session, at=NOON + SECOND)
    assert first
    assert second
    with pytest.raises(NotFound):
        signin.accept_invitation(session, first, PASSWORD, at=NOON)
    admin = signin.accept_invitation(session, second, PASSWORD, at=NOON)
    assert (admin.username, admin.roles) == ("admin", ["admin"])
    assert signin.first_invitation(session, at=NOON) is None
    with pytest.raises(NotFound):
        signin.accept_invitation(session, second, PASSWORD, at=NOON)


def test_a_shut_out_admin_gets_no_link(session: Session) -> None:
    """Then another administrator is needed, which a start with a shell on the machine makes."""
    admin = rows.user(session, "boss", Role.ADMIN)
    signin.set_active(session, admin, False, at=NOON, actor="test")
    assert signin.first_invitation(session, at=NOON)
    names = session.scalars(select(User.username).order_by(User.username)).all()
    assert names == ["admin", "boss"]


def test_an_invitation_runs_out(session: Session) -> None:
    user = rows.user(session, "li", Role.OFFICER, password=None)
    token = signin.invite(session, user, at=NOON, actor="boss")
    late = NOON + timedelta(seconds=signin.INVITATION_SECONDS)
    with pytest.raises(NotFound):
        signin.invited_user(session, token, at=late)
    assert signin.invited_user(session, token, at=late - SECOND) is user
    signin.set_active(session, user, False, at=NOON, actor="boss")
    with pytest.raises(NotFound):
        signin.invited_user(session, token, at=NOON)
    signin.set_active(session, user, True, at=NOON, actor="boss")
    assert signin.invited_user(session, token, at=NOON) is user


@pytest.mark.parametrize(
    "password", ["short", "x" * 201, "password123", "aaaaaaaaaaaa", "my name is li indeed"]
)
def test_weak_passwords_are_refused(session: Session, password: str) -> None:
    """Short, too long, well known, of one letter, with the own name in it."""
    user = rows.user(session, "li", Role.OFFICER, password=None)
    token = signin.invite(session, user, at=NOON, actor="boss")
    with pytest.raises(BadInput) as caught:
        signin.accept_invitation(session, token, password, at=NOON)
    assert caught.value.field == "password"
    assert signin.accept_invitation(session, token, PASSWORD, at=NOON).password_hash


@pytest.mark.parametrize(
    ("username", "roles", "language", "field"),
    [
        ("x", [Role.OFFICER], "zh", "username"),
        ("with space", [Role.OFFICER], "zh", "username"),
        ("ok", [], "zh", "roles"),
        ("ok", ["king"], "zh", "roles"),
        ("ok", [Role.OFFICER], "fr", "language"),
    ],
)
def test_bad_people_are_refused(
    session: Session, username: str, roles: list[str], language: str, field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        signin.create_user(session, username, roles, at=NOON, actor="boss", language=language)
    assert caught.value.field == field


def test_a_name_is_one_name_however_it_is_typed(session: Session) -> None:
    """Full-width and capital letters are the same person."""
    rows.user(session, "Li", Role.OFFICER)
    with pytest.raises(Conflict):
        rows.user(session, "ｌｉ", Role.OFFICER)
    user, _ = signin.sign_in(session, " LI\x00", PASSWORD, at=NOON)
    assert user.username == "li"


def test_sign_in_gives_a_session_that_is_kept_as_a_hash(session: Session) -> None:
    rows.user(session, "li", Role.OFFICER)
    user, token = signin.sign_in(session, "li", PASSWORD, at=NOON, client="10.0.0.1")
    assert signin.session_user(session, token, at=NOON) is user
    row = session.scalars(select(UserSession)).one()
    assert token not in (row.token_hash, "")
    assert signin.session_user(session, "another", at=NOON) is None


def test_a_session_ends(session: Session) -> None:
    """After twelve hours, after two idle ones, on signing out, when the person is shut out."""
    user = rows.user(session, "li", Role.OFFICER)
    _, token = signin.sign_in(session, "li", PASSWORD, at=NOON)
    idle = NOON + timedelta(seconds=signin.IDLE_SECONDS)
    assert signin.session_user(session, token, at=idle) is None
    assert signin.session_user(session, token, at=idle - SECOND) is user
    end = NOON + timedelta(seconds=signin.SESSION_SECONDS)
    signin.touch_session(session, token, at=end - SECOND)
    assert signin.session_user(session, token, at=end - SECOND) is user
    assert signin.session_user(session, token, at=end) is None
    signin.sign_out(session, token, at=NOON)
    signin.sign_out(session, token, at=NOON)
    assert signin.session_user(session, token, at=NOON) is None
    _, other = signin.sign_in(session, "li", PASSWORD, at=NOON)
    user.active = False
    assert signin.session_user(session, other, at=NOON) is None


def test_use_is_noted_once_a_minute(session: Session) -> None:
    rows.user(session, "li", Role.OFFICER)
    _, token = signin.sign_in(session, "li", PASSWORD, at=NOON)
    minute = NOON + timedelta(seconds=signin.TOUCH_SECONDS)
    assert not signin.needs_touch(session, token, at=minute - SECOND)
    assert signin.needs_touch(session, token, at=minute)
    signin.touch_session(session, token, at=minute)
    assert not signin.needs_touch(session, token, at=minute)
    signin.touch_session(session, "unknown", at=minute)
    assert not signin.needs_touch(session, "unknown", at=minute)


def _wrong(session: Session, name: str, count: int) -> None:
    for n in range(count):
        with pytest.raises(WrongSecret) as caught:
            signin.sign_in(session, name, "wrong", at=NOON + n * SECOND)
        assert str(caught.value) == "user name or password is wrong"


@pytest.mark.parametrize("name", ["li", "nobody"])
def test_ten_wrong_passwords_lock_for_fifteen_minutes(session: Session, name: str) -> None:
    """A name that nobody has locks like any other: nothing tells which names exist."""
    rows.user(session, "li", Role.OFFICER)
    _wrong(session, name, TRIES)
    last = NOON + (TRIES - 1) * SECOND
    with pytest.raises(Locked) as caught:
        signin.sign_in(session, name, PASSWORD, at=last)
    assert caught.value.retry_after_seconds == LOCK_SECONDS
    later = last + timedelta(seconds=LOCK_SECONDS)
    assert seconds_locked(session, f"user:{name}", at=later - SECOND) == 1
    if name == "li":
        signin.sign_in(session, name, PASSWORD, at=later)
        assert session.scalars(select(LoginFailure)).all() == []


def test_after_a_lock_one_wrong_try_locks_again_that_day(session: Session) -> None:
    """Else four tries a minute could be made for ever; a day later all is forgotten."""
    rows.user(session, "li", Role.OFFICER)
    _wrong(session, "li", TRIES)
    later = NOON + timedelta(seconds=LOCK_SECONDS + 60)
    with pytest.raises(WrongSecret):
        signin.sign_in(session, "li", "wrong", at=later)
    with pytest.raises(Locked):
        signin.sign_in(session, "li", PASSWORD, at=later)
    next_day = later + timedelta(days=1, seconds=60)
    with pytest.raises(WrongSecret):
        signin.sign_in(session, "li", "wrong", at=next_day)
    signin.sign_in(session, "li", PASSWORD, at=next_day)


def test_tries_spread_over_days_do_not_lock(session: Session) -> None:
    for day in range(TRIES + 2):
        with pytest.raises(WrongSecret):
            signin.sign_in(session, "li", "wrong", at=NOON + timedelta(hours=6 * day))
    assert seconds_locked(session, "user:li", at=NOON + timedelta(hours=6 * 11)) == 0


def test_a_clock_set_back_locks_no_longer_than_the_lock(session: Session) -> None:
    """W37: an NTP step must not shut anybody out for a year."""
    _wrong(session, "li", TRIES)
    assert seconds_locked(session, "user:li", at=NOON - timedelta(days=365)) == LOCK_SECONDS


def test_changing_a_password_ends_every_session(session: Session) -> None:
    user = rows.user(session, "li", Role.OFFICER)
    _, token = signin.sign_in(session, "li", PASSWORD, at=NOON)
    with pytest.raises(WrongSecret):
        signin.change_password(session, user, "wrong", "another good phrase", at=NOON)
    signin.change_password(session, user, PASSWORD, "another good phrase", at=NOON)
    assert signin.session_user(session, token, at=NOON) is None
    signin.sign_in(session, "li", "another good phrase", at=NOON)


def test_a_person_without_a_password_cannot_sign_in(session: Session) -> None:
    rows.user(session, "li", Role.OFFICER, password=None)
    with pytest.raises(WrongSecret):
        signin.sign_in(session, "li", "", at=NOON)


def test_a_torn_password_hash_lets_nobody_in(session: Session) -> None:
    user = rows.user(session, "li", Role.OFFICER)
    user.password_hash = "not a hash"
    with pytest.raises(WrongSecret):
        signin.sign_in(session, "li", PASSWORD, at=NOON)


def test_keys_of_machines(session: Session) -> None:
    """Shown once, kept as a hash, revoked for good; a machine is never an officer (L08)."""
    key, secret = signin.create_api_key(
        session, " vms  bridge ", [Role.OPERATOR], at=NOON, actor="boss"
    )
    assert key.name == "vms bridge"
    assert secret not in key.key_hash
    assert signin.key_for(session, secret) is key
    assert signin.key_for(session, "qifen_wrong\ud800") is None
    signin.touch_key(session, key.id, at=NOON)
    signin.touch_key(session, 99, at=NOON)
    assert key.last_used_at == NOON
    with pytest.raises(Conflict):
        signin.create_api_key(session, "vms bridge", [Role.OPERATOR], at=NOON, actor="boss")
    signin.revoke_api_key(session, key, at=NOON, actor="boss")
    assert signin.key_for(session, secret) is None
    with pytest.raises(NotAllowed):
        signin.revoke_api_key(session, key, at=NOON, actor="boss")
    for name, roles, field in (("", [Role.OPERATOR], "name"), ("x", [Role.OFFICER], "roles")):
        with pytest.raises(BadInput) as caught:
            signin.create_api_key(session, name, roles, at=NOON, actor="boss")
        assert caught.value.field == field
    assert len(session.scalars(select(ApiKey)).all()) == 1


def test_everything_is_written_down_without_secrets(session: Session) -> None:
    """L13: who did what. No password, token or key is in the log."""
    rows.user(session, "li", Role.OFFICER)
    _, token = signin.sign_in(session, "li", PASSWORD, at=NOON)
    _, secret = signin.create_api_key(session, "k", [Role.OPERATOR], at=NOON, actor="boss")
    entries = session.scalars(select(AuditEntry)).all()
    assert {entry.action for entry in entries} >= {
        "user.create", "user.invite", "user.password", "signin", "key.create",
    }  # fmt: skip
    written = " ".join(f"{entry.actor} {entry.subject} {entry.details}" for entry in entries)
    assert not any(word in written for word in (PASSWORD, token, secret))
