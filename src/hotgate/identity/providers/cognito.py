"""Amazon Cognito user pools. The keys are found through discovery."""

from typing import Any

_ACCESS = "access"


def expand(user_pool: str, token_use: str = _ACCESS) -> dict[str, Any]:
    """user_pool: its id, which begins with its region. token_use: `access` or `id`.

    Access tokens have no `aud`: the client they were made for stands in `client_id`. `token_use` keeps the two kinds
    apart.
    """
    region = user_pool.partition("_")[0]
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    client = "client_id" if token_use == _ACCESS else "aud"
    return {
        "issuer": f"https://cognito-idp.{region}.{suffix}/{user_pool}",
        "audience_claim": client,
        "claim_values": {"token_use": [token_use]},
        "scopes": "scope",
        "roles": "cognito:groups",
        "groups": "cognito:groups",
        "client": client,
    }
