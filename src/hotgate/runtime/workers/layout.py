"""How many workers a configuration asks for, and with which sockets each is started."""

import os
from collections.abc import Sequence

from hotgate.config.binds import AnyBind
from hotgate.config.gateway import Gateway
from hotgate.runtime.compiling.load import RunOptions
from hotgate.runtime.folders.runtime_directory import RuntimeDirectory
from hotgate.runtime.sockets.listening_sockets import Assignment
from hotgate.runtime.workers.launch import Launch


def worker_count(options: RunOptions, config: Gateway) -> int:
    """The number on the command line, else the file's; `auto` is one for each core that we may use."""
    wanted = options.workers or config.workers
    return len(os.sched_getaffinity(0)) if wanted == "auto" else wanted


def binds_of(config: Gateway) -> dict[str, AnyBind]:
    """Listener name → where it listens."""
    return {listener.name: listener.place for listener in config.listeners}


def launches(
    options: RunOptions,
    directory: RuntimeDirectory,
    config: Gateway,
    generation: int,
    assignments: Sequence[Assignment],
) -> list[Launch]:
    """The orders of each worker of a generation."""
    return [
        Launch(
            socket=str(directory.socket_path),
            index=index,
            generation=generation,
            workers=len(assignments),
            folder=str(options.file.absolute().parent),
            listeners={name: [listening.fileno() for listening in sockets] for name, sockets in assignment.items()},
            log_format=options.log_format,
            shares_limits=config.counters.are_shared,
        )
        for index, assignment in enumerate(assignments)
    ]
