"""Who is calling: principals, and the proofs that make one (signed tokens, API keys).

This package verifies credentials and holds what that needs: public keys, and a bounded cache of what was proved
already. It does no network or file I/O: the control process fetches keys (`hotgate.control.jwks`) and pushes them here.

It may import `hotgate.http` and the packages between the two. Start with `principal`, then `jwt`, which reads like
the list of checks of RFC 7519 §7.2; `key_set` is where keys come from, `token_cache` what makes a repeated token cheap.
"""
