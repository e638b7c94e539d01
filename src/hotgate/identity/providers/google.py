"""Google: ID tokens, since its access tokens cannot be read. The keys stand at a fixed address."""

from collections.abc import Sequence
from typing import Any

ANY = "any"


def expand(hosted_domain: Sequence[str]) -> dict[str, Any]:
    """hosted_domain: the Workspace domains whose members may come, or `any` for every Google account there is.

    `iss` is written with and without https:// by Google's own services. `hd` counts, not the end of `email`: anybody
    can make an account with an address of another domain.
    """
    return {
        "issuer": ["https://accounts.google.com", "accounts.google.com"],
        "jwks_url": "https://www.googleapis.com/oauth2/v3/certs",
        "claim_values": {} if ANY in hosted_domain else {"hd": list(hosted_domain)},
        "tenant": "hd",
        "client": "azp",
    }
