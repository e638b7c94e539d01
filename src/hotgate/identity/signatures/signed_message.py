"""A message as its signer saw it: what components are taken from (RFC 9421 §1.4)."""

from dataclasses import dataclass

from hotgate.http.headers import Field
from hotgate.http.request import Request
from hotgate.http.targets import split_absolute

_DEFAULT_PORTS = {"http": b":80", "https": b":443"}


@dataclass(slots=True)
class SignedMessage:
    """A request, or (with `status`) a response; `request` is then what it answers.

    target: as it stands in the request line. authority: normalised. fields, trailers: names in lower case.
    """

    method: str = ""
    scheme: str = ""
    authority: bytes = b""
    target: bytes = b"/"
    fields: list[Field] | tuple[Field, ...] = ()
    trailers: list[Field] | tuple[Field, ...] = ()
    status: int = 0
    request: "SignedMessage | None" = None

    @property
    def origin_form(self) -> bytes:
        """Path and query of the target; an absolute one (RFC 9112 §3.2.2) is cut."""
        return self.target if self.target[:1] in (b"/", b"*") else split_absolute(self.target)[2]


def received(request: Request) -> SignedMessage:
    """A request as its client sent it. Its canonical path was made of the very target that is kept here."""
    fields = request.headers.fields
    if request.content_length is not None:
        fields = [*fields, (b"content-length", b"%d" % request.content_length)]
    authority = normal_authority(request.authority, request.scheme)
    return SignedMessage(request.method, request.scheme, authority, request.sent_target, fields)


def normal_authority(authority: bytes, scheme: str) -> bytes:
    """In lower case, and without the port that the scheme implies (RFC 9421 §2.2.3)."""
    return authority.lower().removesuffix(_DEFAULT_PORTS[scheme])
