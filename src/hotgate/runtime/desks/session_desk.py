"""Sessions of logins in the control process: where they are kept, what workers ask about them, and how they end."""

from hotgate.config.gateway import Gateway
from hotgate.control.revoker import Revoker
from hotgate.runtime.desks.answers import Answers
from hotgate.runtime.desks.credential_store import CredentialStore
from hotgate.runtime.desks.logins import LoginDesk
from hotgate.runtime.desks.logouts import Logouts
from hotgate.runtime.desks.security_events import SecurityEventDesk
from hotgate.runtime.desks.session_places import SessionPlaces
from hotgate.runtime.desks.sessions import Sessions


class SessionDesk:
    """credentials: has the store. logins: verifies logout tokens. load_session: `Sessions.load`, which only reads."""

    def __init__(self, answers: Answers, credentials: CredentialStore, logins: LoginDesk) -> None:
        self.places = SessionPlaces(lambda: credentials.store)
        revoker = Revoker(lambda: credentials.store, self.places.kept)
        self._logouts = Logouts(logins.verify_logout_token, revoker, self.places)
        self._events = SecurityEventDesk(revoker)
        sessions = Sessions(self.places, revoker)
        sessions.register(answers)
        self.load_session = sessions.load
        self._logouts.register(answers)
        self._events.register(answers)

    async def follow(self, config: Gateway) -> None:
        """Use what a configuration names, and nothing else."""
        await self.places.follow(config)
        self._logouts.follow(config)
        self._events.follow(config)

    def tick(self) -> None:
        """Call about once a second."""
        self.places.tick()

    async def stop(self) -> None:
        """Let go of everything."""
        await self.places.stop()
