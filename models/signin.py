"""Who may come in: staff by password and server-side session, machines by key.

There is no default password. Everybody's first password is set through a one-time link; the
first administrator's is printed at first start.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.audit_log import record
from models.errors import BadInput, Conflict, NotAllowed, NotFound, WrongSecret
from models.lockout import clear_failures, count_failure, refuse_if_locked
from models.people import ApiKey, Invitation, Role, User, UserSession

SESSION_SECONDS = 12 * 3600
"""A long shift; after it everybody signs in again."""
IDLE_SECONDS = 2 * 3600
"""A forgotten browser signs itself out."""
TOUCH_SECONDS = 60
"""Last use is written at most once a minute, or every click would be a write."""
INVITATION_SECONDS = 7 * 86400
FIRST_ADMIN = "admin"
MAX_UNIT = 60

# OWASP's argon2id parameters. Not more: anybody may try to sign in, and forty tries at once must
# not take the memory that the cameras need.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_common = frozenset({"1234567890", "0123456789", "password123", "qwertyuiop", "1q2w3e4r5t"})
_no_such_user = _hasher.hash(secrets.token_hex())
"""Checked where there is no such user, so that the answer takes as long."""


# -- people ---------------------------------------------------------------------------------


def create_user(
    session: Session,
    username: str,
    roles: Sequence[Role | str],
    *,
    at: datetime,
    actor: str,
    display_name: str = "",
    language: str = "zh",
    licence_no: str | None = None,
    licence_valid_until: date | None = None,
) -> User:
    """Add a person, who cannot sign in until an invitation has been used.

    Raises BadInput (field username, roles or language), Conflict if the name is taken.
    """
    username = _check_username(username)
    if language not in ("zh", "en"):
        raise BadInput("the language must be zh or en", field="language")
    if session.scalar(select(User.id).where(User.username == username)) is not None:
        raise Conflict(f"there is a user {username} already", code="NAME_TAKEN")
    user = User(
        username=username,
        display_name=display_name or username,
        roles=check_roles(roles),
        language=language,
        licence_no=licence_no,
        licence_valid_until=licence_valid_until,
        created_at=at,
    )
    session.add(user)
    session.flush()
    record(
        session, at=at, actor=actor, action="user.create", subject=f"user:{user.id}",
        details={"username": username, "roles": user.roles},
    )  # fmt: skip
    return user


def check_roles(roles: Sequence[Role | str]) -> list[str]:
    """Roles as stored: known, once each, in order. Raises BadInput (field roles)."""
    known = [role.value for role in Role]
    wrong = [str(role) for role in roles if role not in known]
    if wrong or not roles:
        raise BadInput(f"roles must be some of {', '.join(known)}", field="roles")
    return [role for role in known if role in roles]


def set_unit(session: Session, user: User, unit: str, *, at: datetime, actor: str) -> None:
    """Where somebody works (单位): the viewing log names it with every look from now on (L71); what
    was written down keeps the unit of then. Raises BadInput (field unit)."""
    words = " ".join(unit.split())
    if len(words) > MAX_UNIT or not words.isprintable():
        raise BadInput(f"a unit has at most {MAX_UNIT} characters", field="unit")
    if words == user.unit:
        return
    before, user.unit = user.unit, words
    record(
        session, at=at, actor=actor, action="user.unit", subject=f"user:{user.id}",
        details={"from": before, "to": words},
    )  # fmt: skip


def set_active(session: Session, user: User, active: bool, *, at: datetime, actor: str) -> None:
    """Let a person in or keep them out; who is kept out is signed out everywhere at once."""
    user.active = active
    if not active:
        sign_out_everywhere(session, user, at=at)
    record(
        session, at=at, actor=actor, action="user.activate" if active else "user.deactivate",
        subject=f"user:{user.id}",
    )  # fmt: skip


def _check_username(username: str) -> str:
    name = normalise_username(username)
    if not (2 <= len(name) <= 40) or not all(c.isalnum() or c in "._-@" for c in name):
        raise BadInput("a user name has 2 to 40 letters, digits or . _ - @", field="username")
    return name


def normalise_username(username: str) -> str:
    """One spelling for full-width, capital and small letters; without control characters."""
    plain = unicodedata.normalize("NFKC", username).strip().casefold()
    return "".join(c for c in plain if c.isprintable())


# -- invitations and passwords --------------------------------------------------------------


def invite(session: Session, user: User, *, at: datetime, actor: str) -> str:
    """A one-time token by which `user` sets a password. Earlier ones stop working."""
    session.execute(
        update(Invitation)
        .where(Invitation.user_id == user.id, Invitation.used_at.is_(None))
        .values(used_at=at)
    )
    token = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            token_hash=_hash(token),
            user_id=user.id,
            created_at=at,
            expires_at=at + timedelta(seconds=INVITATION_SECONDS),
        )
    )
    record(session, at=at, actor=actor, action="user.invite", subject=f"user:{user.id}")
    return token


def first_invitation(session: Session, *, at: datetime) -> str | None:
    """The token for the first administrator; None once an administrator can sign in."""
    admins = [user for user in session.scalars(select(User)) if Role.ADMIN in user.roles]
    if any(user.password_hash and user.active for user in admins):
        return None
    waiting = [user for user in admins if user.active]
    admin = (
        waiting[0]
        if waiting
        else create_user(session, FIRST_ADMIN, [Role.ADMIN], at=at, actor="system")
    )
    return invite(session, admin, at=at, actor="system")


def invited_user(session: Session, token: str, *, at: datetime) -> User:
    """Whom an unused invitation is for. Raises NotFound for any that is not good any more."""
    row = session.scalar(select(Invitation).where(Invitation.token_hash == _hash(token)))
    user = session.get(User, row.user_id) if row else None
    if row is None or user is None or row.used_at or row.expires_at <= at or not user.active:
        raise NotFound("this link is not valid any more", hint="ask for a new invitation")
    return user


def accept_invitation(session: Session, token: str, password: str, *, at: datetime) -> User:
    """Set the first password. The link works once. Raises NotFound, BadInput (password)."""
    user = invited_user(session, token, at=at)
    _set_password(session, user, password, at=at)
    session.execute(
        update(Invitation).where(Invitation.token_hash == _hash(token)).values(used_at=at)
    )
    record(
        session, at=at, actor=user.username, action="user.password", subject=f"user:{user.id}",
        details={"by": "invitation"},
    )  # fmt: skip
    return user


def change_password(session: Session, user: User, old: str, new: str, *, at: datetime) -> None:
    """Raises WrongSecret or Locked for the old one, BadInput (password) for the new one."""
    subject = f"user:{user.username}"
    refuse_if_locked(session, subject, at=at)
    if not _matches(user.password_hash, old):
        count_failure(session, subject, at=at)
        raise WrongSecret("the old password is wrong")
    _set_password(session, user, new, at=at)
    record(
        session, at=at, actor=user.username, action="user.password", subject=f"user:{user.id}",
        details={"by": "change"},
    )  # fmt: skip


def _set_password(session: Session, user: User, password: str, *, at: datetime) -> None:
    if not 10 <= len(password) <= 200:
        raise BadInput("a password has 10 to 200 characters", field="password")
    if password.casefold() in _common or len(set(password)) < 4 or user.username in password:
        raise BadInput("this password is too easy to guess", field="password")
    user.password_hash = _hasher.hash(password)
    sign_out_everywhere(session, user, at=at)
    clear_failures(session, f"user:{user.username}")


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _no_such_user, password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


# -- sessions -------------------------------------------------------------------------------


def sign_in(
    session: Session, username: str, password: str, *, at: datetime, client: str = ""
) -> tuple[User, str]:
    """The person and the token of a new session (kept here as a hash only).

    Raises WrongSecret, which never says whether the name or the password was wrong, and Locked
    for 15 minutes after ten wrong tries.
    """
    name = normalise_username(username)[:60]
    subject = f"user:{name}"
    refuse_if_locked(session, subject, at=at)
    user = session.scalar(select(User).where(User.username == name, User.active.is_(True)))
    if not _matches(user.password_hash if user else None, password) or user is None:
        count_failure(session, subject, at=at)
        record(session, at=at, actor="nobody", action="signin.refused", details={"client": client})
        raise WrongSecret("user name or password is wrong")
    clear_failures(session, subject)
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            token_hash=_hash(token),
            user_id=user.id,
            created_at=at,
            expires_at=at + timedelta(seconds=SESSION_SECONDS),
            last_used_at=at,
        )
    )
    record(session, at=at, actor=user.username, action="signin", details={"client": client})
    return user, token


def session_user(session: Session, token: str, *, at: datetime) -> User | None:
    """Whose session this is, or None where it is unknown, over, idle too long or revoked."""
    row = _session_row(session, token)
    if row is None or row.revoked_at is not None or row.expires_at <= at:
        return None
    if row.last_used_at + timedelta(seconds=IDLE_SECONDS) <= at:
        return None
    user = session.get(User, row.user_id)
    return user if user is not None and user.active else None


def needs_touch(session: Session, token: str, *, at: datetime) -> bool:
    row = _session_row(session, token)
    return row is not None and row.last_used_at + timedelta(seconds=TOUCH_SECONDS) <= at


def touch_session(session: Session, token: str, *, at: datetime) -> None:
    """Write down that a session was used just now."""
    row = _session_row(session, token)
    if row is not None:
        row.last_used_at = max(row.last_used_at, at)


def sign_out(session: Session, token: str, *, at: datetime) -> None:
    row = _session_row(session, token)
    if row is not None and row.revoked_at is None:
        row.revoked_at = at


def sign_out_everywhere(session: Session, user: User, *, at: datetime) -> None:
    session.execute(
        update(UserSession)
        .where(UserSession.user_id == user.id, UserSession.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def _session_row(session: Session, token: str) -> UserSession | None:
    return session.scalar(select(UserSession).where(UserSession.token_hash == _hash(token)))


# -- machines -------------------------------------------------------------------------------


def create_api_key(
    session: Session, name: str, roles: Sequence[Role | str], *, at: datetime, actor: str
) -> tuple[ApiKey, str]:
    """A machine's key and its secret, which is shown this once. A machine is never an officer:
    no decision counts without a licensed person (L08), so BadInput (roles) for that."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60:
        raise BadInput("a key's name has 1 to 60 characters", field="name")
    if Role.OFFICER in roles:
        raise BadInput("a machine cannot be an officer", field="roles")
    if session.scalar(select(ApiKey.id).where(ApiKey.name == name)) is not None:
        raise Conflict(f"there is a key {name} already", code="NAME_TAKEN")
    secret = f"qifen_{secrets.token_urlsafe(32)}"
    key = ApiKey(name=name, key_hash=_hash(secret), roles=check_roles(roles), created_at=at)
    session.add(key)
    session.flush()
    record(
        session, at=at, actor=actor, action="key.create", subject=f"api_key:{key.id}",
        details={"name": name, "roles": key.roles},
    )  # fmt: skip
    return key, secret


def key_for(session: Session, secret: str) -> ApiKey | None:
    """The key with this secret, unless it is unknown or revoked."""
    return session.scalar(
        select(ApiKey).where(ApiKey.key_hash == _hash(secret), ApiKey.revoked_at.is_(None))
    )


def touch_key(session: Session, key_id: int, *, at: datetime) -> None:
    """Write down that a machine's key was used just now."""
    key = session.get(ApiKey, key_id)
    if key is not None:
        key.last_used_at = at


def revoke_api_key(session: Session, key: ApiKey, *, at: datetime, actor: str) -> None:
    if key.revoked_at is not None:
        raise NotAllowed("this key is revoked already")
    key.revoked_at = at
    record(session, at=at, actor=actor, action="key.revoke", subject=f"api_key:{key.id}")


def _hash(token: str) -> str:
    # Tokens are 256 random bits: a plain hash is enough, and looking it up leaks nothing.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
