"""A backend that serves only callers whom its gateway vouches for, in an assertion made for this backend."""

import os
from typing import Any

import jwt
from flask import Flask, abort, g, request

ISSUER = os.environ.get("ASSERTION_ISSUER", "https://gateway.example.com")
AUDIENCE = "orders"
# The set is kept for five minutes: longer than that, and a new key of the gateway would not be known.
KEYS = jwt.PyJWKClient(
    os.environ.get("ASSERTION_KEYS", "http://127.0.0.1:8080/.well-known/hotgate/jwks.json"), lifespan=300, timeout=5
)

app = Flask(__name__)


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


@app.before_request
def know_the_caller() -> None:
    """Runs before every view, so that none can be forgotten."""
    try:
        g.caller = verified(request.headers.get("X-Hotgate-Assertion", ""))
    except jwt.PyJWKClientConnectionError:
        abort(503, "the keys of the gateway cannot be fetched")
    except jwt.PyJWTError:
        abort(401, "only through the gateway")


@app.get("/orders/<order>")
def order(order: str) -> dict[str, Any]:
    """One order, for whoever the gateway says is calling."""
    return {"order": order, "caller": g.caller["sub"], "scopes": g.caller.get("scope", "").split()}
