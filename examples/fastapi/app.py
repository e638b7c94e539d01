"""A backend that serves only callers whom its gateway vouches for, in an assertion made for this backend."""

import os
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException

ISSUER = os.environ.get("ASSERTION_ISSUER", "https://gateway.example.com")
AUDIENCE = "orders"
# The set is kept for five minutes: longer than that, and a new key of the gateway would not be known.
KEYS = jwt.PyJWKClient(
    os.environ.get("ASSERTION_KEYS", "http://127.0.0.1:8080/.well-known/hotgate/jwks.json"), lifespan=300, timeout=5
)

app = FastAPI()


def verified(assertion: str) -> dict[str, Any]:
    """What the assertion says. Raises jwt.PyJWTError."""
    found = jwt.decode_complete(
        assertion,
        KEYS.get_signing_key_from_jwt(assertion),
        algorithms=["ES256"],  # never what the token itself says
        issuer=ISSUER,
        audience=AUDIENCE,
        leeway=5,
        options={"require": ["iss", "aud", "sub", "exp", "nbf"]},
    )
    if found["header"].get("typ") != "hotgate-assertion+jwt":  # another kind of token is no assertion
        raise jwt.InvalidTokenError("not an assertion")
    claims: dict[str, Any] = found["payload"]
    return claims


def caller(x_hotgate_assertion: Annotated[str, Header()] = "") -> dict[str, Any]:
    """Who calls. Not `async`: fetching keys may take a moment, and FastAPI waits for it in a thread."""
    try:
        return verified(x_hotgate_assertion)
    except jwt.PyJWKClientConnectionError:
        raise HTTPException(503, "the keys of the gateway cannot be fetched") from None
    except jwt.PyJWTError:
        raise HTTPException(401, "only through the gateway") from None


@app.get("/orders/{order}")
def order(order: str, who: Annotated[dict[str, Any], Depends(caller)]) -> dict[str, Any]:
    """One order, for whoever the gateway says is calling."""
    return {"order": order, "caller": who["sub"], "scopes": who.get("scope", "").split()}
