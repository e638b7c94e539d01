"""What a backend is told of the client by the PROXY protocol."""

from typing import TYPE_CHECKING

from hotgate.upstream.proxy_header import ClientAddresses

if TYPE_CHECKING:
    from hotgate.edge.relay import Relay


def client_addresses(relay: "Relay") -> ClientAddresses:
    """The caller as policies see it, after trusted proxies; its port is known only if it connected itself."""
    peer, own = relay.downstream.socket_names
    client = relay.exchange.client
    destination, port = own or ("", 0)
    return ClientAddresses(client, peer[1] if peer and peer[0] == client else 0, destination, port)
