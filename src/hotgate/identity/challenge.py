"""How a refusal is told to the client: RFC 9457 problems, challenged as RFC 9110 §11.6.1, RFC 6750 and RFC 9449 say."""

from collections.abc import Iterable, Sequence

from hotgate.http.response import Response
from hotgate.identity.places.same_site import CROSS_SITE
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable

RETRY_AFTER = "5"  # seconds; the keys are being fetched meanwhile

# What a client may know. The exact reason is in the log: it would tell an attacker which check came next.
_DETAILS = {
    "token-malformed": "The token is malformed",
    "token-expired": "The token has expired",
    "token-not-yet-valid": "The token is not valid yet",
    "token-signature-invalid": "The signature of the token is not valid",
    "token-issuer-unknown": "The issuer of the token is not accepted here",
    "token-audience-mismatch": "The token is meant for another audience",
    "token-client-unknown": "The client of the token is not accepted here",
    "token-inactive": "The token is not active",
    "token-revoked": "The token has been revoked",
    "token-already-used": "The token is for single use and has been used",
    "token-binding-mismatch": "The token is not bound to what this request proves",
    "proof-missing": "A DPoP proof is missing",
    "proof-invalid": "The DPoP proof is not of this request and this token: compare htm, htu and ath",
    "proof-outdated": "The DPoP proof is too old, or not valid yet: compare the clocks",
    "proof-replayed": "The DPoP proof has been used",
    "proof-nonce-required": "The DPoP proof lacks the nonce of this answer",
    "certificate-unknown": "The certificate is not accepted here",
    "certificate-expired": "The certificate is not valid now",
    "certificate-malformed": "The certificate is malformed",
    "signature-malformed": "The signature is malformed",
    "signature-invalid": "The signature is not of this request and a key that is known here",
    "signature-expired": "The signature is too old: compare the clocks",
    "signature-not-yet-valid": "The signature is not valid yet: compare the clocks",
    "signature-incomplete": "The signature does not cover or say all that it must",
    "signature-replayed": "The signature has been used before",
    "digest-mismatch": "The body is not the one that was signed",
    "password-malformed": "The name and the password are malformed",
    "password-wrong": "The name or the password is wrong",
    "password-revoked": "The account has been revoked",
    "key-unknown": "The key is unknown",
    "key-expired": "The key has expired",
    "key-not-yet-valid": "The key is not valid yet",
    "key-revoked": "The key has been revoked",
}

# What a client of RFC 9449 must know to do better (§7.1, §9, §12.2). Everything else is wrong with the token.
_PROOF_ERRORS = {
    "proof-missing": "invalid_dpop_proof",
    "proof-invalid": "invalid_dpop_proof",
    "proof-outdated": "invalid_dpop_proof",
    "proof-replayed": "invalid_dpop_proof",
    "proof-nonce-required": "use_dpop_nonce",
}


def bearer_challenge(realm: str) -> str:
    """The challenge for a bearer token. `realm` holds no quotes and no backslashes."""
    return f'Bearer realm="{realm}"'


def dpop_challenge(realm: str, algorithms: Iterable[str]) -> str:
    """The challenge for a token with a proof of possession (RFC 9449 §7.1), signed with one of these algorithms."""
    return f'DPoP realm="{realm}", algs="{" ".join(algorithms)}"'


def api_key_challenge(realm: str, header: str, *, scheme: str | None = None, basic: bool = False) -> str:
    """The challenge for an API key; a 401 must name some scheme (RFC 9110 §15.5.2), and there is no registered one.

    scheme: what stands before the key in that header. basic: whether HTTP Basic would do as well.
    """
    challenge = f'{scheme or "ApiKey"} realm="{realm}", header="{header}"'
    return f"{challenge}, {basic_challenge(realm)}" if basic else challenge


def certificate_challenge(realm: str) -> str:
    """The challenge for a client certificate, which has no registered scheme either."""
    return f'ClientCertificate realm="{realm}"'


def signature_challenge(realm: str) -> str:
    """The challenge for a signature (RFC 9421), for which no scheme is registered."""
    return f'Signature realm="{realm}"'


