"""The demo's identity provider, for one run and this machine alone: OpenID Connect login, introspection, DPoP.

Start reading at `provider.py`.
"""

from hotgate.demo.provider.provider import CLIENT, Provider

__all__ = ["CLIENT", "Provider"]
