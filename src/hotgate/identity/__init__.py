"""Who is calling: principals, and the proofs that make one (tokens, API keys, certificates).

This package verifies credentials and holds what that needs: public keys, and a bounded cache of what was proved
already. It does no network or file I/O: the control process fetches keys (`hotgate.control.jwks`) and pushes them here.

`places` is where in a request credentials stand, `api_keys`, `tokens` and `certificates` are the kinds of proof,
`verification_keys` and `encryption` what tokens need, `providers` the presets, `assertion` what backends are told.

It may import `hotgate.http` and the packages between the two. Start with `principal`, then `tokens/jwt`, which reads
like the list of checks of RFC 7519 §7.2.
"""
