"""Open Policy Agent: its REST API for data."""

from typing import Annotated

from pydantic import Field

from hotgate.config.decision_points.asked_service import ChangesHeaders
from hotgate.config.decision_points.expressions import Expressions
from hotgate.config.settings import Form, Settings

_DATA_PATH = Form(
    r"/v1/data(/[A-Za-z0-9._~-]{1,128}){1,16}", "use the path of a document, such as /v1/data/http/authz/allow"
)
_INPUT = {
    "method": "request.method",
    "path": "request.path",
    "route": "route.name",
    "client": "request.client",
    "subject": "principal.subject",
    "provider": "principal.provider",
    "scopes": "principal.scopes",
    "roles": "principal.roles",
    "groups": "principal.groups",
    "tenant": "principal.tenant",
}


class OpaQuestion(Settings):
    """What policies see as `input`."""

    input: Expressions = Field(
        default=_INPUT, description="Name and CEL expression of each member. One may be a map or a list."
    )


class Opa(ChangesHeaders):
    """Open Policy Agent, asked for one document: a boolean, or an object with the boolean `allow`."""

    path: Annotated[str, _DATA_PATH] = Field(description="The document, as `/v1/data/http/authz/allow`.")
    ask: OpaQuestion = Field(default=OpaQuestion(), description="What is asked, unless a route says otherwise.")
