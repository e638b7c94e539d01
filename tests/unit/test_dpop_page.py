"""The client on the page about DPoP makes proofs that the gateway accepts."""

import re
import time
from pathlib import Path
from typing import Any

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity.dpop.proof import Binding, ProofVerifier, token_hash
from hotgate.identity.dpop.target_uri import TargetUri

PAGE = Path(__file__).parents[2] / "docs" / "authentication" / "dpop.md"


def test_the_example_is_a_client() -> None:
    (source,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    client: dict[str, Any] = {}
    exec(source, client)
    presented = client["proof"]("GET", "https://api.example.com/orders?x=1", "the.token", "n1")
    binding = Binding(client["KEY"].thumbprint(), token_hash(b"the.token"))
    request = Request("GET", "/orders", Headers([]), "api.example.com", b"api.example.com", scheme="https")
    proof = ProofVerifier(["ES256"], 60.0, TargetUri()).verify(presented.encode(), binding, request, time.time())
    assert proof.nonce == "n1"
