"""What the backend is told: no name of a role, scope or subject can pass for another."""

from typing import cast

from hotgate.identity.assertion import KeptAssertion
from hotgate.identity.principal import Principal


def fields(subject: str = "ada", roles: set[str] | None = None, scopes: set[str] | None = None) -> dict[bytes, bytes]:
    principal = Principal(
        subject,
        provider="corp",
        mechanism="jwt",
        roles=frozenset(roles or ()),
        scopes=frozenset(scopes or ()),
    )
    return dict(principal.backend_fields)


def test_ordinary_names_stay_as_they_are() -> None:
    assert fields("auth0|ada", {"admin", "dev"}, {"orders:read", "b"}) == {
        b"x-auth-subject": b"auth0|ada",
        b"x-auth-provider": b"corp",
        b"x-auth-scopes": b"b orders:read",
        b"x-auth-roles": b"admin,dev",
    }


def test_without_scopes_and_roles_there_are_no_such_fields() -> None:
    assert set(fields()) == {b"x-auth-subject", b"x-auth-provider"}


def test_groups_tenant_and_client_are_told_where_there_are_any() -> None:
    principal = Principal(
        "ada",
        provider="corp",
        mechanism="jwt",
        groups=frozenset({"b,c", "a"}),
        tenant="acme\r\nx-auth-tenant: evil",
        client="web app",
        tier="gold",
    )
    assert principal.backend_fields[2:] == (
        (b"x-auth-groups", b"a,b%2Cc"),
        (b"x-auth-tenant", b"acme%0D%0Ax-auth-tenant: evil"),
        (b"x-auth-client", b"web app"),
    )


def test_a_comma_in_a_role_does_not_forge_another_role() -> None:
    assert fields(roles={"dev,admin"})[b"x-auth-roles"] == b"dev%2Cadmin"


def test_a_space_in_a_scope_does_not_forge_another_scope() -> None:
    assert fields(scopes={"read admin"})[b"x-auth-scopes"] == b"read%20admin"


def test_line_breaks_cannot_inject_a_field() -> None:
    assert fields("a\r\nx-auth-roles: admin")[b"x-auth-subject"] == b"a%0D%0Ax-auth-roles: admin"


def test_outer_spaces_survive_recipients_that_strip_them() -> None:
    assert fields(" admin")[b"x-auth-subject"] == b"%20admin"
    assert fields("ada lovelace")[b"x-auth-subject"] == b"ada lovelace"


def test_different_subjects_never_look_the_same() -> None:
    subjects = ["é", "%C3%A9", "\ud800", "?", "\x00", "%00", "a b", "a%20b", " a b", "%20a%20b"]
    assert len({fields(subject)[b"x-auth-subject"] for subject in subjects}) == len(subjects)


def test_several_proofs_are_worth_something_as_long_as_each_of_them() -> None:
    token = Principal("ada", provider="corp", mechanism="jwt", expires=200.0)
    device = Principal("laptop", provider="devices", mechanism="mtls", expires=100.0)
    both = token.with_proofs([token, device])
    assert (both.expires, token.expires) == (100.0, 200.0)
    assert both.assertions is not token.assertions
    timeless = Principal("ci", provider="keys", mechanism="api_key")
    assert timeless.with_proofs([timeless]).expires is None


def test_the_representation_shows_no_claims() -> None:
    principal = Principal("ada", provider="corp", mechanism="jwt", claims={"email": "ada@example.com"})
    assert repr(principal) == "<Principal 'ada' of corp>"


def test_the_same_caller_with_another_proof_shares_what_backends_are_told_and_no_assertion() -> None:
    first = Principal("acme", provider="partners", mechanism="api_key", scopes=frozenset({"a"}), credential="k1")
    first.assertions["api"] = cast(KeptAssertion, "signed")
    second = first.with_credential("k2", 5.0, None, {"key_id": "k2"})
    assert (second.subject, second.scopes, second.credential, second.expires) == ("acme", frozenset("a"), "k2", 5.0)
    assert second.claims == {"key_id": "k2"}
    assert second.backend_block is first.backend_block
    assert second.assertions == {}
    assert (first.credential, first.claims) == ("k1", {})