def hmac_challenge(realm: str) -> str:
    """The challenge for a signature of the simpler scheme (`identity/signatures/hmac_request.py`)."""
    return f'HMAC-SHA256 realm="{realm}"'


def basic_challenge(realm: str) -> str:
    """The challenge for a name and a password (RFC 7617 §2)."""
    return f'Basic realm="{realm}", charset="UTF-8"'


def password_refused(challenge: str, refusal: CredentialRefused) -> Response:
    """401 for a name and a password that are not accepted; which of both is wrong is told to nobody."""
    return _unauthorized(challenge, refusal)


def password_check_unavailable(reason: str) -> Response:
    """503: whether the password is right is not known."""
    return _unavailable("password-check-unavailable", "Passwords cannot be checked at present.", reason)


def token_refused(challenges: Sequence[str], refusal: CredentialRefused) -> Response:
    """401 for a token, or its proof, that was sent and is not accepted (RFC 6750 §3.1).

    challenges: of the schemes by which it may come; each is told what was wrong.
    """
    if refusal.code == CROSS_SITE:
        return cross_site_refused(refusal)
    error = _PROOF_ERRORS.get(refusal.code, "invalid_token")
    why = f'error="{error}", error_description="{_DETAILS[refusal.code]}"'
    return _unauthorized(", ".join(f"{challenge}, {why}" for challenge in challenges), refusal)


def api_key_refused(challenge: str, refusal: CredentialRefused) -> Response:
    """401 for an API key that was sent and is not accepted."""
    return _unauthorized(challenge, refusal)


def cross_site_refused(refusal: CredentialRefused) -> Response:
    """403 for a cookie that another site made the browser send: another credential would not help the page."""
    return Response.problem(
        403,
        code=refusal.code,
        detail="A request with this cookie may not come from another site.",
        log_detail=refusal.log_detail,
    )


def certificate_refused(challenge: str, refusal: CredentialRefused) -> Response:
    """401 for a certificate that was shown and is nobody's here."""
    return _unauthorized(challenge, refusal)


def signature_refused(challenge: str, refusal: CredentialRefused) -> Response:
    """401 for a signature that was sent and is not accepted."""
    return _unauthorized(challenge, refusal)


def credential_missing(challenges: Iterable[str]) -> Response:
    """401 when nothing was sent: every way to do better in a field of its own, no error attributes (RFC 6750 §3.1)."""
    response = Response.problem(401, code="token-missing", detail="This needs a credential.")
    response.headers.fields.extend((b"www-authenticate", challenge.encode("ascii")) for challenge in challenges)
    return response


def key_set_unavailable(error: KeySetUnavailable) -> Response:
    """503: the gateway cannot tell whether the token is good, so the client must neither drop it nor get in."""
    return _unavailable("key-set-unavailable", "The keys that verify tokens are not available yet.", str(error))


def introspection_unavailable(reason: str, retry_after: str = RETRY_AFTER) -> Response:
    """503: nobody can say now whether the token is good, so the client must neither drop it nor get in."""
    return _unavailable(
        "introspection-unavailable", "Whether the token is good cannot be told now.", reason, retry_after
    )


def store_unavailable(error: Exception) -> Response:
    """503: whether the credential still counts is not known, so the client must neither drop it nor get in."""
    return _unavailable("store-unavailable", "What is needed to check the credential is not available.", str(error))


def proofs_unavailable(log_detail: str) -> Response:
    """503: whether a proof was used before is not known. The next attempt needs a new one."""
    return _unavailable("proofs-unavailable", "What is needed to check the proof is not available.", log_detail)


def _unauthorized(challenge: str, refusal: CredentialRefused) -> Response:
    return Response.problem(
        401,
        code=refusal.code,
        detail=f"{_DETAILS[refusal.code]}.",
        headers={"www-authenticate": challenge},
        log_detail=refusal.log_detail,
    )


def _unavailable(code: str, detail: str, log_detail: str, retry_after: str = RETRY_AFTER) -> Response:
    headers = {"retry-after": retry_after}
    return Response.problem(503, code=code, detail=detail, headers=headers, log_detail=log_detail)
