"""Auth0. The keys are found through discovery."""

from typing import Any


def expand(domain: str) -> dict[str, Any]:
    """The issuer ends with a slash. `azp` names the client, in the RFC 9068 profile `client_id` does.

    `permissions` holds all that a user may do, whatever the client asked for: they are roles. As scopes they would
    give a client more than the user has agreed to.
    """
    return {
        "issuer": f"https://{domain}/",
        "scopes": "scope",
        "roles": "permissions",
        "tenant": "org_id",
        "client": ["azp", "client_id"],
    }
