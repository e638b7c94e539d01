"""`hotgate run` from the first line to the exit status."""

import asyncio
import logging
import os
import sys

import uvloop

from hotgate.config.errors import ConfigurationErrors
from hotgate.observe.log import configure
from hotgate.observe.sink import StreamSink
from hotgate.runtime.compiling.load import RunOptions, load_configuration
from hotgate.runtime.control_process import ControlProcess, StartFailed
from hotgate.runtime.folders.control_lock import AlreadyRunning, ControlLock
from hotgate.runtime.folders.runtime_directory import RuntimeDirectoryError, runtime_directory
from hotgate.runtime.sockets.socket_activation import activated_sockets
from hotgate.runtime.upgrading.origin import Origin
from hotgate.runtime.upgrading.predecessor import Predecessor
from hotgate.runtime.upgrading.service_manager import ServiceManager
from hotgate.runtime.worker_process import descriptors

_log = logging.getLogger("hotgate.runtime")


def run_gateway(options: RunOptions) -> int:
    """Run a gateway until it is asked to stop. Returns the exit status: 0 after a drain, 1 if it could not start."""
    configure("json" if options.log_format == "json" else "console", StreamSink(sys.stderr.fileno()))
    sys.path.insert(0, str(options.file.absolute().parent))  # users' policies live beside the configuration
    predecessor = Predecessor.of(os.environ)
    reasons = _run(options, predecessor)
    for reason in reasons:
        _log.error("%s", reason)
    if reasons and predecessor is not None:
        predecessor.failed("\n".join(reasons))
    if not reasons:
        _log.info("stopped")
    return 1 if reasons else 0


def _run(options: RunOptions, predecessor: Predecessor | None) -> list[str]:
    """Returns why the gateway could not start; nothing if it could."""
    try:
        _serve(options, predecessor)
    except ConfigurationErrors as errors:
        return [str(error) for error in errors.errors]
    except AlreadyRunning as error:
        return [f"{options.file}: a gateway of this configuration is {error}"]
    except (RuntimeDirectoryError, StartFailed) as error:
        return [str(error)]
    except OSError as error:
        return [f"cannot start: {error}"]
    return []


def _serve(options: RunOptions, predecessor: Predecessor | None) -> None:
    service = ServiceManager(os.environ)
    sockets = activated_sockets(os.environ, os.getpid())
    loaded = load_configuration(options.file)
    descriptors.tell_if_too_few(descriptors.raise_limit(), loaded.config.limits)  # workers inherit it
    directory = runtime_directory(options.file, loaded.config.runtime_dir, os.environ)
    directory.create()
    lock = ControlLock(directory.lock_path)
    if predecessor is not None:
        lock.inherit(predecessor.lock)
        sockets += predecessor.sockets
    with lock, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:

        async def run() -> None:
            await ControlProcess(options, loaded, directory, Origin(lock, service, sockets, predecessor)).run()

        runner.run(run())
