"""Processes: what starts, supervises, reloads and drains them, and how a configuration becomes a snapshot.

One control process (`control_process.py`) loads the configuration, owns the listening sockets, keeps the workers alive
and serves the admin API. Each worker (`worker.py`) runs one event loop with the data plane. They talk over a Unix
socket (`channel.py`). Workers outlive the control process and look for it again (`control_link.py`).

May import every package but `cli`. Two entry points with two diets: what `worker.py` imports must never pull in the
control plane's libraries (Starlette, uvicorn, httpx, prometheus-client), for they would double a worker's memory.
Start reading at `control_process.py`, then `fleet.py`; on the other side `worker.py`.
"""
