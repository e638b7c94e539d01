"""What the store knows of callers who have proved their name without a key of the store: by a certificate, say."""

from hotgate.identity.principal import Principal
from hotgate.store.credentials import Credentials
from hotgate.store.records import Consumer

_MAX_KNOWN = 4096  # callers


class NoConsumer(Exception):
    """The store has nobody of that name. The text is for operators."""


class ConsumerDisabled(Exception):
    """Nobody may call in this name at present. The text is for operators."""


class StoredConsumers:
    """A repeated caller costs two look-ups in dicts."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._known: dict[Principal, tuple[Consumer, Principal]] = {}

    def completed(self, proved: Principal) -> Principal:
        """The caller with what the store adds to it: groups, roles, tier and metadata.

        Raises NoConsumer, ConsumerDisabled, and StoreUnavailable when nobody can tell.
        """
        consumer = self._credentials.consumer(proved.subject)
        if consumer is None:
            raise NoConsumer(f"there is no consumer {proved.subject} in the store")
        known = self._known.get(proved)
        # Whenever anything about it changes, the store's side makes another object.
        return known[1] if known is not None and known[0] is consumer else self._complete(proved, consumer)

    def _complete(self, proved: Principal, consumer: Consumer) -> Principal:
        if consumer.is_disabled:
            raise ConsumerDisabled(f"consumer {consumer.name} is disabled")
        completed = Principal(
            proved.subject,
            provider=proved.provider,
            mechanism=proved.mechanism,
            scopes=proved.scopes,
            roles=proved.roles.union(consumer.roles),
            groups=proved.groups.union(consumer.groups),
            tier=consumer.tier,
            credential=proved.credential,
            expires=proved.expires,
            confirmations=proved.confirmations,
            claims={**proved.claims, "metadata": dict(consumer.metadata)},
        )
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[proved] = (consumer, completed)
        return completed
