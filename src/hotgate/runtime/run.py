"""`hotgate run` from the first line to the exit status."""

import asyncio
import logging
import os
import sys

import uvloop

from hotgate.config.errors import ConfigurationErrors
from hotgate.observe.log import configure
from hotgate.observe.sink import StreamSink
from hotgate.runtime import descriptors
from hotgate.runtime.control_lock import AlreadyRunning, ControlLock
from hotgate.runtime.control_process import ControlProcess, StartFailed
from hotgate.runtime.load import RunOptions, load_configuration
from hotgate.runtime.runtime_directory import RuntimeDirectoryError, runtime_directory

_log = logging.getLogger("hotgate.runtime")


def run_gateway(options: RunOptions) -> int:
    """Run a gateway until it is asked to stop. Returns the exit status: 0 after a drain, 1 if it could not start."""
    configure("json" if options.log_format == "json" else "console", StreamSink(sys.stderr.fileno()))
    sys.path.insert(0, str(options.file.absolute().parent))  # users' policies live beside the configuration
    try:
        _run(options)
    except ConfigurationErrors as errors:
        for error in errors.errors:
            _log.error("%s", error)
    except AlreadyRunning as error:
        _log.error("%s: a gateway of this configuration is %s", options.file, error)
    except (RuntimeDirectoryError, StartFailed) as error:
        _log.error("%s", error)
    except OSError as error:
        _log.error("cannot start: %s", error)
    else:
        _log.info("stopped")
        return 0
    return 1


def _run(options: RunOptions) -> None:
    loaded = load_configuration(options.file)
    descriptors.tell_if_too_few(descriptors.raise_limit(), loaded.config.limits)  # workers inherit it
    directory = runtime_directory(options.file, loaded.config.runtime_dir, os.environ)
    directory.create()
    with ControlLock(directory.lock_path), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:

        async def run() -> None:
            await ControlProcess(options, loaded, directory).run()

        runner.run(run())
