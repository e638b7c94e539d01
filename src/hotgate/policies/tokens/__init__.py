"""Callers with a signed token (`identity: {name: {jwt: …}}`), and what every mechanism with tokens shares.

`jwt_settings` is what may be configured, `jwt` the compiled entry. For all of them: where a token stands
(`token_places`), what its claims mean (`claim_settings`), who may send it (`sender_constraint`), and whose it is where
several entries look in the same place (`issuer_choice`). Opaque tokens are in `policies/introspection`.
"""
