"""An issuer whose keys are found through its metadata: as text, because sources of keys are named by text."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit, urlunsplit

_MARK = "discover:"
_OPENID = "/.well-known/openid-configuration"
_OAUTH = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True, slots=True)
class DiscoveryLocation:
    """issuer: an https address (http on this machine). url: of the metadata, if it does not stand at the usual
    places."""

    issuer: str
    url: str | None = None

    def __str__(self) -> str:
        return f"{_MARK}{self.issuer} {self.url or ''}".rstrip()

    @classmethod
    def parse(cls, location: str) -> Self | None:
        """What `str` has written; None for any other location."""
        if not location.startswith(_MARK):
            return None
        # An issuer may be any text (RFC 7519 §4.1.1), but it is an address where no other one is given.
        issuer, space, url = location.removeprefix(_MARK).rpartition(" ")
        return cls(issuer, url) if space else cls(url)

    def candidates(self) -> tuple[str, ...]:
        """Where the metadata may stand, in the order in which it is looked for."""
        if self.url is not None:
            return (self.url,)
        scheme, host, path, _, _ = urlsplit(self.issuer)
        path = path.rstrip("/")
        return (
            urlunsplit((scheme, host, path + _OPENID, "", "")),  # OpenID Connect Discovery 1.0 §4: behind the path
            urlunsplit((scheme, host, _OAUTH + path, "", "")),  # RFC 8414 §3.1: before the path
        )
