"""Where a provider answers and what it can do: by its metadata, by the configuration, or by both."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from hotgate.config.https_url import is_https_url
from hotgate.control.download import FetchFailed, failure_reason
from hotgate.control.issuer_metadata import IssuerMetadata
from hotgate.control.judged_address import Place
from hotgate.control.openid.failures import ProviderUnavailable
from hotgate.policies.oidc.oidc_settings import OidcSettings

_log = logging.getLogger(__name__)

INTERVAL = 3600.0  # seconds between two readings; providers move their endpoints once in years
RETRY = 5.0  # seconds after a failure, so that a provider that is down is not asked once for every login
_PATIENCE = 5.0  # seconds for one reading

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
    """Kept while it cannot be read again. read: reads it once, and may raise what `read_metadata` does. clock:
    monotonic seconds."""

    def __init__(self, name: str, settings: OidcSettings, read: Read, clock: Callable[[], float] = time.monotonic):
        self._name = name
        self._settings = settings
        self._read = read
        self._clock = clock
        self._known = None if settings.needs_metadata else _configured(settings)
        self._read_again = 0.0 if settings.needs_metadata else float("inf")
        self._reading: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Begin to read it if it is due, so that no login has to wait. Needs a running loop."""
        if self._clock() >= self._read_again and self._reading is None:
            self._reading = asyncio.create_task(self._refresh())

    async def endpoints(self) -> Endpoints:
        """What is known. Waits for the provider only if nothing is. Raises ProviderUnavailable."""
        self.prepare()
        if self._known is None and self._reading is not None:
            await asyncio.wait({self._reading})  # whoever stops waiting does not end it for the others
        if self._known is None:
            raise ProviderUnavailable("its metadata cannot be read")
        return self._known

    async def stop(self) -> None:
        """End all background work."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _refresh(self) -> None:
        self._read_again = self._clock() + RETRY
        try:
            async with asyncio.timeout(_PATIENCE):
                self._known = _merged(self._settings, await self._read())
            self._read_again = self._clock() + INTERVAL
        except (FetchFailed, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            reason = failure_reason(error)
            _log.warning("the metadata of the provider of %s cannot be read: %s", self._name, reason)
        finally:
            self._reading = None


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
    given, document = settings.endpoints, metadata.document
    says_so = document.get("authorization_response_iss_parameter_supported") is True
    end_session = document.get("end_session_endpoint")
    return Endpoints(
        authorization=given.authorization or metadata.place("authorization_endpoint").url,
        token=_place(given.token) or metadata.place("token_endpoint"),
        pushed=_place(given.pushed) or _optional(metadata, "pushed_authorization_request_endpoint"),
        userinfo=_place(given.userinfo) or _optional(metadata, "userinfo_endpoint"),
        revocation=_place(given.revocation) or _optional(metadata, "revocation_endpoint"),
        end_session=given.end_session or (str(end_session) if is_https_url(end_session) else None),
        names_itself=says_so if given.names_itself is None else given.names_itself,
        requires_pushed=document.get("require_pushed_authorization_requests") is True,
    )


def _place(url: str | None) -> Place | None:
    return None if url is None else Place(url)


def _optional(metadata: IssuerMetadata, member: str) -> Place | None:
    return metadata.place(member) if member in metadata.document else None
