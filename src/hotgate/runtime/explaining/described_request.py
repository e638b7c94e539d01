"""A described request, read by the reader that reads the bytes of clients: so it is refused where they would be."""

from base64 import b64decode

from hotgate.control.api.explain import Question
from hotgate.edge.https_redirect import HttpsRedirect
from hotgate.edge.incoming import Incoming
from hotgate.edge.request_reader import RequestReader
from hotgate.edge.request_rules import RequestRules
from hotgate.identity.certificates.client_certificate import PresentedCertificate

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_LOCAL = "localhost"
_HOST = "host"  # of the question, before that of its fields
# Written here from the body, or about a connection that there is none of.
_NOT_TAKEN = frozenset({"content-length", "transfer-encoding", "connection", "upgrade", "expect"})


class _Owner:
    """Keeps what the reader has read."""

    def __init__(self) -> None:
        self.incoming: Incoming | None = None

    def on_incoming(self, incoming: Incoming) -> bool:
        self.incoming = self.incoming or incoming
        return True

    def on_client_hello(self) -> bool:
        return False


def read_request(question: Question, rules: RequestRules, https_port: int | None = None) -> Incoming:
    """As it comes from the edge, its body in the buffer. Its `refusal` says why the edge would not take it.

    https_port: where the listener redirects to; None if it serves.
    """
    owner = _Owner()
    first = owner if https_port is None else HttpsRedirect(owner, https_port)
    reader = RequestReader(first, rules, scheme=question.scheme)
    reader.feed(_encoded(question))
    reader.release()
    if owner.incoming is None:
        raise ValueError("this is not one whole request")
    return owner.incoming


def presented_certificate(question: Question) -> PresentedCertificate | None:
    """What the listener would have accepted. Raises ValueError for what is no PEM."""
    if question.certificate is None:
        return None
    _, begin, rest = question.certificate.partition(_BEGIN)
    content, end, _ = rest.partition(_END)
    if not (begin and end):
        raise ValueError("the certificate is not in PEM form")
    return PresentedCertificate((b64decode("".join(content.split()), validate=True),))


def _encoded(question: Question) -> bytes:
    """The bytes that a client would send. No value holds a line end, for the model refuses it."""
    body = None if question.body is None else question.body.encode()
    fields = [(name.lower(), values) for name, values in question.headers.items()]
    names_host = any(name == _HOST for name, _ in fields) and not question.host
    not_taken = _NOT_TAKEN if names_host else _NOT_TAKEN | {_HOST}
    lines = [f"{question.method} {question.target} HTTP/1.1"]
    if not names_host:
        lines.append(f"{_HOST}: {question.host or _host_of(question.target)}")
    for name, values in fields:
        if name not in not_taken:
            lines += [f"{name}: {value}" for value in ((values,) if isinstance(values, str) else values)]
    if body is not None:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def _host_of(target: str) -> str:
    scheme, colon, rest = target.partition("://")
    return rest.partition("/")[0].partition("?")[0] if colon and scheme in ("http", "https") else _LOCAL
