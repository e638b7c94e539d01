"""What the admin API works on: the state of the gateway, and the records of its store."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

from hotgate.control.consumer_administration import ConsumerAdministration
from hotgate.control.gateway_state import GatewayState
from hotgate.control.key_administration import KeyAdministration
from hotgate.control.key_import import KeyImport
from hotgate.control.revocation_administration import RevocationAdministration
from hotgate.control.session_administration import SessionAdministration
from hotgate.store.pepper import Peppers

if TYPE_CHECKING:
    from hotgate.store.sessions.session_store import SessionStore
    from hotgate.store.store import Store


class Records(NamedTuple):
    """The rules for each kind of record."""

    consumers: ConsumerAdministration
    keys: KeyAdministration
    key_import: KeyImport
    revocations: RevocationAdministration
    sessions: SessionAdministration

    @classmethod
    def of(
        cls,
        store: "Store",
        peppers: Peppers,
        clock: Callable[[], float],
        providers: Collection[str],
        kept: Mapping[str, "SessionStore"],
    ) -> Self:
        """Those of a store. clock: seconds since the epoch. providers: whose tokens can be revoked. kept: where the
        sessions of logins are, by entry."""
        return cls(
            ConsumerAdministration(store, clock),
            KeyAdministration(store, peppers, clock),
            KeyImport(store, peppers, clock),
            RevocationAdministration(store, clock, providers),
            SessionAdministration(store, kept, clock, providers),
        )


@dataclass(frozen=True, slots=True)
class Administration:
    """records: those of the store in force; None when there is none."""

    state: GatewayState
    records: Callable[[], Records | None]
