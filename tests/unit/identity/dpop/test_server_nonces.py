import pytest

from hotgate.identity.dpop.server_nonces import ServerNonces

MESSAGE = {"type": "proofs", "epoch": "e", "nonces": ["new", "old"], "since": 1000.0}


def test_the_newest_is_first() -> None:
    nonces = ServerNonces.from_message(MESSAGE)
    assert (nonces.epoch, nonces.newest) == ("e", "new")
    assert nonces.accepted == {"new", "old"}


@pytest.mark.parametrize(("issued", "is_later"), [(999.0, False), (1010.0, False), (1010.5, True)])
def test_a_clock_that_is_ahead_does_not_make_an_old_proof_new(issued: float, is_later: bool) -> None:
    assert ServerNonces.from_message(MESSAGE).is_of_this_epoch(issued) is is_later


def test_while_another_process_answers_too_no_proof_is_certainly_new() -> None:
    assert not ServerNonces.from_message({**MESSAGE, "since": None}).is_of_this_epoch(1e12)


@pytest.mark.parametrize("changes", [{"nonces": []}, {"nonces": None}, {"since": "soon"}])
def test_nonsense_is_an_error(changes: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        ServerNonces.from_message({**MESSAGE, **changes})
