"""Whose key a `keyid` names, when keys of the file and published ones come together and change."""

from hotgate.identity.principal import Principal
from hotgate.identity.signatures.request_verifier import Signer
from hotgate.identity.signatures.signature_key import SecretMessageKey
from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.policies.signatures.signers import PublishedSigners, Signers

JWK = {"kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}
OTHER = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
FIXED = Signer(SecretMessageKey(b"x" * 32), Principal("fixed", provider="p", mechanism="signature"))
CALLER = Principal("acme", provider="p", mechanism="signature")


def signers(fixed: dict[str, Signer], *documents: dict[str, str]) -> tuple[Signers, KeySets]:
    sets = KeySets()
    if documents:
        sets.replace("acme", {"keys": list(documents)})
    return Signers(fixed, [PublishedSigners(sets.get("acme"), CALLER)], sets), sets


def test_keys_of_the_file_come_first() -> None:
    found, _ = signers({"k": FIXED}, {**JWK, "kid": "k"})
    assert found.find("k") is FIXED


def test_another_document_takes_the_place_of_the_one_before() -> None:
    found, sets = signers({}, {**JWK, "kid": "old"})
    assert found.find("old") is not None
    sets.replace("acme", {"keys": [{**OTHER, "kid": "new"}]})
    assert found.find("old") is None
    assert found.find("new") is not None


def test_an_unknown_key_is_verified_with_any_other_that_there_is() -> None:
    only_fixed, _ = signers({"k": FIXED})
    only_published, _ = signers({}, {**JWK, "kid": "k"})
    nobody, _ = signers({})
    assert only_fixed.any() is FIXED
    assert only_published.any() is only_published.find("k")
    assert nobody.any() is None
    assert nobody.find(None) is None


def test_whether_keys_were_ever_there() -> None:
    assert signers({}, {**JWK, "kid": "k"})[0].are_loaded
    assert not signers({"k": FIXED})[0].are_loaded
