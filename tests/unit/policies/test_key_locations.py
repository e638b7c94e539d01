"""Whatever verifies with published keys says where they are fetched from, or nobody would fetch them."""

import pytest

from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies import MECHANISMS


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda mechanism: mechanism.name)
def test_a_mechanism_with_a_place_of_keys_names_it(mechanism: MechanismSpec) -> None:
    has_keys = any(name in mechanism.model.model_fields for name in ("jwks_url", "jwks_file", "jwks"))
    assert hasattr(mechanism.model, "key_locations") == has_keys


def test_those_are_what_is_looked_for() -> None:
    with_keys = {each.name for each in MECHANISMS if hasattr(each.model, "key_locations")}
    assert with_keys == {"jwt", "introspection", "oidc", "signature"}
