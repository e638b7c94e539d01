"""Bytes in, bytes out: the data plane between clients and backends that do anything (`scenario.py` says how)."""
