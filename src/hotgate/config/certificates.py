"""What is wrong with the certificates and keys of a configuration that is valid otherwise."""

from collections.abc import Iterator
from datetime import UTC, datetime

from cryptography import x509

from hotgate.config.certificate import certificate_error, chain_of, expiry_warning, is_authority, key_error
from hotgate.config.client_auth import ClientAuth
from hotgate.config.gateway import Gateway
from hotgate.config.ocsp_response import NotStapled, valid_until
from hotgate.config.pem import Pem
from hotgate.config.position import Path
from hotgate.config.references import Finding
from hotgate.config.revocation_list import is_current, is_signed_by, load_list
from hotgate.config.tls import Certificate, Tls


def wrong_certificates(config: Gateway) -> Iterator[Finding]:
    """Every reason for which a handshake could not work."""
    now = datetime.now(UTC)
    for path, pair in _pairs(config):
        yield from _errors_of(path, pair, now)
    for path, certificate, key in _towards_backends(config):
        yield from _misfits(path, certificate, key)
    for path, tls in _listeners(config):
        for place, asked in _client_auths(path, tls):
            yield from _wrong_authorities(place, asked)


def doubtful_certificates(config: Gateway) -> Iterator[Finding]:
    """What works, but not as it should. Call it for a configuration without errors."""
    now = datetime.now(UTC)
    for path, own, _ in _towards_backends(config):
        yield from _expired(path, own, now)
    for path, tls in _listeners(config):
        for place, asked in _client_auths(path, tls):
            yield from _doubtful_authorities(place, asked, now)
    for path, pair in _pairs(config):
        yield from _expired(path, pair.certificate, now)
        certificate = chain_of(pair.certificate.reveal())[0]
        if pair.ocsp_staple is not None and (reason := _not_stapled(pair.ocsp_staple.content, certificate, now)):
            yield Finding((*path, "ocsp_staple"), f"the response is not sent: {reason}")


def _client_auths(path: Path, tls: Tls) -> Iterator[tuple[Path, ClientAuth]]:
    yield path, tls
    yield from (((*path, "clients", index), each) for index, each in enumerate(tls.clients))


def _wrong_authorities(path: Path, asked: ClientAuth) -> Iterator[Finding]:
    for index, pem in enumerate(asked.authorities):
        if error := _chain_error(pem) or _authority_error(pem):
            yield Finding(_place_of(path, asked, index), error)
    for index, file in enumerate(asked.crl):
        try:
            load_list(file.content)
        except ValueError as error:
            yield Finding((*path, "crl", index), str(error))


def _doubtful_authorities(path: Path, asked: ClientAuth, now: datetime) -> Iterator[Finding]:
    if asked.revocation_unknown == "accept":
        message = "a revoked certificate is accepted whenever nothing can be learned about it"
        yield Finding((*path, "revocation_unknown"), message, "leave it at `refuse`")
    authorities = [each for pem in asked.authorities for each in chain_of(pem)]
    for index, pem in enumerate(asked.authorities):
        yield from (
            Finding(_place_of(path, asked, index), warning)
            for each in chain_of(pem)
            if (warning := expiry_warning(each, now))
        )
    for index, file in enumerate(asked.crl):
        found = load_list(file.content)
        if not is_current(found):
            yield Finding((*path, "crl", index), "the list is past its next update: it says nothing about anybody")
        elif not any(is_signed_by(found, each) for each in authorities):
            message = "no authority of `client_ca` has signed the list: it says nothing about their certificates"
            yield Finding((*path, "crl", index), message)


def _place_of(path: Path, asked: ClientAuth, index: int) -> Path:
    return (*path, "client_ca", *([index] if isinstance(asked.client_ca, tuple) else []))


def _errors_of(path: Path, pair: Certificate, now: datetime) -> Iterator[Finding]:
    yield from _misfits(path, pair.certificate, pair.key)
    pem = pair.certificate.reveal()
    if not _chain_error(pem) and (error := certificate_error(chain_of(pem)[0], now)):
        yield Finding((*path, "certificate"), error)


def _misfits(path: Path, certificate: Pem, key: Pem) -> Iterator[Finding]:
    """Why the two cannot be used together."""
    pem = certificate.reveal()
    if error := _chain_error(pem):
        yield Finding((*path, "certificate"), error)
    elif error := key_error(key.reveal(), chain_of(pem)[0]):
        yield Finding((*path, "key"), error)


def _expired(path: Path, certificate: Pem, now: datetime) -> Iterator[Finding]:
    if warning := expiry_warning(chain_of(certificate.reveal())[0], now):
        yield Finding((*path, "certificate"), warning)


def _chain_error(pem: str) -> str:
    try:
        chain_of(pem)
    except ValueError as error:
        return str(error)
    return ""


def _authority_error(pem: str) -> str:
    """That a certificate can have signed none of the clients', and nobody would get in; "" if each can."""
    if all(is_authority(each) for each in chain_of(pem)):
        return ""
    return "has a certificate that is no authority's; name the one that signs the clients' certificates"


def _not_stapled(der: bytes, certificate: x509.Certificate, now: datetime) -> str:
    try:
        return "it is expired" if valid_until(der, certificate) < now else ""
    except NotStapled as reason:
        return str(reason)


def _listeners(config: Gateway) -> Iterator[tuple[Path, Tls]]:
    for index, listener in enumerate(config.listeners):
        if listener.tls is not None:
            yield ("listeners", index, "tls"), listener.tls


def _towards_backends(config: Gateway) -> Iterator[tuple[Path, Pem, Pem]]:
    """The gateway's own certificates and keys, as backends see them."""
    for name, upstream in config.upstreams.items():
        tls = upstream.tls
        if tls is not None and tls.certificate is not None and tls.key is not None:
            yield ("upstreams", name, "tls"), tls.certificate, tls.key


def _pairs(config: Gateway) -> Iterator[tuple[Path, Certificate]]:
    for path, tls in _listeners(config):
        for index, pair in enumerate(tls.pairs):
            yield ((*path, "certificates", index) if tls.certificates else path), pair
