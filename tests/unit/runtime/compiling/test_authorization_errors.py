"""What `hotgate check` says of `authorize` and `authorization`: file, line and column of each mistake."""

from pathlib import Path
from textwrap import dedent

import pytest

from hotgate.config.errors import ConfigurationErrors
from hotgate.runtime.compiling.compile_errors import compile_errors
from hotgate.runtime.compiling.load import load_configuration

HEAD = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
identity: {corp: {jwt: {issuer: "https://idp.example.com", audience: api, jwks_url: "https://idp.example.com/keys"}}}
"""


def found(folder: Path, text: str, head: str = HEAD) -> tuple[list[str], list[str]]:
    """Errors and warnings, without the folder's name."""
    file = folder / "hotgate.yaml"
    file.write_text(head + dedent(text))
    try:
        loaded = load_configuration(file)
    except ConfigurationErrors as error:
        return [str(each).removeprefix(f"{folder}/") for each in error.errors], []
    shown = [
        [str(each).removeprefix(f"{folder}/") for each in every] for every in (compile_errors(loaded), loaded.warnings)
    ]
    return shown[0], shown[1]


def test_conditions_of_routes(tmp_path: Path) -> None:
    errors, _ = found(
        tmp_path,
        """\
        defaults: {authenticate: [corp], respond: {}}
        routes:
          - name: a
            match: {path: "/a/{owner}"}
            authorize: {when: "path.ownr == principal.subject"}
          - name: b
            match: {path: "/b"}
            authorize:
              methods:
                POST: {when: "request.method == 1", permissions: ["orders:read"]}
        """,
    )
    assert errors == [
        "hotgate.yaml:7:23: routes[0].authorize.when: at column 5 of the expression: there is no attribute 'path.ownr'"
        "; did you mean 'path.owner'?",
        "hotgate.yaml:12:59: routes[1].authorize.methods.POST.permissions[0]: no role under `authorization.roles` has "
        "the permission 'orders:read'",
        "hotgate.yaml:12:22: routes[1].authorize.methods.POST.when: at column 16 of the expression: found no matching "
        "overload for '_==_' applied to '(string, int)'",
    ]


POLICIES = """\
authorization:
  claims: {department: string}
  roles: {clerk: {permissions: ["orders:write"]}}
  policies:
    own:
      - {name: sales, deny: 'claims.departmnt == "sales"'}
      - {name: owner, allow: 'path.owner == principal.subject'}
"""


def test_conditions_of_named_policies_name_route_and_rule(tmp_path: Path) -> None:
    errors, _ = found(
        tmp_path,
        POLICIES
        + """\
routes:
  - {name: orders, match: {path: "/{owner}"}, authenticate: [corp], respond: {}, authorize: {policies: [own]}}
  - {name: all, match: {path: "/"}, authenticate: [corp], respond: {}, authorize: {policies: [own]}}
""",
    )
    sales = "hotgate.yaml:8:29: authorization.policies.own[0].deny: rule 'sales' on route"
    says = "at column 1 of the expression: 'departmnt' is not declared; did you mean 'department'?"
    assert sorted(errors) == [
        f"{sales} 'all': {says}",
        f"{sales} 'orders': {says}",
        "hotgate.yaml:9:30: authorization.policies.own[1].allow: rule 'owner' on route 'all': at column 5 of the "
        "expression: there is no attribute 'path.owner'",
    ]


def test_names_of_policies(tmp_path: Path) -> None:
    errors, _ = found(
        tmp_path,
        POLICIES
        + """\
defaults: {authorize: {policies: [onw]}}
profiles: {p: {authorize: {methods: {GET: {policies: [strange]}}}}}
routes:
  - {name: a, match: {path: "/{owner}"}, authenticate: [corp], respond: {}, authorize: {policies: [own, oown]}}
""",
    )
    assert errors == [
        "hotgate.yaml:10:35: defaults.authorize.policies[0]: there is no policy 'onw'; did you mean 'own'?",
        "hotgate.yaml:11:55: profiles.p.authorize.methods.GET.policies[0]: there is no policy 'strange'; define it "
        "under `authorization.policies`",
        "hotgate.yaml:13:105: routes[0].authorize.policies[1]: there is no policy 'oown'; did you mean 'own'?",
    ]


@pytest.mark.parametrize(("key", "column"), [("scopes: [a]", 87), ("roles: [a]", 86), ("max_age: 1h", 88)])
def test_callers_of_a_public_route_can_be_asked_for_nothing(tmp_path: Path, key: str, column: int) -> None:
    text = f'routes: [{{name: a, match: {{path: "/"}}, public: true, respond: {{}}, authorize: {{{key}}}}}]\n'
    errors, _ = found(tmp_path, text)
    (error,) = errors
    place = f"hotgate.yaml:3:{column}: routes[0].authorize.{key.partition(':')[0]}"
    assert error.startswith(f"{place}: nobody is authenticated on a public route")


def test_a_role_that_is_almost_one_of_the_file_is_doubtful(tmp_path: Path) -> None:
    errors, warnings = found(
        tmp_path,
        """\
        authorization: {roles: {clerk: {permissions: [a]}, clark: {}}}
        defaults: {authorize: {roles: [clerk, clark, boss]}}
        routes:
          - name: a
            match: {path: "/"}
            authenticate: [corp]
            respond: {}
            authorize: {methods: {GET: {roles: [clrk]}}}
        """,
    )
    assert errors == []
    assert [each for each in warnings if "role" in each] == [
        "hotgate.yaml:10:41: routes[0].authorize.methods.GET.roles[0]: there is no role 'clrk' under "
        "`authorization.roles`; did you mean 'clerk'? If credentials name it, define it there as {}"
    ]


def test_what_is_doubtful(tmp_path: Path) -> None:
    errors, warnings = found(
        tmp_path,
        """\
        authorization: {policies: {forgotten: [{name: r, allow: "nonsense"}]}}
        routes:
          - {name: a, match: {path: "/"}, authenticate: [corp], respond: {}, authorize: {when: "true"}}
        """,
    )
    assert errors == []
    assert warnings == [
        "hotgate.yaml:3:28: authorization.policies.forgotten: policy 'forgotten' is not used by any route, and so its "
        "conditions are not checked",
        "hotgate.yaml:5:88: routes[0].authorize.when: this condition always holds; remove it, or say what must be true",
    ]


def test_a_role_that_several_issuers_can_give_is_doubtful(tmp_path: Path) -> None:
    text = """\
        authorization:
          roles:
            a: {given_to: [{group: staff}, {group: staff, provider: corp}, {claim: {a: b}}, {consumer: acme}]}
        routes: [{name: a, match: {path: "/"}, authenticate: [corp], respond: {}, authorize: {roles: [a]}}]
        """
    assert found(tmp_path, text) == ([], [])
    more = 'jwt: {issuer: "https://p.example", audience: api, jwks_url: "https://p.example/keys"}'
    head = HEAD.replace("identity: {", f"identity: {{partners: {{{more}}}, ")
    _, warnings = found(tmp_path, text.replace("[corp]", "[corp, partners]"), head)
    says = "each of partners, corp can give this role; name one as `provider`"
    assert warnings == [
        f"hotgate.yaml:5:20: authorization.roles.a.given_to[0]: {says}",
        f"hotgate.yaml:5:68: authorization.roles.a.given_to[2]: {says}",
    ]
