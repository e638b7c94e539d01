"""What a running gateway answers to steps that are explained: it looks, and changes nothing.

Of what workers ask (`runtime/desks/answers.py`), only this is answered. The rest would use something up, or be seen by
somebody else: a wrong password counts at a directory, a renewed session ends the one that the browser has.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hotgate.policies.introspection.questions import ABOUT as INTROSPECTION
from hotgate.policies.passwords.password_authenticator import ABOUT as PASSWORD
from hotgate.runtime.desks.answers import NotAsked
from hotgate.runtime.desks.introspections import Introspections
from hotgate.runtime.desks.passwords import Passwords
from hotgate.runtime.desks.proofs import Proofs
from hotgate.runtime.desks.single_use import SingleUse

Answer = Callable[[Any], Awaitable[Any]]


class LookingAnswers:
    """Call it as workers call `Questions.ask`."""

    def __init__(
        self,
        introspections: Introspections,
        passwords: Passwords,
        proofs: Proofs,
        single_use: SingleUse,
        load_session: Answer,
    ) -> None:
        self._by_subject: Mapping[str, Answer] = {
            INTROSPECTION: introspections.answer,
            PASSWORD: passwords.look,
            "proofs": proofs.look,
            "single_use": single_use.look,
            "session.load": load_session,
            "session.touch": _noted,
        }

    async def ask(self, about: str, body: Any, wait: float | None = None) -> Any:
        """The answer. Raises NotAsked, and whatever the desk raises."""
        answer = self._by_subject.get(about)
        if answer is None:
            raise NotAsked(f"nobody is asked about {about} while a request is explained")
        return await answer(body)


async def _noted(_: Any) -> bool:
    """As if the use of a session had been written down."""
    return True
