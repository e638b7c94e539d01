"""Whether a client's certificate is acceptable under the rules in force: not only when a connection begins.

The handshake has verified the chain, its times and its purpose. Here the rest is decided, and decided again after a
reload: whether the authority is still trusted, and whether the certificate was revoked. A refusal is an answer to each
request of the connection, so that people learn why; most TLS clients show alerts to nobody.
"""

import hashlib
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from hotgate.http.response import Response
from hotgate.identity.certificates.client_certificate import PresentedCertificate
from hotgate.identity.certificates.revocation_list import Answer, RevocationLists, Status
from hotgate.identity.unreadable import UNREADABLE

ABOUT = "certificate_status"  # what the control process is asked about (`control/certificate_status.py`)
_MAX_ANSWERS = 4096
_UNKNOWN_FOR = 60.0  # seconds until it is tried again when nothing could be learned
_LONGEST = 3600.0  # seconds that an answer from the network is believed at most

Ask = Callable[[str, Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """refusal: the answer to every request; None: they may pass. until: epoch seconds, then it must be given anew."""

    refusal: Response | None
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
class OnlineCheck:
    """What may be asked over the network. responder: instead of the one that the certificate names, or ""."""

    ocsp: bool = False
    responder: str = ""
    lists: bool = False


Answers = dict[tuple[bytes, OnlineCheck], Answer]  # by SHA-256 of the certificate


class ClientTrust:
    """is_required: whether a client without certificate is refused.

    authorities: PEM texts. ask: the control process; None: nobody can be asked. count: told each result.
    answers: what was learned, kept over reloads; those of other rules are apart. clock: epoch seconds.
    """

    def __init__(
        self,
        authorities: Sequence[str],
        lists: RevocationLists | None = None,
        *,
        online: OnlineCheck | None = None,
        ask: Ask | None = None,
        answers: Answers | None = None,
        is_required: bool = True,
        accepts_unknown: bool = False,
        count: Callable[[str], None] = lambda result: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._certificates = [each for text in authorities for each in x509.load_pem_x509_certificates(text.encode())]
        self.authorities = frozenset(each.public_bytes(Encoding.DER) for each in self._certificates)
        self._lists = lists
        self._online = online
        self._ask = ask
        self.is_required = is_required
        self._accepts_unknown = accepts_unknown
        self._count = count
        self.clock = clock
        self._answers = {} if answers is None else answers

    def judge(self, peer: PresentedCertificate) -> Verdict | None:
        """The verdict on a connection, or None if `learn` must be awaited before."""
        if not self._is_trusted(peer):
            return Verdict(recheck())
        try:
            certificate = x509.load_der_x509_certificate(peer.der)
            refusal = self._refusal(peer, certificate)
        except UNREADABLE:  # OpenSSL is less strict
            refusal = _refused("certificate-malformed", "The certificate is malformed.", _name_of(peer.der))
        if refusal is not None:
            return Verdict(refusal)
        answers = [] if self._lists is None else [self._listed(peer, certificate, self._lists)]
        if self._online is not None:
            learned = self._answers.get((_digest(peer.der), self._online))
            if learned is None or learned.until <= self.clock():
                return None
            answers.append(learned)
        return self._verdict(certificate, answers)

    async def learn(self, peer: PresentedCertificate) -> None:
        """Have the control process find out about the certificate; the next `judge` knows."""
        online = self._online
        if online is None:
            return
        answer = Answer(Status.UNKNOWN, self.clock() + _UNKNOWN_FOR)
        issuer = self._issuer(peer, x509.load_der_x509_certificate(peer.der))
        if issuer is not None and self._ask is not None:
            answer = await self._asked(peer.der, issuer, online, self._ask)
        if len(self._answers) >= _MAX_ANSWERS:
            self._answers.clear()
        self._answers[_digest(peer.der), online] = answer

    async def _asked(self, der: bytes, issuer: x509.Certificate, online: OnlineCheck, ask: Ask) -> Answer:
        body = {
            "certificate": b64encode(der).decode("ascii"),
            "issuer": b64encode(issuer.public_bytes(Encoding.DER)).decode("ascii"),
            "ocsp": online.ocsp,
            "responder": online.responder,
            "lists": online.lists,
        }
        now = self.clock()
        try:
            found = await ask(ABOUT, body)
            return Answer(Status(found["status"]), min(max(float(found["until"]), now + 1), now + _LONGEST))
        except Exception:  # noqa: BLE001 (whatever the reason, nothing is known: the fail mode decides)
            return Answer(Status.UNKNOWN, now + _UNKNOWN_FOR)

    def _listed(self, peer: PresentedCertificate, certificate: x509.Certificate, lists: RevocationLists) -> Answer:
        issuer, now = self._issuer(peer, certificate), self.clock()
        return Answer(Status.UNKNOWN, now) if issuer is None else lists.answer(certificate.serial_number, issuer, now)

    def _refusal(self, peer: PresentedCertificate, certificate: x509.Certificate) -> Response | None:
        if _is_authority(certificate):
            return _refused("certificate-unknown", "Use the certificate of a client.", _name_of(peer.der))
        if certificate.not_valid_after_utc.timestamp() <= self.clock():
            return _refused("certificate-expired", "The certificate is not valid now.", _name_of(peer.der))
        if self._is_of_namesake(peer, certificate):
            detail = "The certificate is not of the authority that it names."
            return _refused("certificate-unknown", detail, _name_of(peer.der))
        return None

    def _is_of_namesake(self, peer: PresentedCertificate, certificate: x509.Certificate) -> bool:
        """Whether an authority of ours is named as its issuer, and another certificate of that name has signed it.

        Each authority can make one below itself with whatever name, and rules tell authorities apart by their names.
        """
        if peer.chain[1:2] and peer.chain[1] in self.authorities:
            return False
        named = [each for each in self._certificates if each.subject == certificate.issuer]
        return bool(named) and not any(_has_signed(each, certificate) for each in named)

    def _is_trusted(self, peer: PresentedCertificate) -> bool:
        """Whether one of its chain is an authority of today. If a session was resumed: whether all of those are that
        it was accepted by, for nobody remembers which one it was.
        """
        if len(peer.chain) == 1 and peer.der not in self.authorities:
            return peer.accepted_by <= self.authorities
        return any(der in self.authorities for der in peer.chain)

    def _issuer(self, peer: PresentedCertificate, certificate: x509.Certificate) -> x509.Certificate | None:
        """Who has signed it; None if that is not known."""
        if len(peer.chain) > 1:
            return x509.load_der_x509_certificate(peer.chain[1])
        return next((each for each in self._certificates if _has_signed(each, certificate)), None)

    def _verdict(self, certificate: x509.Certificate, answers: Sequence[Answer]) -> Verdict:
        """One that revokes is enough; else one that says good."""
        ends = certificate.not_valid_after_utc.timestamp()
        if not answers:
            return Verdict(None, ends)
        statuses = {each.status for each in answers}
        status = next(each for each in (Status.REVOKED, Status.GOOD, Status.UNKNOWN) if each in statuses)
        self._count(status)
        if status is Status.REVOKED:
            detail = "The certificate has been revoked."
            return Verdict(_refused("certificate-revoked", detail, _name_of(certificate.public_bytes(Encoding.DER))))
        if status is Status.UNKNOWN:
            refusal = (
                None if self._accepts_unknown else _status_unknown(_name_of(certificate.public_bytes(Encoding.DER)))
            )
            return Verdict(refusal, min(ends, self.clock() + _UNKNOWN_FOR))
        return Verdict(None, min(ends, *(each.until for each in answers if each.status is Status.GOOD)))


def recheck() -> Response:
    """421: a new connection will be judged by the rules of today; the request was not processed (RFC 9110 §15.5.20)."""
    return Response.problem(
        421, code="certificate-recheck", detail="What this connection has proved is outdated. Use a new one."
    )


def _refused(code: str, detail: str, log_detail: str) -> Response:
    headers = {"www-authenticate": "ClientCertificate"}
    return Response.problem(401, code=code, detail=detail, headers=headers, log_detail=log_detail)


def _name_of(der: bytes) -> str:
    """For the log: as `credential` there names those that are let in."""
    return f"certificate {_digest(der).hex()}"


def _digest(der: bytes) -> bytes:
    return hashlib.sha256(der).digest()


def _status_unknown(log_detail: str) -> Response:
    return Response.problem(
        503,
        code="certificate-status-unknown",
        detail="It is not known whether the certificate has been revoked.",
        headers={"retry-after": "60"},
        log_detail=log_detail,
    )


def _is_authority(certificate: x509.Certificate) -> bool:
    """Raises what `cryptography` does for extensions that it cannot read."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _has_signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True
