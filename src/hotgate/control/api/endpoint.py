"""One operation of the API: what it takes, what it answers, and how it is run."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from hotgate.control.administration import Administration, Records
from hotgate.control.administration_error import AdministrationError
from hotgate.control.api.input import Input, Nothing, read_input
from hotgate.control.bearer_authentication import OWNER
from hotgate.control.gateway_state import GatewayState
from hotgate.control.problem import Problem, WrongMember
from hotgate.store.errors import StoreUnavailable

_audit = logging.getLogger("hotgate.audit")
_log = logging.getLogger("hotgate.control")

RETRY_SECONDS = "5"
_LONGEST_DETAIL = 300  # it may repeat a name


@dataclass(frozen=True, slots=True)
class Call:
    """state: of the gateway. path: the parameters of the path. store: the records, if there is a store."""

    state: GatewayState
    path: Mapping[str, str]
    store: Records | None = None

    @property
    def records(self) -> Records:
        """The records. Raises Problem if there are none."""
        if self.store is None:
            raise Problem(409, "no-store", "This gateway has no store. Add `store: {}` to its configuration.")
        return self.store


@dataclass(frozen=True, slots=True)
class Answer:
    """body: None for an answer without one. subject: what was changed, for the audit line."""

    status: int
    body: BaseModel | None = None
    subject: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """name: unique, such as "create-key"; the audit line has it. path: under /api. takes: the body, or with GET and
    DELETE the query. answers: the model of each status that is not a problem. problems: status → codes, besides those
    that every operation has.
    """

    name: str
    method: str
    path: str
    summary: str
    handle: Callable[[Call, Any], Awaitable[Answer]]
    answers: Mapping[int, type[BaseModel] | None]
    takes: type[Input] = Nothing
    problems: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    needs_store: bool = True

    @property
    def changes(self) -> bool:
        """Whether it writes."""
        return self.method != "GET"

    @property
    def has_body(self) -> bool:
        """Whether the input is a body, not a query."""
        return self.method in ("POST", "PATCH")

    async def serve(self, request: Request, administration: Administration) -> Response:
        """Answer a request. Whatever goes wrong becomes a problem."""
        try:
            return await self._run(request, administration)
        except Problem as problem:
            return problem.response()
        except AdministrationError as error:
            return self._refusal(error).response()
        except StoreUnavailable as error:
            _log.warning("%s: the store cannot be reached: %s", self.name, error)
            detail = "The store cannot be reached; the log says why."
            return Problem(503, "store-unavailable", detail, headers={"retry-after": RETRY_SECONDS}).response()
        except Exception:  # noqa: BLE001 (whatever it is, the caller must get an answer)
            _log.exception("%s failed", self.name)
            return Problem(500, "internal-error", "The gateway's log says why.").response()

    async def _run(self, request: Request, administration: Administration) -> Response:
        given = await read_input(request, self.takes, has_body=self.has_body)
        store = administration.records() if self.needs_store else None
        answer = await self.handle(Call(administration.state, request.path_params, store), given)
        if self.changes:
            owner = getattr(request.state, OWNER)
            _audit.info(self.name, extra={"facts": {"by": owner, "subject": answer.subject}})
        return _response(answer)

    def _refusal(self, error: AdministrationError) -> Problem:
        """What the path names and does not exist is 404; what the input names is wrong input."""
        detail = f"{str(error)[:_LONGEST_DETAIL]}."
        status = 409 if error.code.endswith(("-exists", "-not-live")) else 422
        if error.code in self.problems.get(404, ()):
            return Problem(404, error.code, detail)
        place = f"/{error.member}" if self.has_body else error.member
        return Problem(status, error.code, detail, [WrongMember(place, detail)] if error.member else ())


def _response(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status, headers=dict(answer.headers))
    return Response(answer.body.model_dump_json(), answer.status, dict(answer.headers), "application/json")
