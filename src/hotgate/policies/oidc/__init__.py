"""Browsers log in at an OpenID Connect provider: `identity: {name: {oidc: …}}`. Begin with `oidc_settings`."""
