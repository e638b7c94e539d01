"""Proof of possession (DPoP, RFC 9449) as a demand on tokens. Start with `key_binding.py`.

Any mechanism whose tokens are sent in `Authorization` gets it from `policies/tokens/sender_constraint.py`. What a proof
is stands in `identity/dpop`; who remembers the proofs that were used, in `runtime/desks/proofs.py`.
"""
