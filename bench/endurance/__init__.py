"""What Hotgate holds out: hours under load while things change and fail, slow clients in masses, a dead backend.

`python -m bench.endurance soak --minutes 60`, `… slow`, `… dead`. Each starts a gateway and its backends as the bench
does (`bench.program`), asks it at a steady rate (`bench.load.steady`), and prints what became of the requests.
Start reading at `__main__.py`, then `site.py`, which is what all three share.
"""
