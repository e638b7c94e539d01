"""Where the keys of a transmitter of events are."""

from urllib.parse import urlsplit, urlunsplit

from hotgate.config.security_events import SetTransmitter
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation

_SSF = "/.well-known/ssf-configuration"


def keys_location(settings: SetTransmitter) -> str:
    """An address, or where they are found: between host and path of the issuer (OpenID SSF 1.0 §7.2)."""
    if settings.jwks_url is not None:
        return settings.jwks_url
    scheme, host, path, _, _ = urlsplit(settings.issuer)
    url = settings.discovery_url or urlunsplit((scheme, host, _SSF + path.rstrip("/"), "", ""))
    return str(DiscoveryLocation(settings.issuer, url))
