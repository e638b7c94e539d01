"""Encrypted tokens (JWE): with which keys they are opened, and how."""
