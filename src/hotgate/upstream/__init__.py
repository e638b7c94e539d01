"""The side that faces backends: connection pools, the HTTP/1.1 client, balancing.

Owns every byte between the gateway and a backend. Imports pipeline, observe, config and http, never edge.
Start with `upstream.py` (a named group of targets), then `target.py` (the pool of one address), then `connection.py`
(one socket) and `answer_reader.py` (bytes in, answer events out). `sink.py` is the contract with the edge: an
exchange hands its request to a connection and is called back; no task or future takes part.
"""
