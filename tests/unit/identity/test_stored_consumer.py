"""A caller of the store keeps what its credential demands: a nonce that counts once, a binding."""

from typing import cast

from hotgate.identity.confirmation import Stage
from hotgate.identity.principal import Principal
from hotgate.identity.stored_consumer import StoredConsumers
from hotgate.store.credentials import Credentials
from hotgate.store.records import Consumer


class Demand:
    """Any."""

    stage = Stage.USE

    def refusal(self, exchange: object) -> None:
        return None


class KnowsAcme:
    """One consumer."""

    def consumer(self, name: str) -> Consumer | None:
        return Consumer(name, roles=("partner",)) if name == "acme" else None


def test_what_the_store_adds_takes_no_demand_away() -> None:
    demand = Demand()
    proved = Principal("acme", provider="p", mechanism="signature", confirmations=(demand,))
    completed = StoredConsumers(cast(Credentials, KnowsAcme())).completed(proved)
    assert completed.roles == {"partner"}
    assert completed.confirmations == (demand,)
