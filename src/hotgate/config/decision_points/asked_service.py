"""What every decision point has in common that is asked over HTTP."""

from typing import Annotated

from pydantic import Field

from hotgate.config.decision_points.listed_fields import ToClient, ToUpstream
from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Form, Name, Settings
from hotgate.config.upstream_credentials import FieldSecret, credential_field

UrlPath = Annotated[
    str, Form(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]{1,256}){1,16}", "use an absolute path without query, such as /v1/ask")
]


def _read_name(value: object) -> str:
    """The name as it is written: the loader finds the value again under it."""
    credential_field(value)
    return str(value)


_FIELD_NAME = Notation(_read_name, {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"})


class AskedService(Settings):
    """An upstream of the file, and what it is shown besides the question."""

    upstream: Name = Field(
        description="The upstream that is asked: its targets, TLS, health checks and `credentials` (`api_key`, `basic`,"
        " `bearer` or `client_credentials`) hold for questions too. Clients do not reach it by that."
    )
    headers: Annotated[dict[Annotated[str, _FIELD_NAME], FieldSecret], Field(max_length=16)] = Field(
        default={}, description="Header fields of every question, for credentials mostly: `file:/path` or `${ENV}`."
    )

    @property
    def set_for_upstream(self) -> tuple[str, ...]:
        """Names of the request's header fields that answers may set."""
        return ()

    @property
    def needed_body(self) -> int:
        """Bytes of the largest body that is part of the question; 0: none is."""
        return 0


class ChangesHeaders(AskedService):
    """One that may change header fields, of those that are listed here and of no others."""

    headers_to_upstream: ToUpstream = Field(
        default=(),
        description="Header fields that the answer may set for the backend. What clients send under these names never"
        " passes.",
    )
    headers_to_client: ToClient = Field(default=(), description="Header fields that the answer may set for the client.")

    @property
    def set_for_upstream(self) -> tuple[str, ...]:
        """Those that the file lists."""
        return self.headers_to_upstream


def refuse_repeated(names: tuple[str, ...], key: str) -> None:
    """Raises PydanticCustomError for a list that names something twice."""
    if len(set(names)) != len(names):
        raise refused(f"`{key}` has a name twice")
