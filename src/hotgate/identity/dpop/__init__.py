"""Proofs of possession (DPoP, RFC 9449): what a client signs anew for each request. Start with `proof.py`; no I/O."""
