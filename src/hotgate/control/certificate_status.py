"""Whether clients' certificates were revoked, asked of their authorities: OCSP responders and published lists.

Workers ask (`identity/certificates/client_trust.py`) about certificates whose chain they have verified, so the
addresses within are those that a configured authority has signed. But some authorities sign whatever a request has, so
what a certificate names never leads into this machine or to a cloud's metadata (CWE-918). Nothing is believed that is
not signed, recent and about the certificate; nothing large or slow is read; and no redirect is followed.
"""

import asyncio
import logging
import secrets
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import httpx
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from hotgate.config.revocation_list import MAX_LIST_BYTES, load_list
from hotgate.control.address_zone import Zone, zone_of
from hotgate.control.judged_address import Resolve, resolved
from hotgate.identity.certificates.ocsp_answer import MAX_ANSWER_BYTES, NotBelieved, question, read_answer
from hotgate.identity.certificates.revocation_list import Answer, RevocationLists, Status

_log = logging.getLogger(__name__)

TIMEOUT = 5.0  # seconds for everything about one certificate; whoever asks waits for less, and asks again
_FAILED_FOR = 15.0  # seconds until a responder that failed is asked again about the same certificate
_LONGEST = 3600.0  # seconds that an answer is kept at most, whatever it says of itself
_MAX_KEPT = 10_000
_MAX_FLIGHTS = 64
_MAX_ADDRESSES = 2  # of each kind that a certificate may name, and of each name
_CLOSED = frozenset({Zone.LOOPBACK, Zone.LINK_LOCAL, Zone.OTHER})
_FAILURES = (ValueError, OSError, httpx.HTTPError, httpx.InvalidURL)  # NotBelieved and TimeoutError are among them

Key = tuple[bytes, str, bool]  # SHA-256 of the certificate; which responder is asked; whether lists are


