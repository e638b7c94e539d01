"""How the admin interface says that something went wrong: problem details (RFC 9457) with a stable `code`."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from starlette.responses import Response

from hotgate.http.problem import problem_body

MEDIA_TYPE = "application/problem+json"


class WrongMember(NamedTuple):
    """pointer: where in the body (RFC 6901), or the name of a parameter. detail: what is wrong with it."""

    pointer: str
    detail: str


class Problem(Exception):
    """Ends the work on a request with this answer. detail, errors: for the caller, without any secret."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[WrongMember] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer. `errors` is the extension of RFC 9457's own example (§3)."""
        body = problem_body(self.status, self.code, self.detail)
        if self.errors:
            members = json.loads(body) | {"errors": [error._asdict() for error in self.errors]}
            body = json.dumps(members, separators=(",", ":")).encode()
        return Response(body, self.status, self.headers, MEDIA_TYPE)
