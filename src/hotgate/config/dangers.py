"""What a configuration may say but hardly ever should: a warning for each."""

from collections.abc import Iterator

from hotgate.config.gateway import Gateway
from hotgate.config.references import Finding


def dangers(config: Gateway) -> Iterator[Finding]:
    """Every such setting, at its place in the file."""
    for name, upstream in config.upstreams.items():
        if upstream.tls is not None and upstream.tls.is_unverified:
            path = ("upstreams", name, "tls", "insecure_skip_verify")
            yield Finding(path, "anybody may pose as this backend", "name its authority in `ca` or its key in `pins`")
    yield from _useless_certificates(config)


def _useless_certificates(config: Gateway) -> Iterator[Finding]:
    """Entries whose certificates no listener will ever ask for, or believe."""
    asks = any(listener.tls is not None and listener.tls.asks for listener in config.listeners)
    believes = any(listener.trusted_proxies for listener in config.listeners)
    for name, entry in config.identity.items():
        if entry.mechanism != "mtls":
            continue
        path = ("identity", name, "mtls")
        if entry.settings.source == "xfcc" and not believes:
            yield Finding(path, "no proxy is believed about certificates", "name it in `trusted_proxies` of a listener")
        elif entry.settings.source == "connection" and not asks:
            yield Finding(path, "no listener asks for certificates", "set `tls.client_auth` of a listener")
