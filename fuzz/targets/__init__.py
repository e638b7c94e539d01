"""One file per target: its `check` takes bytes and raises `Disagreement`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from fuzz.mutation import Mutator
from fuzz.seeds import addresses as address_seeds
from fuzz.seeds import answers as answer_seeds
from fuzz.seeds import documents as document_seeds
from fuzz.seeds import requests as request_seeds
from fuzz.targets import addresses, answers, documents, requests


@dataclass(frozen=True)
class Target:
    """end: what ends a line of its inputs."""

    check: Callable[[bytes], None]
    seeds: Sequence[bytes]
    fragments: Sequence[bytes]
    end: bytes = b"\n"

    @cached_property
    def mutator(self) -> Mutator:
        """Makes new inputs."""
        return Mutator(self.seeds, self.fragments, self.end)


TARGETS = {
    "requests": Target(requests.check, request_seeds.SEEDS, request_seeds.FRAGMENTS, b"\r\n"),
    "answers": Target(answers.check, answer_seeds.SEEDS, answer_seeds.FRAGMENTS, b"\r\n"),
    "addresses": Target(addresses.check, address_seeds.SEEDS, address_seeds.FRAGMENTS),
    "documents": Target(documents.check, document_seeds.SEEDS, document_seeds.FRAGMENTS),
}
