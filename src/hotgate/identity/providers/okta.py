"""Okta. The keys are found through discovery."""

from typing import Any

ORG = "org"


def expand(domain: str, authorization_server: str = "default") -> dict[str, Any]:
    """authorization_server: the id of a custom one, or `org` for the organization's own.

    Access tokens of the organization's own server are for Okta itself and cannot be verified by others; what it can
    prove to an API is an ID token, whose audience is the client. Those of a custom server name the client in `cid`,
    which ID tokens do not have. `sub` of an access token is the login, which can be given to somebody else; `uid`
    never is, and only a machine's token has none.
    """
    if authorization_server == ORG:
        return {"issuer": f"https://{domain}", "client": "aud", "roles": "groups"}
    return {
        "issuer": f"https://{domain}/oauth2/{authorization_server}",
        "required_claims": ["cid"],
        "subject": ["uid", "sub"],
        "scopes": "scp",
        "roles": "groups",
        "client": "cid",
    }
