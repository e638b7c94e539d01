"""`authenticate: [{all: [devices, corp]}, partners, guests]`: any one of these must recognise the caller.

They are asked in order, and the first that finds its kind of credential decides: a bad token is refused even if a
good key came with it. A group of which only a part is there decides nothing, but nobody becomes a guest with it. Once
the caller is known, every credential that the route could have asked for is removed.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from hotgate.config.authentication import AllOf, Proof
from hotgate.http.reserved import spelling
from hotgate.http.response import Response
from hotgate.identity.challenge import credential_missing
from hotgate.identity.confirmation import Refusal, unconfirmed
from hotgate.identity.principal import Principal
from hotgate.limits.brute_force.login_guard import LoginGuard
from hotgate.pipeline.decision import Decision, Path
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import (
    Authenticator,
    BelievesHosts,
    CompileContext,
    LimitsCallers,
    LoginOffer,
    OffersLogin,
    PhasedStep,
    PolicySpec,
    ReplacesToken,
)
from hotgate.pipeline.route import Outcome
from hotgate.policies.anonymous import AnonymousAuthenticator
from hotgate.policies.brute_force import FailureWatch
from hotgate.policies.forwarded_token import forwarding_step
from hotgate.policies.kept_token import with_tokens
from hotgate.policies.limits.own_limit import own_limit_step
from hotgate.policies.signatures.signed_body import body_steps
from hotgate.policies.stripped_credentials import Stripping, stripped
from hotgate.policies.together import AskedOnce, Incomplete, Together
from hotgate.policies.tokens.issuer_choice import IssuerChoice, in_same_places

Group = tuple[Authenticator, ...]  # those that must come together; mostly one alone

_NOBODY = "nothing was sent by which the route knows callers"
_BANNED = Decision(
    "brute_force", "ban", ("brute_force",), allowed=False, reason="too many bad credentials came from this address"
)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One who is asked. name: for metrics. stripped: what the backend does not get, by the provider that leads.

    refusal: the decision when it refuses the caller.
    """

    name: str
    ask: Callable[[Exchange], Any]
    stripped: Mapping[str, Stripping]
    refusal: Decision


