"""Starts generations of workers: the first one, and another whenever the listeners or the number of workers change."""

import asyncio
import socket
from collections.abc import Iterator

from hotgate.config.errors import ConfigurationError, ConfigurationErrors
from hotgate.config.loader import Loaded
from hotgate.runtime.compiling.configuration import Configuration
from hotgate.runtime.compiling.load import RunOptions
from hotgate.runtime.folders.runtime_directory import RuntimeDirectory
from hotgate.runtime.sockets.bind_error import BindError
from hotgate.runtime.sockets.listening_sockets import ListeningSockets, NamedSocket
from hotgate.runtime.workers.fleet import Fleet
from hotgate.runtime.workers.generation import Generation
from hotgate.runtime.workers.layout import binds_of, launches, worker_count

START_SECONDS = 60.0  # to import everything and prepare 10,000 routes on a slow core


class Generations:
    """revision, number: of the latest configuration and generation, counted from 1."""

    def __init__(
        self, options: RunOptions, directory: RuntimeDirectory, fleet: Fleet, sockets: ListeningSockets
    ) -> None:
        self._options = options
        self._directory = directory
        self._fleet = fleet
        self._sockets = sockets
        self._number = 0
        self._revision = 0

    def configuration(self, loaded: Loaded) -> Configuration:
        """The next revision."""
        self._revision += 1
        return Configuration(self._revision, loaded.tree, loaded.config, loaded.config.limits.drain)

    def start(self, loaded: Loaded, *, is_held: bool = False) -> Generation:
        """Open what is missing of the sockets and start the workers. Raises ConfigurationErrors.

        is_held: they accept no connection before `generation.may_serve` is set.
        """
        binds, workers = binds_of(loaded.config), worker_count(self._options, loaded.config)
        try:
            self._sockets.open(binds, workers)
        except BindError as error:
            raise ConfigurationErrors([_positioned(loaded, error)]) from error
        self._number += 1
        orders = launches(
            self._options, self._directory, loaded.config, self._number, self._sockets.assignments(binds, workers)
        )
        generation = Generation(self._number, orders, self.configuration(loaded), is_held=is_held)
        self._fleet.start(generation)
        return generation

    def open_admin(self, loaded: Loaded) -> socket.socket:
        """The socket of the admin interface, which is the caller's. Raises ConfigurationErrors."""
        try:
            return self._sockets.open_admin(loaded.config.admin.place)
        except BindError as error:
            raise ConfigurationErrors([_positioned(loaded, error)]) from error

    async def prepare(self, generation: Generation) -> str:
        """Wait until its workers could serve; or stop them and return why they cannot."""
        reason = await _within_reason(generation.prepared)
        reason = reason or generation.failure
        if reason:
            self._fleet.retire(generation, 0.0)
        return reason

    async def settle(self, generation: Generation) -> str:
        """Wait until its workers serve and make it the current one; or stop them and return why they do not."""
        reason = await _within_reason(generation.settled)
        if not reason and not generation.is_ready:
            reason = generation.failure or "the workers died"
        if reason:
            self._fleet.retire(generation, 0.0)
            return reason
        self._fleet.take_over(generation)
        return ""

    def needs_new_workers(self, current: Loaded, new: Loaded) -> bool:
        """True when the workers there are cannot take over the new configuration."""
        return binds_of(new.config) != binds_of(current.config) or worker_count(
            self._options, new.config
        ) != worker_count(self._options, current.config)

    def close_unused(self, loaded: Loaded) -> None:
        """Close the sockets that a configuration does not name."""
        self._sockets.keep_only(binds_of(loaded.config))

    def close_all(self) -> None:
        """Close what this process has of the sockets, or clients would wait in a queue that nobody serves any more."""
        self._sockets.keep_only({})

    def named_sockets(self, loaded: Loaded) -> Iterator[NamedSocket]:
        """The sockets of a configuration, with the names of their listeners."""
        return self._sockets.named(binds_of(loaded.config))

    def addresses(self, loaded: Loaded) -> dict[str, str]:
        """Listener name → where it really listens."""
        return self._sockets.addresses(binds_of(loaded.config))


async def _within_reason(event: asyncio.Event) -> str:
    try:
        await asyncio.wait_for(event.wait(), START_SECONDS)
    except TimeoutError:
        return f"the workers were not ready after {START_SECONDS:g} s"
    return ""


def _positioned(loaded: Loaded, error: BindError) -> ConfigurationError:
    """The error at the key that is to be changed."""
    names = [listener.name for listener in loaded.config.listeners]
    path = ("listeners", names.index(error.listener), "bind") if error.listener in names else ("admin", "bind")
    return loaded.error(path, str(error))
