"""One listener's settings → what a connection is accepted by."""

from collections.abc import Mapping
from typing import Any

from hotgate.config.listeners import Listener
from hotgate.edge.context import ListenerRules
from hotgate.http.forwarded import TrustedProxies
from hotgate.runtime.compiling.compile_tls import compile_tls


def compile_listener(settings: Listener, services: Mapping[str, Any]) -> ListenerRules:
    """The rules of a listener. Takes the services "ask", "certificate_answers", "count_certificate" and "wall_clock"
    where there are any.

    Raises ValueError for a certificate that cannot be used.
    """
    fronted = settings.proxy_protocol
    return ListenerRules(
        TrustedProxies(settings.trusted_proxies),
        tls=None if settings.tls is None else compile_tls(settings.name, settings.tls, services),
        https_port=settings.redirect_https,
        proxy_sources=None if fronted is None else TrustedProxies(fronted.sources),
        terms=_terms(settings),
    )


def _terms(settings: Listener) -> object:
    """Not the certificates of the gateway itself: to renew one ends no connection.

    Nor what is asked of clients on a listener that asks for certificates: each request of theirs is judged by the rules
    of today (`edge/bound_requests.py`).
    """
    tls = settings.tls
    asked = None if tls is None else (tls.asks, tls.min_version)
    return settings.trusted_proxies, settings.proxy_protocol, settings.redirect_https, asked
