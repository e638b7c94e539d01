"""Reproducible measurements of Hotgate beside nginx, HAProxy, Envoy, Traefik and Caddy. Run with `python -m bench`.

It owns the machinery of measuring and the results page; it imports nothing of Hotgate and starts it as a user would.
The way of a run: `install` finds or fetches the programs, `lab` starts a server of `peers/` on its own core, each
module of `cases/` offers probes, `rounds` takes them in turn, `results` keeps the samples, `report` and `plot` write
the page. Start reading at `__main__.py`, then `rounds.py`.
"""
