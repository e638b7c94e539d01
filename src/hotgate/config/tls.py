"""`tls:` of a listener: with what it proves who it is, and what it asks of clients."""

from typing import Literal

from pydantic import Field, model_validator

from hotgate.config.client_auth import ClientAuth, HostClientAuth
from hotgate.config.notation import refused
from hotgate.config.pem import DerFile, Pem
from hotgate.config.settings import Settings
from hotgate.config.tls_version import TlsVersion


class Certificate(Settings):
    """A certificate with its key. Clients that ask for one of its names get it."""

    certificate: Pem = Field(
        description="The certificate, followed by those between it and its authority. A path starts from the folder "
        "of the main file; the file is read again when it changes."
    )
    key: Pem = Field(description="Its private key, without a pass phrase: RSA of 2048 bits or more, ECDSA or Ed25519.")
    ocsp_staple: DerFile | None = Field(
        default=None,
        description="A file with the authority's OCSP response for it (DER), which is sent to clients that ask. "
        "Read again when it changes; one that is expired or for another certificate is not sent.",
    )


class Tls(ClientAuth):
    """TLS on a listener: versions 1.2 and 1.3, forward secrecy and authenticated encryption only, no renegotiation."""

    certificate: Pem | None = Field(default=None, description="The only certificate, with `key`; else `certificates`.")
    key: Pem | None = Field(default=None, description="Its private key.")
    ocsp_staple: DerFile | None = Field(default=None, description="Its OCSP response, as in `certificates`.")
    certificates: tuple[Certificate, ...] = Field(
        default=(),
        max_length=1000,
        description="Several certificates, chosen by the name that a client asks for (SNI): an exact name, then "
        "`*.` in place of its first label, then the first certificate of the list.",
    )
    min_version: TlsVersion = Field(default="1.2", description="The oldest version of TLS that is spoken, in quotes.")
    unknown_sni: Literal["default", "refuse"] = Field(
        default="default",
        description="A client that asks for no name, or one that no certificate has: it gets the first certificate, "
        "or is refused.",
    )
    clients: tuple[HostClientAuth, ...] = Field(
        default=(),
        max_length=256,
        description="Hosts that ask something else of their clients than the keys beside this one say. A connection "
        "that was made for one host is for no other then (421).",
    )

    @property
    def pairs(self) -> tuple[Certificate, ...]:
        """Every certificate, the default one first."""
        if self.certificate is None or self.key is None:
            return self.certificates
        only = Certificate(certificate=self.certificate, key=self.key, ocsp_staple=self.ocsp_staple)
        return (only,)

    @property
    def asks(self) -> bool:
        """Whether the clients of any host are asked for certificates."""
        return any(each.client_auth != "none" for each in (self, *self.clients))

    @model_validator(mode="after")
    def _fits_together(self) -> "Tls":
        has_one = self.certificate is not None or self.key is not None
        if has_one and (self.certificate is None or self.key is None):
            raise refused("certificate and key come together")
        if has_one == bool(self.certificates):
            raise refused("needs certificate and key, or certificates, not both")
        if self.ocsp_staple is not None and not has_one:
            raise refused("ocsp_staple stands beside the certificate that it is for")
        names = [name for entry in self.clients for name in entry.names]
        if len(names) != len(set(names)):
            raise refused("a name stands in `clients` more than once")
        return self
