"""What was learned of clients' certificates is kept in little room."""

import asyncio
import time
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from certificate_authority import Authority
from hotgate.identity.certificates.client_certificate import PresentedCertificate
from hotgate.identity.certificates.client_trust import Answers, ClientTrust, OnlineCheck


def test_an_answer_is_kept_under_a_digest_whatever_the_size_of_the_certificate() -> None:
    authority = Authority("authority of clients")
    pem = authority.certificate.public_bytes(Encoding.PEM).decode()
    chain = [each.certificate.public_bytes(Encoding.DER) for each in (authority.issue_client("a"), authority)]
    peer = PresentedCertificate(tuple(chain))
    answers: Answers = {}

    async def ask(about: str, body: Any) -> dict[str, Any]:
        return {"status": "good", "until": time.time() + 60}

    trust = ClientTrust([pem], online=OnlineCheck(ocsp=True), ask=ask, answers=answers)
    assert trust.judge(peer) is None
    asyncio.run(trust.learn(peer))
    verdict = trust.judge(peer)
    assert verdict is not None
    assert verdict.refusal is None
    assert [len(digest) for digest, _ in answers] == [32]
