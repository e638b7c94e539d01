"""Processes: what starts, supervises, reloads and drains them, and how a configuration becomes a snapshot.

One control process (`control_process.py`) loads the configuration, owns the listening sockets (`sockets`), keeps the
workers alive (`workers`), answers them and operators (`desks`), and hands over to a newer version (`upgrading`). What
it keeps on disk is in `folders`. Each worker (`worker_process`) runs one event loop with the data plane, from what
`compiling` makes of a configuration. They talk over a Unix socket. Workers outlive the control process.

May import every package but `cli` and `demo`. Two entry points with two diets: what a worker imports must never pull in
the control plane's libraries (Starlette, uvicorn, httpx, prometheus-client, SQLAlchemy), which would double its memory.
Start reading at `control_process.py`, then `workers/fleet.py`; on the other side `worker_process/worker.py`.
"""
