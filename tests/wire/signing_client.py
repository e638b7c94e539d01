"""A client that signs requests, written without any of the code under test; and a gateway that knows its keys."""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hotgate.runtime.desks.proofs import Proofs
from hotgate.runtime.worker_process.proof_uses import ProofUses
from wire.scenario import Wire

NOW = 1_764_115_200
HOSTS = ["api.example", "other.example"]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
SECRET = "a secret of more than thirty-two bytes"
KEYS = {"k1": {"public_key": PUBLIC, "consumer": "ada", "scopes": ["orders:read"]}, "s1": {"secret": SECRET}}
BODY = b'{"hello": "world"}'


@dataclass
class Signed:
    """A request to sign. target: in the request line; signed_target, signed_method, signed_host: what is signed of it.

    components: name → value in place of what the request has. parameters: behind the list, in this order.
    """

    method: str = "GET"
    target: str = "/orders?a=b"
    host: str = "api.example"
    body: bytes = b""
    lines: Sequence[str] = ()
    components: dict[str, str] = field(default_factory=dict)
    parameters: str = f';created={NOW};keyid="k1";nonce="n1"'
    label: str = "sig1"

    @property
    def covered(self) -> dict[str, str]:
        path, _, query = self.target.partition("?")
        whole = {
            '"@method"': self.method,
            '"@authority"': self.host,
            '"@path"': path,
            '"@query"': f"?{query}",
        }
        if self.body:
            whole['"content-digest"'] = digest(self.body)
        return {**whole, **self.components}

    @property
    def said(self) -> str:
        return f"({' '.join(self.covered)}){self.parameters}"

    @property
    def base(self) -> bytes:
        lines = [f"{name}: {value}\n" for name, value in self.covered.items()]
        return f'{"".join(lines)}"@signature-params": {self.said}'.encode()

    def fields(self, signature: bytes | None = None) -> list[str]:
        made = KEY.sign(self.base) if signature is None else signature
        return [
            f"Signature-Input: {self.label}={self.said}",
            f"Signature: {self.label}=:{b64encode(made).decode()}:",
            *([f"Content-Digest: {digest(self.body)}"] if self.body else []),
        ]

    def request(self, fields: Sequence[str] | None = None, **changes: Any) -> bytes:
        """changes: of method, target, host and body behind the signer's back."""
        sent = {"method": self.method, "target": self.target, "host": self.host, "body": self.body, **changes}
        return message(**sent, lines=[*self.lines, *(self.fields() if fields is None else fields)])


def message(method: str, target: str, host: str, body: bytes, lines: Sequence[str]) -> bytes:
    """A request on the wire."""
    length = [f"Content-Length: {len(body)}"] if body else []
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", *lines, *length, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def digest(body: bytes) -> str:
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


def partner(
    *,
    key: str = "acme",
    timestamp: int = NOW,
    nonce: str = "nonce-001",
    method: str = "GET",
    host: str = "api.example",
    target: str = "/orders?a=b",
    body: bytes = b"",
    secret: str = SECRET,
) -> str:
    """The value of Authorization in the simpler scheme."""
    hashed = sha256(body).hexdigest()
    text = "\n".join(["HMAC-SHA256", key, str(timestamp), nonce, method, host, target, hashed])
    signature = hmac.new(secret.encode(), text.encode("latin-1"), "sha256").hexdigest()
    return (
        f'HMAC-SHA256 key="{key}", timestamp="{timestamp}", nonce="{nonce}", body="{hashed}", signature="{signature}"'
    )


def with_clock(wire: Wire, now: float = NOW, since: float = NOW - 1000) -> None:
    """Give the gateway the time, and somebody who remembers what was used since then."""
    clock = iter([since])
    desk = Proofs(lambda message: None, clock=lambda: next(clock, now))

    async def ask(about: str, body: Any) -> Any:
        assert about == "proofs"
        return await desk.claim(body)

    uses = ProofUses(ask)
    uses.hear(desk.message)
    wire.gateway.services.update(wall_clock=lambda: now, proof_uses=uses)
    wire.gateway.reconfigure(wire.gateway.configuration)


def signed_route(**settings: Any) -> dict[str, Any]:
    return {
        "routes": [
            {"name": "all", "match": {"path": "/*", "hosts": HOSTS}, "upstream": "api", "authenticate": ["partners"]}
        ],
        "settings": {"identity": {"partners": {"signature": {"keys": KEYS, **settings}}}},
    }


async def refused(wire: Wire, request: bytes) -> str:
    """The code of the refusal; the backend must not see the request."""
    with_clock(wire)
    client = await wire.send(request)
    answer = await client.message()
    assert answer.status == 401
    assert answer.get(b"www-authenticate") == b'Signature realm="partners"'
    assert wire.upstream_metrics["connects"] == 0
    return answer.code


def fields_over(covered: dict[str, str], parameters: str = f';created={NOW};keyid="k1";nonce="n1"') -> list[str]:
    """Of a signature over exactly these components."""
    said = f"({' '.join(covered)}){parameters}"
    base = "".join(f"{name}: {value}\n" for name, value in covered.items()) + f'"@signature-params": {said}'
    return [
        f"Signature-Input: sig1={said}",
        f"Signature: sig1=:{b64encode(KEY.sign(base.encode('latin-1'))).decode()}:",
    ]
