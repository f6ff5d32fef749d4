"""People and machines' keys, for the administrator."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import shapes
from api.auth import invitation_link
from api.deps import Admin, Body, Id, Line, Serving, signed_in
from models import signin
from models.audit_log import record
from models.errors import BadInput, NotFound
from models.people import ApiKey, Role, User

router = APIRouter(tags=["people"], dependencies=signed_in)

Roles = Annotated[list[Role], Field(min_length=1, max_length=6)]

Unit = Annotated[
    Line, Field(max_length=signin.MAX_UNIT, description="Where the person works (L71)")
]


class NewUser(Body):
    username: Annotated[Line, Field(min_length=2, max_length=40)]
    roles: Roles
    display_name: Annotated[Line, Field(max_length=60)] = ""
    unit: Unit = ""
    language: str = "zh"
    licence_no: Annotated[Line, Field(max_length=40)] | None = None
    licence_valid_until: date | None = None


class UserChange(Body):
    roles: Roles | None = None
    display_name: Annotated[Line, Field(max_length=60)] | None = None
    unit: Unit | None = None
    licence_no: Annotated[Line, Field(max_length=40)] | None = None
    licence_valid_until: date | None = None
    active: bool | None = None


class NewKey(Body):
    name: Annotated[Line, Field(min_length=1, max_length=60)]
    roles: Roles


@router.get("/users")
def users(_caller: Admin, services: Serving) -> list[dict[str, Any]]:
    with services.store.read() as session:
        return [shapes.user(row) for row in session.scalars(select(User).order_by(User.username))]


@router.post("/users", status_code=201)
def add_user(body: NewUser, caller: Admin, services: Serving) -> dict[str, Any]:
    """Add a person; the answer holds the one-time link by which the password is set."""
    at = services.clock.now()
    with services.store.begin() as session:
        user = signin.create_user(
            session,
            body.username,
            body.roles,
            at=at,
            actor=caller.name,
            display_name=body.display_name,
            language=body.language,
            licence_no=body.licence_no,
            licence_valid_until=body.licence_valid_until,
        )
        signin.set_unit(session, user, body.unit, at=at, actor=caller.name)
        token = signin.invite(session, user, at=at, actor=caller.name)
        link = invitation_link(services.settings.base_url, token)
        return {**shapes.user(user), "invitation": link}


@router.patch("/users/{user_id}")
def change_user(user_id: Id, body: UserChange, caller: Admin, services: Serving) -> dict[str, Any]:
    """Change roles, unit, licence or whether the person may sign in. Nobody shuts out himself."""
    changes = body.model_dump(exclude_unset=True)
    at = services.clock.now()
    with services.store.begin() as session:
        user = _user(session, user_id)
        _refuse_losing_oneself(user, caller.user, changes)
        if changes.get("roles"):
            user.roles = signin.check_roles(changes["roles"])
        if changes.get("display_name") is not None:
            user.display_name = changes["display_name"]
        if changes.get("unit") is not None:
            signin.set_unit(session, user, changes["unit"], at=at, actor=caller.name)
        for field in ("licence_no", "licence_valid_until"):
            if field in changes:
                setattr(user, field, changes[field])
        if changes.get("active") is not None:
            signin.set_active(session, user, changes["active"], at=at, actor=caller.name)
        record(
            session, at=at, actor=caller.name, action="user.change", subject=f"user:{user.id}",
            details={"fields": sorted(changes)},
        )  # fmt: skip
        return shapes.user(user)


def _refuse_losing_oneself(user: User, caller: User | None, changes: dict[str, Any]) -> None:
    loses = changes.get("active") is False or (
        changes.get("roles") is not None and Role.ADMIN not in changes["roles"]
    )
    if caller is not None and caller.id == user.id and loses:
        raise BadInput("an administrator cannot shut out himself", field="active")


@router.post("/users/{user_id}/invitation", status_code=201)
def invite(user_id: Id, caller: Admin, services: Serving) -> dict[str, str]:
    """A new one-time link, for a forgotten password; earlier ones stop working."""
    with services.store.begin() as session:
        user = _user(session, user_id)
        token = signin.invite(session, user, at=services.clock.now(), actor=caller.name)
    return {"invitation": invitation_link(services.settings.base_url, token)}


@router.get("/keys")
def keys(_caller: Admin, services: Serving) -> list[dict[str, Any]]:
    with services.store.read() as session:
        return [
            shapes.api_key(row) for row in session.scalars(select(ApiKey).order_by(ApiKey.name))
        ]


@router.post("/keys", status_code=201)
def add_key(body: NewKey, caller: Admin, services: Serving) -> dict[str, Any]:
    """A machine's key. The secret is in this answer and nowhere else."""
    with services.store.begin() as session:
        key, secret = signin.create_api_key(
            session, body.name, body.roles, at=services.clock.now(), actor=caller.name
        )
        return {**shapes.api_key(key), "secret": secret}


@router.delete("/keys/{key_id}", status_code=204)
def revoke_key(key_id: Id, caller: Admin, services: Serving) -> None:
    with services.store.begin() as session:
        key = session.get(ApiKey, key_id)
        if key is None:
            raise NotFound(f"there is no key {key_id}")
        signin.revoke_api_key(session, key, at=services.clock.now(), actor=caller.name)


def _user(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(f"there is no user {user_id}")
    return user
