"""The demo: a real gateway with a real configuration, two small backends, and requests to try on it.

It owns what `hotgate demo` shows, and no part of a gateway: the gateway is `hotgate run` in a process of its own, the
token is signed by a key made at the start, the files lie in a folder that the reader may change.
It may import every package but `cli`. Start reading at `run.py`.
"""
