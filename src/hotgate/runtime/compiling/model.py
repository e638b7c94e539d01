"""The model of the configuration: with everything that is built in, or for a worker with what its file names."""

from functools import cache
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.config.models import gateway_model
from hotgate.runtime.compiling.without_collection import without_collection


@cache
def built_in_model() -> type[Gateway]:
    """The model with every built-in policy and mechanism."""
    from hotgate.policies import MECHANISMS, POLICIES  # noqa: PLC0415 (heavy: only when a file is read)

    return gateway_model(POLICIES, MECHANISMS)


@cache
def _model_with(mechanisms: frozenset[str], policies: frozenset[str]) -> type[Gateway]:
    """The model with these mechanisms and policies alone: the others are not even imported."""
    from hotgate.policies import MECHANISMS, POLICIES  # noqa: PLC0415 (as above)

    return gateway_model(
        [each for each in POLICIES if each.name in policies], [each for each in MECHANISMS if each.name in mechanisms]
    )


@without_collection()
def validated(tree: dict[str, Any]) -> Gateway:
    """The model of a tree that the control process has validated before. Raises ValueError."""
    entries, routes = tree.get("identity") or {}, tree.get("routes") or ()
    keys = frozenset().union(*routes)
    return _model_with(frozenset().union(*entries.values()), keys & _policy_names()).model_validate(tree)


def _policy_names() -> frozenset[str]:
    from hotgate.policies import POLICIES  # noqa: PLC0415 (as above)

    return frozenset(each.name for each in POLICIES)
