"""Configurations for tests that share one gateway, and the gateway that runs them."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

from integration.conftest import TOKEN, Gateway

_HEAD = """\
listeners: [{{name: web, bind: "127.0.0.1:{port}"{listener}}}]
admin: {{bind: "127.0.0.1:{admin_port}", token: "{token}"{admin}}}
workers: {workers}
runtime_dir: run
watch: {watch}
access_log: {{path: access.log}}
"""


def write(
    gateway: Gateway, text: str, *, workers: int = 1, listener: str = "", admin: str = "", watch: bool = False
) -> None:
    """Replace the gateway's file at once: `text` says what comes after listeners, workers and folders.

    listener: more keys of the one listener. admin: more keys of `admin`.
    """
    head = _HEAD.format(
        port=gateway.port,
        admin_port=gateway.admin_port,
        token=TOKEN,
        workers=workers,
        listener=f", {listener}" if listener else "",
        admin=f", {admin}" if admin else "",
        watch=str(watch).lower(),
    )
    new = gateway.folder / "new.yaml"
    new.write_text(head + dedent(text))
    new.replace(gateway.file)


@contextmanager
def serving(
    folder: Path,
    text: str,
    *,
    workers: int = 1,
    listener: str = "",
    admin: str = "",
    watch: bool = False,
    port: int = 0,
) -> Iterator[Gateway]:
    """A running gateway that is ready, keys included; all its processes end with the block. port: 0 for any."""
    gateway = Gateway(folder)
    gateway.port = port or gateway.port
    write(gateway, text, workers=workers, listener=listener, admin=admin, watch=watch)
    try:
        gateway.start()
        gateway.until(lambda: gateway.admin("/readyz")[0] == 200)
        gateway.worker_pids()
        yield gateway
    finally:
        gateway.end()


def reload(gateway: Gateway) -> None:
    """Ask for the file to be read again, and wait until all workers serve it."""
    gateway.signal(signal.SIGHUP)
    gateway.wait_for_log("the configuration is in force")


def metric(gateway: Gateway, name: str, **labels: str) -> float:
    """The sum of all samples of a metric that have these labels."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    samples = [line for line in gateway.admin("/metrics")[1].splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rpartition(" ")[2]) for line in samples if all(label in line for label in wanted))
