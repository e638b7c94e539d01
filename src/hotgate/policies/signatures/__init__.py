"""Requests that callers sign: `identity: {name: {signature: …}}` (RFC 9421) and `{hmac: …}`, a simpler scheme.

Both say who calls before the body is there; what the body must be is checked by `signed_body`, behind `authenticate`.
`replay` has each nonce used once, over all workers. Start reading at `signature.py`, then `hmac.py`.
"""
