"""What Hotgate tells its operators: metrics, the access log, its own log, and security events.

Owns: the counters of a worker and their sum over workers, the Prometheus page, the writing of log lines off the event
loop, and the masking of tokens in anything that is written.
May import: `routing`, `config`, `http`. It knows nothing of pipelines: the edge hands it numbers and texts.

The main path: when an answer is over the edge calls `RouteRecorder.record` and `AccessLog.append`. Each second the
worker sends `WorkerMetrics.changes()` to the control process, which keeps them in a `Fleet` and shows `Fleet.total()`
by `exposition.expose`. Log lines are formatted in small batches and given to a `ChunkWriter`, whose thread is the only
place that may wait for a disk.
Start reading at `metrics.py`, then `access_log.py`.
"""
