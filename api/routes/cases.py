"""Cases: their list, one with every step, and the acts of dispatcher, crew and patrol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field
from sqlalchemy.orm import Session

from api import place_shapes
from api.auth import Caller
from api.deps import Body, CaseWorker, Id, Limit, Line, Lines, Offset, Serving, signed_in
from api.photos import check_photo
from api.place_desk import at_case
from models import case_work
from models.case import Case, Loop, LoopMode, SourceCategory, UnitRole
from models.case_photos import keep_photo
from models.case_work import CaseOrder
from models.policy import load_policy
from models.states import CaseState
from pipeline.services import Services

router = APIRouter(tags=["cases"], dependencies=signed_in)

Version = Annotated[int | None, Field(ge=0, le=2**31 - 1)]


class Details(Body):
    type_code: Annotated[Line, Field(max_length=8)] | None = None
    source_category: SourceCategory | None = None
    loop: Loop | None = None
    loop_mode: LoopMode | None = None
    cell_code: Annotated[Line, Field(max_length=15)] | None = None
    duty_grid_code: Annotated[Line, Field(max_length=20)] | None = None
    place: Annotated[Line, Field(max_length=80)] | None = None
    description: Annotated[Line, Field(max_length=500)] | None = None


class Collect(Details):
    command_id: Annotated[Line, Field(min_length=8, max_length=40)]
    """Chosen by the caller, so that a doubled request is one case."""


class Unit(Body):
    name: Annotated[Line, Field(min_length=1, max_length=60)]
    role: UnitRole


class Units(Body):
    units: Annotated[list[Unit], Field(min_length=1, max_length=20)]


class Step(Body):
    expected_version: Version = None
    reason: Annotated[Line, Field(max_length=60)] = ""
    report: Annotated[Lines, Field(max_length=1000)] = ""


class Checks(Body):
    time: bool
    standard: bool
    recurrence: bool


class UnitReport(Body):
    unit: Annotated[Line, Field(min_length=1, max_length=60)]
    report: Annotated[Lines, Field(min_length=1, max_length=1000)]


class Because(Body):
    reason: Annotated[Line, Field(min_length=1, max_length=300)]


class Rating(Body):
    rating: Annotated[int, Field(ge=1, le=5)]


@router.get("/cases")
def cases(
    _caller: CaseWorker,
    services: Serving,
    state: Annotated[list[CaseState] | None, Query(max_length=20)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[dict[str, Any]]:
    """Open ones that are due first on top."""
    with services.store.read() as session:
        rows = case_work.cases(session, states=state or (), limit=limit, offset=offset)
        return [place_shapes.case(row) for row in rows]


@router.post("/cases", status_code=201)
def collect(body: Collect, caller: CaseWorker, services: Serving) -> dict[str, Any]:
    """A patrol's, a superior's or a citizen's matter (I008)."""
    values = body.model_dump(exclude={"command_id"}, exclude_none=True, mode="json")
    user = caller.person()
    with services.store.begin() as session:
        order = CaseOrder(
            user, load_policy(session), services.clock.now(), f"new:{user.id}:{body.command_id}"
        )
        return place_shapes.whole_case(session, case_work.collect(session, values, order))


@router.get("/cases/{case_id}")
def case(case_id: Id, _caller: CaseWorker, services: Serving) -> dict[str, Any]:
    """One case with its units, checks and every step."""
    with services.store.read() as session:
        return place_shapes.whole_case(session, case_work.get_case(session, case_id))


@router.patch("/cases/{case_id}")
def describe(case_id: Id, body: Details, caller: CaseWorker, services: Serving) -> dict[str, Any]:
    """Fill in what filing needs."""
    values = body.model_dump(exclude_none=True, mode="json")
    return _act(
        services, caller, case_id, "describe",
        lambda s, c, o: case_work.describe(s, c, values, o),
    )  # fmt: skip


