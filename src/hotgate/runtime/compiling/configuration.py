"""One configuration on its way to the workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hotgate.runtime.workers.channel import encode_frame


@dataclass(frozen=True)
class Configuration:
    """revision: counts the configurations since the control process started. tree: what the workers validate again.

    model: the validated one. drain: seconds that requests in flight are given when a worker stops.
    """

    revision: int
    tree: Mapping[str, Any]
    model: Any
    drain: float

    def prepare_frame(self, keys: Mapping[str, Any]) -> bytes:
        """The `prepare` message with the keys known now, encoded once for all workers. Raises FrameError.

        keys: `key_sets`, to verify tokens with; `ticket_key`, of TLS sessions; `signing_keys`, of assertions; `store`,
        for `CredentialSettings`.
        """
        return encode_frame({"type": "prepare", "revision": self.revision, "tree": _for_workers(self.tree), **keys})


def _for_workers(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what workers do not need: tokens of operators, and the address, so the password, of the store."""
    needed = {key: value for key, value in tree.items() if key != "admin"}
    if isinstance(admin := tree.get("admin"), Mapping) and "explain" in admin:
        needed["admin"] = {"explain": admin["explain"]}
    if isinstance(store := needed.get("store"), Mapping):
        needed["store"] = {key: value for key, value in store.items() if key != "url"}
    return needed
