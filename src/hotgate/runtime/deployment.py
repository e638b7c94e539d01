"""The configuration in force, and how another one takes its place: wholly or not at all."""

import asyncio
import os
import socket
from contextlib import ExitStack, closing

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.loader import Loaded
from hotgate.runtime.control_plane import ControlPlane
from hotgate.runtime.folders.admin_token import AdminToken
from hotgate.runtime.folders.session_key_file import SessionKeysUnavailable
from hotgate.runtime.folders.signing_key_file import SigningKeysUnavailable
from hotgate.runtime.folders.state_directory import state_directory
from hotgate.runtime.workers.conversations import Conversations
from hotgate.runtime.workers.generations import Generations


class Deployment:
    """loaded: what is in force."""

    def __init__(
        self, loaded: Loaded, generations: Generations, conversations: Conversations, plane: ControlPlane
    ) -> None:
        self.loaded = loaded
        self._generations = generations
        self._conversations = conversations
        self._plane = plane
        self._admin: socket.socket

    async def start(self, workers: int) -> None:
        """Bring up what the first configuration needs besides workers. Raises ConfigurationErrors."""
        self._plane.set_workers(workers)
        await self._follow()
        self._admin = self._generations.open_admin(self.loaded)

    async def serve_admin(self) -> None:
        """Answer operators from now on; call after `start`."""
        self._configure_admin()
        await self._plane.admin.serve(self._admin)

    async def apply(self, new: Loaded) -> str:
        """Put a configuration into force. Returns why not; then nothing has changed. Raises ConfigurationErrors."""
        if new.config.runtime_dir != self.loaded.config.runtime_dir:
            return "runtime_dir cannot change while the gateway runs; restart it"
        if new.config.counters != self.loaded.config.counters:
            return "counters cannot change while the gateway runs; restart it"
        if new.tree == self.loaded.tree:
            self.loaded = new
            self._plane.explanations.follow(new)  # its lines may be others
            return ""
        await self._have_own_keys(new)
        try:
            self._plane.passwords.add(new.config)
            await self._plane.credentials.add(new)
            self._plane.introspections.add(new.config)
            await self._plane.upstream_tokens.add(new.config)
            await asyncio.gather(self._plane.keys.add(new.config), self._plane.targets.add(new.config))
            await self._plane.logins.add(new.config)
            return await self._replace(new)
        finally:
            await self._follow()

    async def _follow(self) -> None:
        config = self.loaded.config
        self._plane.explanations.follow(self.loaded)
        self._plane.bans.follow(config.brute_force)
        self._plane.releases.follow(config)
        self._plane.versions.follow(config)
        self._plane.passwords.follow(config)
        await self._have_own_keys(self.loaded)
        await self._plane.credentials.follow(self.loaded)
        self._plane.limits.follow(config)
        await self._plane.quota_place.follow(config)
        self._plane.introspections.follow(config)
        await self._plane.upstream_tokens.follow(config)
        await asyncio.gather(self._plane.keys.follow(config), self._plane.targets.follow(config))
        await self._plane.logins.follow(config)
        await self._plane.sessions.follow(config)
        await self._plane.counters.follow(config)

    async def _have_own_keys(self, loaded: Loaded) -> None:
        try:
            await self._plane.signing_keys.follow(loaded.config)
            await self._plane.session_keys.follow(loaded.config)
        except SigningKeysUnavailable as error:
            raise ConfigurationErrors([loaded.error(("assertion",), str(error))]) from error
        except SessionKeysUnavailable as error:
            raise ConfigurationErrors([loaded.error(("sessions",), str(error))]) from error

    async def _replace(self, new: Loaded) -> str:
        with ExitStack() as opened:
            admin = None
            if new.config.admin.place != self.loaded.config.admin.place:
                admin = opened.enter_context(closing(self._generations.open_admin(new)))
            reason = await self._change_workers(new)
            if reason:
                return reason
            opened.pop_all()
        self.loaded = new
        self._plane.in_force(new.config)
        self._configure_admin()
        if admin is not None:
            await self._plane.admin.serve(admin)
        return ""

    def _configure_admin(self) -> None:
        config = self.loaded.config
        state = state_directory(self.loaded.file, config.state_dir, os.environ)
        self._plane.admin.configure(config.admin, AdminToken(state))

    async def _change_workers(self, new: Loaded) -> str:
        if not self._generations.needs_new_workers(self.loaded, new):
            return await self._conversations.change_configuration(self._generations.configuration(new))
        generation = self._generations.start(new)
        self._plane.set_workers(len(generation.places))
        reason = await self._generations.settle(generation)
        if reason:
            self._plane.set_workers(len(self._conversations.current.places))
        self._generations.close_unused(self.loaded if reason else new)
        return reason
