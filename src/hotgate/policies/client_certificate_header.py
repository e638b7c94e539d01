"""`client_certificate_header`: the backend is told which certificate the client has shown.

What the client has written into such fields itself was removed when its request was read (`http/reserved.py`).
"""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.response import Response
from hotgate.identity.certificates.client_certificate import MAX_BYTES
from hotgate.identity.certificates.forwarded_certificate import client_cert, xfcc
from hotgate.identity.refusal import CredentialRefused
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec

Format = Literal["xfcc", "rfc9440"]
Setting = Annotated[
    Format,
    Field(
        description="Tell the backend which certificate the client has shown: `xfcc` in `X-Forwarded-Client-Cert`, as"
        " Envoy does, `rfc9440` in `Client-Cert` (RFC 9440)."
    ),
]

_MAX_KNOWN = 1024  # certificates
_MAX_KNOWN_BYTES = 2 * 1024 * 1024  # of all of them: 2 KiB for each
_WRITERS: dict[Format, tuple[bytes, Callable[[bytes], bytes]]] = {
    "xfcc": (b"x-forwarded-client-cert", xfcc),
    "rfc9440": (b"client-cert", client_cert),
}


def compile_client_certificate_header(form: Format, context: CompileContext) -> list[PhasedStep]:
    """One step, which adds the field to requests that came with a certificate."""
    name, write = _WRITERS[form]
    values = BoundedCache(write, max_entries=_MAX_KNOWN, max_key_bytes=MAX_BYTES, max_bytes=_MAX_KNOWN_BYTES)

    def add(exchange: Exchange) -> Response | None:
        certificate = exchange.certificate
        if certificate is not None and certificate.der:
            try:
                exchange.request.headers.fields.append((name, values[certificate.der]))
            except CredentialRefused as refusal:
                return Response.problem(
                    400, code=refusal.code, detail="The certificate is malformed.", log_detail=refusal.log_detail
                )
        return None

    return [PhasedStep(Phase.SHAPE, add, owned_fields=frozenset({name}))]


POLICY = PolicySpec("client_certificate_header", Setting, compile_client_certificate_header)
