"""What Hotgate holds out: hours under load while things change and fail, slow clients in masses, a dead backend, a
client far above its limits.

`python -m bench.endurance soak --minutes 60`, `… slow`, `… dead`, `… limits`. Each starts gateways and backends as the
bench does (`bench.program`), and prints what became of the requests. Start reading at `__main__.py`, then `site.py`,
which the first three share, or `limits.py`.
"""
