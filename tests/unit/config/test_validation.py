from collections.abc import Callable

Errors = Callable[[str], list[str]]
ROUTE = "routes: [{name: r, match: {path: /}, respond: {}, public: true, %s}]"


def test_misspelt_key_within_a_policy_gets_a_hint(routes_of: Errors) -> None:
    assert routes_of(ROUTE % "rate_limit: {limit: 1/s, bye: x}") == [
        "hotgate.yaml:3:90: routes[0].rate_limit.bye: unknown key 'bye'; did you mean 'by'?"
    ]


def test_unlike_key_gets_the_list_of_keys(routes_of: Errors) -> None:
    assert routes_of(ROUTE % "rate_limit: {limit: 1/s, zzz: x}")[0].endswith("known keys: by, limit")


def test_misspelt_name_of_a_policy_gets_a_hint(routes_of: Errors) -> None:
    assert "did you mean 'rate_limit'?" in routes_of(ROUTE % "ratelimit: {limit: 1/s}")[0]


def test_misspelt_key_of_a_mechanism_gets_a_hint(routes_of: Errors) -> None:
    assert "did you mean 'header'?" in routes_of("identity: {corp: {api_key: {haeder: x}}}")[0]


def test_text_of_a_policys_own_check_is_shown(routes_of: Errors) -> None:
    assert routes_of(ROUTE % "rate_limit: {limit: 1/s, by: moon-phase}")[0].endswith("nothing is called moon")


def test_members_of_a_union_speak_in_one_sentence(routes_of: Errors) -> None:
    errors = routes_of("identity: {corp: {token: {secret: x, audience: 7}}}")
    assert errors == [
        "hotgate.yaml:3:48: identity.corp.token.audience: must be text; quote it, or must be a list",
    ]


def test_where_text_was_read_nobody_says_that_it_could_be_a_list(routes_of: Errors) -> None:
    (error,) = routes_of('store: {pepper: "file:nowhere"}')
    assert error.endswith("store.pepper: the secret's file cannot be used: No such file or directory")


def test_member_that_went_deeper_speaks_alone(routes_of: Errors) -> None:
    errors = routes_of("identity: {corp: {token: {secret: x, audience: [a, 7]}}}")
    assert errors == ["hotgate.yaml:3:52: identity.corp.token.audience[1]: must be text; quote it"]


def test_key_of_a_mapping_is_pointed_at(routes_of: Errors) -> None:
    assert routes_of("identity:\n  c/d: {api_key: {}}")[0].startswith("hotgate.yaml:4:3: identity.c/d: use letters")


def test_very_long_key_is_cut(routes_of: Errors) -> None:
    assert len(routes_of(f"{'k' * 500}: 1")[0].partition("unknown key")[2]) < 450