@router.put("/cases/{case_id}/units")
def assign(case_id: Id, body: Units, caller: CaseWorker, services: Serving) -> dict[str, Any]:
    """Who has part; exactly one leads (I006)."""
    units = [(unit.name, str(unit.role)) for unit in body.units]
    return _act(
        services, caller, case_id, "assign", lambda s, c, o: case_work.assign(s, c, units, o)
    )


@router.post("/cases/{case_id}/steps/{step}")
def step(
    case_id: Id,
    step: Annotated[str, Path(max_length=20)],
    body: Step,
    caller: CaseWorker,
    services: Serving,
) -> dict[str, Any]:
    """One step of the flow: file, dispatch, accept, return, report, check, rework, close, suspend,
    resume, extend, cancel, transfer, evaluate, refuse_acceptance, refuse_filing, fix_on_spot."""
    return _act(
        services, caller, case_id, step,
        lambda s, c, o: case_work.act(s, c, step, o, reason=body.reason, report=body.report),
        body.expected_version,
    )  # fmt: skip


@router.post("/cases/{case_id}/photos", status_code=201)
async def photo(
    case_id: Id,
    kind: Annotated[str, Query(max_length=6)],
    request: Request,
    caller: CaseWorker,
    services: Serving,
) -> dict[str, Any]:
    """I012: the bytes of a JPEG or PNG as the body; `kind` BEFORE or AFTER."""
    data = await request.body()

    def keep() -> dict[str, Any]:
        def act(session: Session, case: Case, order: CaseOrder) -> None:
            key = services.evidence.put(data, check_photo(data).removeprefix("image/"))
            keep_photo(
                session, case.id, order.user, kind=kind, data=data, storage_key=key, at=order.at
            )

        return _act(services, caller, case_id, "photo", act)

    return await run_in_threadpool(keep)


@router.post("/cases/{case_id}/checks")
def checks(case_id: Id, body: Checks, caller: CaseWorker, services: Serving) -> dict[str, Any]:
    """时间, 标准, 反复"""
    found = body.model_dump()
    return _act(
        services, caller, case_id, "checks",
        lambda s, c, o: case_work.note_checks(s, c, found, o),
    )  # fmt: skip


@router.post("/cases/{case_id}/unit-reports")
def unit_report(
    case_id: Id, body: UnitReport, caller: CaseWorker, services: Serving
) -> dict[str, Any]:
    """I014: a co-unit says what it did."""
    return _act(
        services, caller, case_id, "unit",
        lambda s, c, o: case_work.unit_reports(s, c, body.unit, body.report, o),
    )  # fmt: skip


@router.post("/cases/{case_id}/override")
def override(case_id: Id, body: Because, caller: CaseWorker, services: Serving) -> dict[str, Any]:
    """Close without every co-unit's report, and say why."""
    return _act(
        services, caller, case_id, "override",
        lambda s, c, o: case_work.override_silent_units(s, c, body.reason, o),
    )  # fmt: skip


@router.post("/cases/{case_id}/feedback")
def feedback(case_id: Id, caller: CaseWorker, services: Serving) -> dict[str, Any]:
    """E5: whoever reported it was told."""
    return _act(services, caller, case_id, "feedback", case_work.note_feedback)


@router.post("/cases/{case_id}/rating")
def rate(case_id: Id, body: Rating, caller: CaseWorker, services: Serving) -> dict[str, Any]:
    """评价, 1 to 5."""
    return _act(
        services, caller, case_id, "rate", lambda s, c, o: case_work.rate(s, c, body.rating, o)
    )


def _act(
    services: Services,
    caller: Caller,
    case_id: int,
    what: str,
    act: Callable[[Session, Case, CaseOrder], object],
    version: int | None = None,
) -> dict[str, Any]:
    at_case(services, case_id, caller.person().id, what[:24], act, version)
    with services.store.read() as session:
        return place_shapes.whole_case(session, case_work.get_case(session, case_id))
