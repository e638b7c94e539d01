"""External authorization as Envoy does it over HTTP (`ext_authz`), and much like nginx's `auth_request`."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.decision_points.asked_service import AskedService, UrlPath, refuse_repeated
from hotgate.config.decision_points.listed_fields import Forwarded, ToClient, ToUpstream
from hotgate.config.settings import Settings
from hotgate.config.units import SizeBetween


class ExtAuthzQuestion(Settings):
    """Nothing: the question is the request itself."""


class ExtAuthz(AskedService):
    """A service that gets method, path and chosen header fields of the request. 2xx lets it pass."""

    path_prefix: UrlPath | None = Field(
        default=None, description="What stands before the path of the request. Not set: nothing."
    )
    allowed_headers: Forwarded = Field(
        default=("authorization", "cookie"),
        description="Header fields of the request that the service gets. A credential that the gateway has verified"
        " itself is gone by then; who was recognised is in `X-Auth-*`.",
    )
    body: Annotated[int, SizeBetween("1B", "1MiB")] | None = Field(
        default=None,
        description="Send the body too, up to this size; a request with a larger one is answered 413. Not set: the"
        " service gets none.",
    )
    headers_to_upstream: ToUpstream = Field(
        default=(),
        description="Header fields of a 2xx answer that the backend gets. What clients send under these names never"
        " passes.",
    )
    headers_to_client: ToClient = Field(
        default=("content-type", "location", "retry-after", "www-authenticate"),
        description="Header fields of any other answer that the client gets, with its status and body.",
    )
    headers_to_client_on_success: ToClient = Field(
        default=(), description="Header fields of a 2xx answer that the client gets with the backend's."
    )
    ask: ExtAuthzQuestion = Field(default=ExtAuthzQuestion(), description="Nothing can be said here.")

    @property
    def set_for_upstream(self) -> tuple[str, ...]:
        """Those that the file lists."""
        return self.headers_to_upstream

    @property
    def needed_body(self) -> int:
        """As large as it may be sent."""
        return self.body or 0

    @model_validator(mode="after")
    def _names_each_once(self) -> "ExtAuthz":
        refuse_repeated(tuple(name.lower() for name in self.allowed_headers), "allowed_headers")
        return self
