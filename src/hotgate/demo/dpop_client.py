"""A client whose token is of no use to a thief (RFC 9449): python dpop_client.py TOKEN_ENDPOINT URL.

It makes a key, gets a token that is bound to it, and sends a request with a proof. Then it plays the thief, who has
read that request.
"""

import json
import secrets
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from http.client import HTTPResponse
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from joserfc import jwt
from joserfc.jwk import ECKey

KEY = ECKey.generate_key("P-256")  # never leaves this process


def main(token_endpoint: str, url: str) -> None:
    """Print what becomes of the request, of a copy of it, and of the token alone."""
    asked = {"DPoP": proof("POST", token_endpoint)}
    token = json.loads(send(token_endpoint, asked, b"grant_type=client_credentials").read())["access_token"]
    fields = {"Authorization": f"DPoP {token}", "DPoP": proof("GET", url, token)}
    answer = send(url, fields)
    if answer.status == 401 and "DPoP-Nonce" in answer.headers:  # the gateway wants to see that the proof is new (§9)
        fields["DPoP"] = proof("GET", url, token, answer.headers["DPoP-Nonce"])
        answer = send(url, fields)
    show("the owner of the key", answer)
    show("a thief who sends the same again", send(url, fields))
    show("a thief who sends the token alone", send(url, {"Authorization": f"Bearer {token}"}))


def proof(method: str, url: str, token: str = "", nonce: str = "") -> str:
    """Whoever has the key makes this one request, now (§4.2)."""
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.as_dict(private=False)}
    claims = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(time.time())}
    if token:
        claims["ath"] = urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
    if nonce:
        claims["nonce"] = nonce
    return jwt.encode(header, claims, KEY)


def send(url: str, fields: Mapping[str, str], body: bytes | None = None) -> HTTPResponse | HTTPError:
    """The answer, whatever its status."""
    try:
        answer: HTTPResponse = urlopen(Request(url, body, dict(fields)))  # noqa: S310  (addresses that its user gives)
        return answer
    except HTTPError as error:
        return error


def show(who: str, answer: HTTPResponse | HTTPError) -> None:
    """What somebody got."""
    said = json.loads(answer.read())
    print(f"HTTP/1.1 {answer.status}  {who}: {said.get('code') or said['saw']['headers']['x-auth-subject']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
