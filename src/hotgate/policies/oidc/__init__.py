"""Browsers log in at an OpenID Connect provider: `identity: {name: {oidc: …}}`.

`oidc_settings` is what may be configured, `oidc` the compiled entry, which finds the session of a request in
`live_sessions`. Who has none is offered a login (`login_choice`): `login` sends the browser away with a transaction in
a cookie (`login_transactions`), `login_callback` takes it back. `session_keeping` says where sessions are,
`session_renewal` what they need from time to time, `logout_endpoints` how they end, `pages` and `failures` what people
see.

Workers never speak to a provider: `asking` asks the control process (control/openid). Start reading at `oidc`.
"""