class CertificateStatus:
    """Answers the questions of all workers. client: without redirects. clock: epoch seconds."""

    def __init__(
        self, client: httpx.AsyncClient, clock: Callable[[], float] = time.time, resolve: Resolve = resolved
    ) -> None:
        self._client = client
        self._clock = clock
        self._resolve = resolve
        self._kept: dict[Key, Answer] = {}
        self._flights: dict[Key, asyncio.Task[Answer]] = {}

    async def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """body: certificate and issuer (DER in base64), ocsp and lists (whether to ask), responder (address or "").

        Raises KeyError, TypeError or ValueError for a question that makes no sense.
        """
        der = b64decode(body["certificate"])
        responder = str(body["responder"]) if body["ocsp"] else "-"
        key = (sha256(der).digest(), responder, bool(body["lists"]))
        kept = self._kept.get(key)
        if kept is None or kept.until <= self._clock():
            certificate, issuer = (x509.load_der_x509_certificate(each) for each in (der, b64decode(body["issuer"])))
            kept = await self._found(key, certificate, issuer)
        return {"status": str(kept.status), "until": kept.until}

    async def stop(self) -> None:
        """End all work."""
        for flight in self._flights.values():
            flight.cancel()
        await asyncio.gather(*self._flights.values(), return_exceptions=True)
        await self._client.aclose()

    async def _found(self, key: Key, certificate: x509.Certificate, issuer: x509.Certificate) -> Answer:
        """Wait for the answer, or for the one that is being fetched; whoever stops waiting does not end it."""
        flight = self._flights.get(key)
        if flight is None:
            if len(self._flights) >= _MAX_FLIGHTS:
                return Answer(Status.UNKNOWN, self._clock() + 1)
            flight = self._flights[key] = asyncio.create_task(self._fly(key, certificate, issuer))
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        return await asyncio.shield(flight)

    async def _fly(self, key: Key, certificate: x509.Certificate, issuer: x509.Certificate) -> Answer:
        answer = Answer(Status.UNKNOWN, self._clock() + _FAILED_FOR)
        try:
            async with asyncio.timeout(TIMEOUT):
                answer = await self._learned(key, certificate, issuer)
        except _FAILURES as error:
            reason = str(error) if isinstance(error, NotBelieved) else type(error).__name__
            _log.warning("nothing was learned about a client's certificate: %s", reason)
        if len(self._kept) >= _MAX_KEPT:
            self._kept.clear()
        self._kept[key] = answer = Answer(answer.status, min(answer.until, self._clock() + _LONGEST))
        return answer

    async def _learned(self, key: Key, certificate: x509.Certificate, issuer: x509.Certificate) -> Answer:
        """OCSP first: it is newer, and smaller. A list if the responder cannot say."""
        _, responder, wants_lists = key
        problem: Exception = NotBelieved("the certificate names no responder and no list")
        addresses = [responder] if responder not in ("", "-") else [*_responders(certificate)]
        for address in addresses if responder != "-" else []:
            try:
                answer = await self._asked(address, certificate, issuer, is_named=address != responder)
                if answer.status is not Status.UNKNOWN:
                    return answer
            except _FAILURES as error:
                problem = error
        for address in _list_addresses(certificate) if wants_lists else ():
            try:
                return await self._listed(address, certificate, issuer)
            except _FAILURES as error:
                problem = error
        raise problem

    async def _asked(
        self, address: str, certificate: x509.Certificate, issuer: x509.Certificate, *, is_named: bool
    ) -> Answer:
        """is_named: by the certificate, not by the operator."""
        nonce = secrets.token_bytes(32)
        sent = question(certificate, issuer, nonce)
        fields = {"content-type": "application/ocsp-request", "accept-encoding": "identity"}
        request = self._client.build_request("POST", address, content=sent, headers=fields)
        fetch = self._fetched_from_named if is_named else self._fetched
        return read_answer(await fetch(request, MAX_ANSWER_BYTES), certificate, issuer, nonce, self._clock())

    async def _listed(self, address: str, certificate: x509.Certificate, issuer: x509.Certificate) -> Answer:
        request = self._client.build_request("GET", address, headers={"accept-encoding": "identity"})
        found = load_list(await self._fetched_from_named(request, MAX_LIST_BYTES))
        answer = RevocationLists([found]).answer(certificate.serial_number, issuer, self._clock())
        if answer.status is Status.UNKNOWN:
            raise NotBelieved("the list is not of the authority, or not of this time")
        return answer

    async def _fetched_from_named(self, request: httpx.Request, most: int) -> bytes:
        """Connect to where the name leads now: looked up again, it could lead elsewhere."""
        url = request.url
        addresses = (await self._resolve(url.host, url.port or (443 if url.scheme == "https" else 80)))[:_MAX_ADDRESSES]
        if any(zone_of(address) in _CLOSED for address in addresses):
            raise NotBelieved("the certificate names a host that is this machine, or on its link (see ocsp_responder)")
        problem: Exception = NotBelieved("the certificate names a host that has no address")
        for address in addresses:
            request.url = url.copy_with(host=address)
            request.extensions = {**request.extensions, "sni_hostname": url.host}
            try:
                return await self._fetched(request, most)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                problem = error
        raise problem

    async def _fetched(self, request: httpx.Request, most: int) -> bytes:
        response = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            if response.status_code != 200 or "content-encoding" in response.headers:
                raise NotBelieved(f"status {response.status_code}, or compressed")
            body = bytearray()
            async for piece in response.aiter_raw(16 * 1024):
                body += piece
                if len(body) > most:
                    raise NotBelieved(f"more than {most} bytes")
            return bytes(body)
        finally:
            await response.aclose()


def _responders(certificate: x509.Certificate) -> list[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    wanted = (each for each in access if each.access_method == AuthorityInformationAccessOID.OCSP)
    return list(_addresses(each.access_location for each in wanted))[:_MAX_ADDRESSES]


def _list_addresses(certificate: x509.Certificate) -> list[str]:
    """Points that are for all reasons and of the certificate's own authority."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    names = (name for each in points if not each.reasons and not each.crl_issuer for name in each.full_name or ())
    return list(_addresses(names))[:_MAX_ADDRESSES]


def _addresses(names: Any) -> Iterator[str]:
    for name in names:
        if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(("http://", "https://")):
            yield name.value
