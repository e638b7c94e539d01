"""Hotgate, the secure API gateway in pure Python. These names are what a policy of your own needs."""

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.declare import policy
from hotgate.pipeline.exchange import Exchange

__version__ = "0.1.0"

__all__ = ["Exchange", "Headers", "Principal", "Request", "Response", "__version__", "policy"]
