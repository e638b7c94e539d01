"""The side that faces clients: listeners, TLS, HTTP/1.1, WebSocket tunnels, and the relay of each exchange.

Owns every byte between a client and the gateway. Imports upstream, pipeline and everything below.
Start with `relay.py` (one exchange, once down and once up), then `connection.py` (one client socket: order, framing,
back-pressure) and `request_reader.py` (bytes in, canonical requests out). `context.py` is what they share in a worker.
TLS: `accept.py` → `tls_handshake.py` → `tls_transport.py`, by the rules and certificates of `tls_listener.py`.
"""
