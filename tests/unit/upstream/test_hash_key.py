from hotgate.identity.principal import ANONYMOUS, Principal
from hotgate.testing.exchange import make_exchange
from hotgate.upstream.hash_key import hash_key


def test_one_name_of_two_providers_is_two_callers() -> None:
    key = hash_key("principal")
    found = {
        key(make_exchange(principal=Principal("ada", provider=provider, mechanism="jwt")))
        for provider in ("corp", "labs")
    }
    assert len(found - {None}) == 2


def test_guests_and_nobody_do_not_all_meet_at_one_target() -> None:
    guest = Principal("anonymous", provider="guests", mechanism=ANONYMOUS)
    assert hash_key("principal")(make_exchange(principal=guest)) is None
    assert hash_key("principal")(make_exchange()) is None
