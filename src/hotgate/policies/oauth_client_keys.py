"""Whether the keys of an OAuth client can be used: the control process needs them, and `hotgate check` asks here."""

from hotgate.config.oauth_client import OAuthClient
from hotgate.keys.signing_key import SigningKey
from hotgate.upstream.client_tls import client_context


def check_client(client: OAuthClient) -> None:
    """Raises ValueError for a key or a certificate that cannot be used."""
    if client.private_key is not None:
        SigningKey.from_pem(client.private_key.reveal())
    if client.certificate is not None or client.ca:
        client_context(
            ca=[each.reveal() for each in client.ca],
            certificate="" if client.certificate is None else client.certificate.reveal(),
            key="" if client.certificate_key is None else client.certificate_key.reveal(),
        )
