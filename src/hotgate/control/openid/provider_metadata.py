"""Where a provider answers and what it can do: by its metadata, by the configuration, or by both."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hotgate.config.https_url import is_https_url
from hotgate.control.download import FetchFailed
from hotgate.control.issuer_metadata import IssuerMetadata
from hotgate.control.judged_address import Place
from hotgate.control.kept_reading import KeptReading
from hotgate.control.openid.failures import ProviderUnavailable
from hotgate.policies.oidc.oidc_settings import OidcSettings

Read = Callable[[], Awaitable[IssuerMetadata]]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """authorization, end_session: for browsers. names_itself: whether `iss` comes with every answer (RFC 9207).

    requires_pushed: whether the provider takes no request but a pushed one (RFC 9126 §5).
    """

    authorization: str
    token: Place
    pushed: Place | None = None
    userinfo: Place | None = None
    revocation: Place | None = None
    end_session: str | None = None
    names_itself: bool = False
    requires_pushed: bool = False


class ProviderMetadata:
    """read: the metadata, once; may raise what `read_metadata` does. clock: monotonic seconds."""

    def __init__(self, name: str, settings: OidcSettings, read: Read, clock: Callable[[], float] = time.monotonic):
        self._settings = settings
        self._read = read
        self._reading = KeptReading(f"the metadata of the provider of {name}", self._merged, clock)

    def prepare(self) -> None:
        """Begin to read it if it is due, so that no login has to wait. Needs a running loop."""
        if self._settings.needs_metadata:
            self._reading.prepare()

    async def endpoints(self) -> Endpoints:
        """What is known. Waits for the provider only if nothing is. Raises ProviderUnavailable."""
        if not self._settings.needs_metadata:
            return _configured(self._settings)
        try:
            return await self._reading.at_once()
        except FetchFailed as error:
            raise ProviderUnavailable(f"its metadata cannot be read: {error}") from None

    async def stop(self) -> None:
        """End all background work."""
        await self._reading.stop()

    async def _merged(self) -> Endpoints:
        return _merged(self._settings, await self._read())


def _configured(settings: OidcSettings) -> Endpoints:
    given = settings.endpoints
    return Endpoints(
        authorization=given.authorization or "",
        token=Place(given.token or ""),
        pushed=_place(given.pushed),
        userinfo=_place(given.userinfo),
        revocation=_place(given.revocation),
        end_session=given.end_session,
        names_itself=given.names_itself is True,
    )


def _merged(settings: OidcSettings, metadata: IssuerMetadata) -> Endpoints:
    """What the operator says counts more. Raises FetchFailed where neither says what a login needs."""
    given, document, mutual_tls = settings.endpoints, metadata.document, settings.client.uses_mutual_tls
    says_so = document.get("authorization_response_iss_parameter_supported") is True
    end_session = document.get("end_session_endpoint")
    return Endpoints(
        authorization=given.authorization or metadata.place("authorization_endpoint").url,
        token=_place(given.token) or metadata.place("token_endpoint", mutual_tls=mutual_tls),
        pushed=_place(given.pushed) or _optional(metadata, "pushed_authorization_request_endpoint", mutual_tls),
        userinfo=_place(given.userinfo) or _optional(metadata, "userinfo_endpoint", mutual_tls),
        revocation=_place(given.revocation) or _optional(metadata, "revocation_endpoint", mutual_tls),
        end_session=given.end_session or (str(end_session) if is_https_url(end_session) else None),
        names_itself=says_so if given.names_itself is None else given.names_itself,
        requires_pushed=document.get("require_pushed_authorization_requests") is True,
    )


def _place(url: str | None) -> Place | None:
    return None if url is None else Place(url)


def _optional(metadata: IssuerMetadata, member: str, mutual_tls: bool) -> Place | None:
    return metadata.place(member, mutual_tls=mutual_tls) if member in metadata.document else None
