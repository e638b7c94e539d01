"""Whether clients show certificates, whose, and how it is found out that one was revoked: of a listener or a host."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.pem import DerFile, Pem
from hotgate.config.settings import Flag, Form, Settings

_NAME = Form(r"(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", "use a host name in lower case, or `*.` before one")
_RESPONDER = Form(r"https?://[!-~]{1,2000}", "use an http:// or https:// address")


class ClientAuth(Settings):
    """What is asked of clients."""

    client_auth: Literal["none", "optional", "required"] = Field(
        default="none",
        description="Whether clients are asked for a certificate. One that is shown must be valid; `required` refuses "
        "the handshake without. nginx: `ssl_verify_client`.",
    )
    client_ca: Pem | Annotated[tuple[Pem, ...], Field(min_length=1, max_length=64)] | None = Field(
        default=None,
        description="The authorities that certificates of clients come from: a file or PEM text, or a list of them.",
    )
    crl: tuple[DerFile, ...] = Field(
        default=(),
        max_length=64,
        description="Files with the authorities' lists of revoked certificates (CRL), PEM or DER. Read again when they "
        "change; one that is past its next update says nothing. nginx: `ssl_crl`.",
    )
    crl_from_certificate: Flag = Field(
        default=False,
        description="Fetch the list that a certificate names (its CRL distribution points), over http.",
    )
    ocsp: Flag = Field(
        default=False,
        description="Ask the authority's OCSP responder, which the certificate names. nginx: `ssl_ocsp`.",
    )
    ocsp_responder: Annotated[str, _RESPONDER] | None = Field(
        default=None, description="Ask this responder instead of the one that the certificate names."
    )
    revocation_unknown: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="With `crl`, `crl_from_certificate` or `ocsp`: what becomes of a client about whose certificate "
        "nothing valid can be learned.",
    )

    @property
    def authorities(self) -> tuple[str, ...]:
        """The PEM texts of `client_ca`."""
        if self.client_ca is None:
            return ()
        given = (self.client_ca,) if isinstance(self.client_ca, Pem) else self.client_ca
        return tuple(pem.reveal() for pem in given)

    @property
    def checks_revocation(self) -> bool:
        """Whether anything is asked about certificates besides who issued them."""
        return bool(self.crl) or self.crl_from_certificate or self.ocsp

    @model_validator(mode="after")
    def _asks_for_something(self) -> "ClientAuth":
        if (self.client_auth == "none") != (self.client_ca is None):
            raise refused("client_ca and a client_auth of optional or required come together")
        if self.client_auth == "none" and (self.checks_revocation or self.revocation_unknown == "accept"):
            raise refused("crl, ocsp and the like need a client_auth of optional or required")
        if self.ocsp_responder is not None and not self.ocsp:
            raise refused("ocsp_responder needs `ocsp: true`")
        return self


class HostClientAuth(ClientAuth):
    """What is asked of the clients of some hosts, instead of what the listener asks of all others."""

    names: tuple[Annotated[str, _NAME], ...] = Field(
        min_length=1,
        max_length=256,
        description="The hosts, by the name that a client asks for (SNI): exact, or with `*.` for one more label.",
    )
