"""Callers who prove who they are with a name and a password (`basic`, `ldap`). Begin with `password_authenticator`."""