class Authentication:
    """The compiled step. guests: who is let in when nobody has found anything; None: they are refused.

    fields: header fields in which credentials of the route stand; whoever sends one is no guest. challenges: what they
    are told who have sent nothing. offer: where people can log in instead, if they can.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        guests: Entry | None,
        fields: frozenset[bytes],
        challenges: tuple[str, ...],
        watch: FailureWatch,
        offer: LoginOffer | None,
        path: Path,
    ) -> None:
        self._entries = tuple(entries)
        self._guests = guests
        self._fields = fields
        self._challenges = challenges
        self._watch = watch
        self._offer = offer
        self._bans = watch.bans
        self._nobody = Decision("authenticate", "", path, allowed=False, reason=_NOBODY)

    def __call__(self, exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        """None once the caller is known."""
        if self._bans and (denial := self._watch.banned(exchange)) is not None:
            exchange.decision = _BANNED
            return denial
        return self._ask(exchange, self._entries, ())

    def _ask(
        self, exchange: Exchange, entries: Sequence[Entry], missing: tuple[str, ...]
    ) -> Outcome | Awaitable[Outcome]:
        """Ask these. missing: challenges of what groups before them have lacked."""
        for entry in entries:
            found = entry.ask(exchange)
            if isinstance(found, Principal):
                return self._admit(exchange, found, entry)
            if found is not None:
                if isinstance(found, Response | Incomplete):
                    return self._conclude(exchange, entry, found, missing)
                return self._conclude_later(exchange, entry, found, missing)
        return self._without_credential(exchange, missing)

    def _conclude(
        self, exchange: Exchange, entry: Entry, found: Any, missing: tuple[str, ...]
    ) -> Outcome | Awaitable[Outcome]:
        if isinstance(found, Principal):
            return self._admit(exchange, found, entry)
        if isinstance(found, Response):
            return self._refused(exchange, entry, found)
        if found is None or isinstance(found, Incomplete):
            behind = self._entries[self._entries.index(entry) + 1 :]
            return self._ask(exchange, behind, missing + (() if found is None else found.challenges))
        # Going on would let the request through: raising refuses it (500).
        raise TypeError(f"an authenticator answered with {type(found).__name__}")

    async def _conclude_later(
        self, exchange: Exchange, entry: Entry, pending: Any, missing: tuple[str, ...]
    ) -> Outcome:
        """Awaiting what is neither an answer nor awaitable raises as well."""
        outcome = self._conclude(exchange, entry, await pending, missing)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    def _without_credential(self, exchange: Exchange, missing: tuple[str, ...]) -> Outcome | Awaitable[Outcome]:
        """Nobody decides. Part of a group is a credential, and so is a field that nobody here can read."""
        guests = self._guests
        if guests is None or missing or any(name in self._fields for name, _ in exchange.request.headers.fields):
            exchange.decision = self._nobody
            offered = None if self._offer is None else self._offer(exchange)
            return offered or credential_missing(dict.fromkeys(missing or self._challenges))
        return self._admit(exchange, guests.ask(exchange), guests)

    def _admit(
        self, exchange: Exchange, principal: Principal, entry: Entry, *, is_confirmed: bool = False
    ) -> Outcome | Awaitable[Outcome]:
        """The caller is known, but a credential that is bound is nothing without what it is bound to."""
        if principal.confirmations and not is_confirmed:
            refusal = unconfirmed(principal.confirmations, exchange)
            if isinstance(refusal, Response):
                return self._refused(exchange, entry, refusal)
            if refusal is not None:
                return self._admit_later(exchange, principal, entry, refusal)
        exchange.principal = principal
        entry.stripped[principal.provider].strip(exchange)
        return None

    async def _admit_later(
        self, exchange: Exchange, principal: Principal, entry: Entry, pending: Awaitable[Refusal]
    ) -> Outcome:
        refusal = await pending
        if refusal is None:
            outcome = self._admit(exchange, principal, entry, is_confirmed=True)
        else:
            outcome = self._refused(exchange, entry, refusal)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    def _refused(self, exchange: Exchange, entry: Entry, refusal: Response) -> Response | Awaitable[Response]:
        exchange.decision = entry.refusal
        return self._watch.refused(exchange, entry.name, refusal)


def compile_authenticate(proofs: Sequence[str | AllOf], context: CompileContext) -> list[PhasedStep]:
    """The step, and that of the limits which callers may have of their own. Raises ValueError for what cannot work."""
    groups = [_group(proof, context) for proof in proofs]
    _check_order(groups)
    every = list(dict.fromkeys(chain.from_iterable(groups)))
    _check_hosts(every, context)
    guests = groups.pop() if isinstance(groups[-1][0], AnonymousAuthenticator) else None
    fields = frozenset(source.field for each in every for source in each.sources if source.field is not None)
    sources = list(dict.fromkeys(source for each in every for source in each.sources))
    guard = context.services.get("login_guard") or LoginGuard()
    logins = [each for each in every if isinstance(each, OffersLogin)]
    path = (*context.path, "authenticate")
    entries = [_entry(group, every, path) for group in _asked(groups)]
    if any(step.needs_credential for step in context.outgoing):
        entries = [replace(entry, stripped=with_tokens(entry.stripped, every)) for entry in entries]
    step = Authentication(
        entries,
        None if guests is None else _entry(guests, every, path),
        fields,
        tuple(authenticator.challenge for authenticator in every if authenticator.challenge),
        FailureWatch(guard, sources),
        logins[0].login_offer(logins) if logins else None,
        path,
    )
    owned = frozenset(map(spelling, fields))
    steps = [PhasedStep(Phase.AUTHENTICATE, step, owned_fields=owned), *body_steps(every)]
    if any(isinstance(each, LimitsCallers) and each.limits_callers for each in every):
        steps.append(own_limit_step(context.services, (*context.path, "authenticate")))
    if any(isinstance(each, ReplacesToken) and each.replaces_token for each in every):
        steps.append(forwarding_step())
    return steps


def _group(proof: str | AllOf, context: CompileContext) -> Group:
    names = proof.all if isinstance(proof, AllOf) else (proof,)
    for name in names:
        if name not in context.identities:
            raise ValueError(f"there is no {name!r} under identity")
    return tuple(context.identities[name] for name in names)


def _check_order(groups: Sequence[Group]) -> None:
    if not groups or len(set(groups)) != len(groups):
        raise ValueError("authenticate needs at least one name, and each only once")
    for group in groups:
        guests = next((each for each in group if isinstance(each, AnonymousAuthenticator)), None)
        if guests is not None and len(group) > 1:
            raise ValueError(f"{guests.name!r} is anonymous: nothing can come together with it; name it last, alone")
        if guests is not None and group is not groups[-1]:
            raise ValueError(f"{guests.name!r} is anonymous: it must be the last; what is behind it is never asked")


def _check_hosts(every: Sequence[Authenticator], context: CompileContext) -> None:
    """What a client says of the host must not decide what it proves."""
    for each in every:
        if isinstance(each, BelievesHosts) and each.needs_hosts and not context.hosts:
            raise ValueError(f"{each.name!r} must know its own address: give the route `hosts`, or its dpop `origins`")


def _asked(groups: Sequence[Group]) -> list[Group | IssuerChoice]:
    """Whom to ask, in order. Entries for tokens in the same places become one choice, where the first of them was."""
    choices = in_same_places(list(dict.fromkeys(chain.from_iterable(groups))))
    choosable = set(chain.from_iterable(choices))
    if any(len(group) > 1 and not choosable.isdisjoint(group) for group in groups):
        raise ValueError("a token in a group beside tokens of other entries: give these a route of their own")
    asked: list[Group | IssuerChoice] = []
    for group in _asked_once(groups):
        choice = next((each for each in choices if group[0] in each), None)
        if choice is None:
            asked.append(group)
        elif group[0] is choice[0]:
            asked.append(IssuerChoice(choice))
    return asked


def _asked_once(groups: Sequence[Group]) -> list[Group]:
    """The same groups, in which a member of several remembers what it has answered."""
    members = list(chain.from_iterable(groups))
    shared: dict[Authenticator, Authenticator] = {each: AskedOnce(each) for each in members if members.count(each) > 1}
    return [tuple(shared.get(each, each) for each in group) for group in groups]


def _entry(asked: Group | IssuerChoice, every: Sequence[Authenticator], path: Path) -> Entry:
    """path: of the route's `authenticate`."""
    if isinstance(asked, IssuerChoice):
        choices = {each.name: stripped(every, [each]) for each in asked.authenticators}
        return Entry(asked.name, asked.authenticate, choices, _refusal(asked.name, path))
    if len(asked) > 1:
        together = Together(asked)
        fields = {asked[0].name: stripped(every, asked)}
        return Entry(together.name, together.authenticate, fields, _refusal(together.name, path))
    (one,) = asked
    return Entry(
        one.name, one.authenticate, {one.name: stripped(every, asked)}, _refusal(one.name, ("identity", one.name))
    )


def _refusal(name: str, path: Path) -> Decision:
    return Decision("authenticate", name, path, allowed=False)


POLICY = PolicySpec("authenticate", tuple[Proof, ...], compile_authenticate)
