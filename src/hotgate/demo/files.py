"""The files of the demo: the configuration, certificates, keys that verify its tokens, and a client."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from hotgate.demo.certificates import write_certificates
from hotgate.demo.credentials import AUDIENCE, ISSUER, Credentials


def write_files(folder: Path, port: int, urls: Sequence[str], credentials: Credentials, secret: str) -> Path:
    """Write them into a folder and return the configuration's path. Raises OSError.

    urls: of the backends for orders and reports, and of the provider. secret: of the gateway at the provider.

    No file is ever overwritten: the folder may be somebody's own (FileExistsError).
    """
    orders, reports, provider = urls
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    template = Template(_part("gateway.yaml"))
    text = template.substitute(
        port=port,
        orders=orders,
        reports=reports,
        provider=provider,
        secret=secret,
        issuer=ISSUER,
        audience=AUDIENCE,
    )
    configuration = folder / "hotgate.yaml"
    _write_new(configuration, text)
    _write_new(folder / "jwks.json", json.dumps(credentials.jwks, indent=2) + "\n")
    _write_new(folder / "dpop_client.py", _part("dpop_client.py"))
    write_certificates(folder)
    return configuration


def _part(name: str) -> str:
    return files("hotgate.demo").joinpath(name).read_text(encoding="utf-8")


def _write_new(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
