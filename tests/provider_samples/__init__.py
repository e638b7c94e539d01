"""What six identity providers publish and sign, as their documentation describes it: metadata, and claims of tokens.

Names, ids and times are made up, and the keys are the tests' own. Each file has `metadata`, and tokens by name with
`header` and `claims`; the times are added when a token is made.
"""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hotgate.testing.issuer import Issuer

_FOLDER = Path(__file__).parent
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OTHER_TENANT = "9c3f7a10-5d1e-4b7a-8f43-0d4b1f6a2c55"


@dataclass(frozen=True)
class Sample:
    """One provider. signer: has its key."""

    metadata: dict[str, Any]
    tokens: dict[str, dict[str, Any]]
    signer: Issuer = field(default_factory=lambda: Issuer(algorithm="RS256", kid="Dx3nF-2026"))

    def claims(self, token: str, now: float, **changes: Any) -> dict[str, Any]:
        """The claims of a token that was issued a minute ago; a change to ... removes the claim."""
        times = {"iat": int(now) - 60, "exp": int(now) + 3540}
        claims = {**self.tokens[token]["claims"], **times, **changes}
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, token: str, now: float, signer: Issuer | None = None, **changes: Any) -> bytes:
        """A signed token. signer: another key than the provider's."""
        signed = signer or self.signer
        header = {**self.tokens[token]["header"], "kid": signed.kid, "alg": "RS256"}
        return signed.token(self.claims(token, now, **changes), header)


@cache
def sample(provider: str) -> Sample:
    """The sample of `okta`, `auth0`, `cognito`, `entra`, `google` or `keycloak`."""
    content = json.loads((_FOLDER / f"{provider}.json").read_text(encoding="utf-8"))
    return Sample(content.pop("metadata"), content)
