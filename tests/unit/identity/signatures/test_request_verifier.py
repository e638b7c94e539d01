"""Which signature is verified, and how often: what can be asked of the verifier without a gateway."""

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.signatures.request_verifier import RequestVerifier, SignatureRules, Signer, UnknownSigner

NOW = 1_764_115_200.0
ADA = Principal("ada", provider="test", mechanism="signature")


class CountingKey:
    """Says the same of every signature."""

    algorithm = "ed25519"

    thumbprint = "of it"

    def __init__(self, *, verdict: bool) -> None:
        self.verdict = verdict
        self.bases: list[bytes] = []

    def verifies(self, base: bytes, signature: bytes) -> bool:
        self.bases.append(base)
        return self.verdict


class OneSigner:
    """The signer `known`."""

    def __init__(self, key: CountingKey) -> None:
        self._signer = Signer(key, ADA)

    def find(self, key_id: str | None) -> Signer | None:
        return self._signer if key_id == "known" else None

    def any(self) -> Signer | None:
        return self._signer


def request(*inputs: bytes) -> Request:
    fields = [(b"signature-input", each) for each in inputs]
    fields += [(b"signature", each.partition(b"=")[0] + b"=:AAAA:") for each in inputs]
    return Request("GET", "/a", Headers(fields), "a.example", b"A.example:80", sent_target=b"/a")


def said(label: bytes, key_id: bytes, covered: bytes = b'"@method" "@authority" "@path"') -> bytes:
    return b'%b=(%b);created=%d;keyid="%b";nonce="n"' % (label, covered, NOW, key_id)


def code(key: CountingKey, sent: Request, rules: SignatureRules | None = None) -> str:
    return refusal(key, sent, rules).partition(":")[0]


def refusal(key: CountingKey, sent: Request, rules: SignatureRules | None = None) -> str:
    """The code and the words for the log."""
    try:
        RequestVerifier(rules or SignatureRules(), OneSigner(key)).verify(sent, NOW)
    except CredentialRefused as refused:
        return str(refused)
    return ""


def test_an_unknown_key_costs_one_verification_and_is_never_good() -> None:
    key = CountingKey(verdict=True)
    assert code(key, request(said(b"a", b"unknown"))) == "signature-invalid"
    assert len(key.bases) == 1


def test_however_many_signatures_there_are_one_is_verified() -> None:
    key = CountingKey(verdict=False)
    sent = request(*(said(b"s%d" % number, b"known") for number in range(8)))
    assert code(key, sent) == "signature-invalid"
    assert len(key.bases) == 1


def test_nothing_is_verified_of_what_is_too_old_or_covers_too_little() -> None:
    key = CountingKey(verdict=True)
    assert code(key, request(said(b"a", b"known", b'"@path"'))) == "signature-incomplete"
    assert code(key, request(said(b"a", b"known").replace(b"1764115200", b"1764110000"))) == "signature-expired"
    assert key.bases == []


def test_the_base_is_of_the_request_as_it_was_sent() -> None:
    key = CountingKey(verdict=True)
    sent = request(said(b"a", b"known", b'"@method" "@target-uri"'))
    sent.path, sent.sent_target = "/b/~x", b"//b/%7Ex?q"
    assert code(key, sent) == ""
    assert key.bases[0].startswith(b'"@method": GET\n"@target-uri": http://a.example//b/%7Ex?q\n')


def test_what_an_unknown_key_is_told_does_not_differ() -> None:
    assert UnknownSigner("bob").code == "signature-invalid"


def test_operators_are_told_whether_a_key_is_unknown_or_another_one() -> None:
    key = CountingKey(verdict=False)
    assert refusal(key, request(said(b"a", b"bob"))) == "signature-invalid: nobody here has the key 'bob'"
    assert "not of the key 'known'" in refusal(key, request(said(b"a", b"known")))
