"""An LDAP directory of the tests' own: OpenLDAP's slapd on loopback, by StartTLS and ldaps, with a few people.

Who binds with a wrong password is refused; who binds with none is nobody (RFC 4513 §5.1.2) and may read nothing.
"""

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certificate_authority import Authority
from free_ports import free_port
from frozen_process import frozen_process
from listening import wait_until_listening

BASE = "dc=example,dc=com"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
READER, READER_PASSWORD = f"cn=reader,{BASE}", "the-reader's-password"  # may search, as a gateway does
PASSWORDS = {"alice": "alice's password", "bob": "bøb's paßword", "o'(hara*)": "password of o'hara"}
MEMBERS = {"staff": ["alice", "bob", "o'(hara*)"], "admins": ["alice"]}

_CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload argon2
pidfile {folder}/pid
TLSCACertificateFile {folder}/authority.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
sizelimit 100
database mdb
suffix "{base}"
rootdn "cn=root,{base}"
directory {folder}/data
maxsize 16777216
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by self read by anonymous auth by * none
"""


class DirectoryServer:
    """port: ldap and StartTLS; tls_port: ldaps. Its certificate is of `authority`, for `localhost`; see `folder`."""

    def __init__(self, folder: Path) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self.authority = Authority()
        self.folder = folder
        self._configuration = folder / "slapd.conf"
        self._configuration.write_text(_CONFIGURATION.format(folder=folder, base=BASE, reader=READER))
        (folder / "authority.pem").write_text(self.authority.pem)
        # OpenLDAP's own clients replace `localhost` by the host's name before they compare.
        self.authority.issue("localhost", socket.gethostname()).save(folder)
        (folder / "data").mkdir()
        self._fill(_entries())
        self.start()

    @property
    def url(self) -> str:
        """For connections that StartTLS protects."""
        return f"ldap://localhost:{self.port}"

    @property
    def tls_url(self) -> str:
        """For connections that begin with TLS."""
        return f"ldaps://localhost:{self.tls_port}"

    def start(self) -> None:
        """Start it, again or for the first time, with what was in it."""
        addresses = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        command = [_program("slapd"), "-d", "0", "-f", str(self._configuration), "-h", addresses]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until_listening(self._process, ("127.0.0.1", self.tls_port))

    def kill(self) -> None:
        """End it as a crash does: every connection breaks."""
        self._process.kill()
        self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and requests in this block, but does not answer."""
        with frozen_process(self._process.pid):
            yield

    def _fill(self, ldif: str) -> None:
        command = [_program("slapadd"), "-f", str(self._configuration)]
        subprocess.run(command, input=ldif, check=True, capture_output=True, text=True)


def person(name: str) -> str:
    """The distinguished name of somebody; nothing in these names has to be escaped in one (RFC 4514 §2.4)."""
    return f"uid={name},{PEOPLE}"


def _entries() -> str:
    entries = [
        f"dn: {BASE}\nobjectClass: domain\n",
        f"dn: {PEOPLE}\nobjectClass: organizationalUnit\n",
        f"dn: {GROUPS}\nobjectClass: organizationalUnit\n",
        f"dn: {READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
        f"userPassword: {_salted_sha1(READER_PASSWORD)}\n",
    ]
    for name, password in PASSWORDS.items():
        hashed = _argon2(password) if name == "alice" else _salted_sha1(password)
        entries.append(
            f"dn: {person(name)}\nobjectClass: inetOrgPerson\ncn: {name.title()}\nsn: {name.title()}\n"
            f"mail: {name[:3]}@example.com\nuserPassword: {hashed}\n{_memberships(name)}"
        )
    for group, members in MEMBERS.items():
        lines = "".join(f"member: {person(name)}\n" for name in members)
        entries.append(f"dn: cn={group},{GROUPS}\nobjectClass: groupOfNames\n{lines}")
    return "\n".join(entries)


def _memberships(name: str) -> str:
    """The overlay maintains them from now on; slapadd does not ask it."""
    groups = [group for group, members in MEMBERS.items() if name in members]
    return "".join(f"memberOf: cn={group},{GROUPS}\n" for group in groups)


def _salted_sha1(password: str) -> str:
    salt = os.urandom(8)
    return "{SSHA}" + base64.b64encode(hashlib.sha1(password.encode() + salt).digest() + salt).decode()


def _argon2(password: str) -> str:
    options = ["-o", "module-path=/usr/lib/ldap", "-o", "module-load=argon2 m=64"]  # m: KiB; few, to be quick
    command = [_program("slappasswd"), "-n", "-h", "{ARGON2}", *options, "-s", password]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _program(name: str) -> str:
    """Where it is; the test is skipped where it is not installed. Users who are not root do not look in /usr/sbin."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("slapd is missing")
        pytest.skip("needs OpenLDAP's slapd")
    return found


@contextmanager
def directory_server() -> Iterator[DirectoryServer]:
    """A running server that ends with the block."""
    with tempfile.TemporaryDirectory(prefix="hotgate-directory-", ignore_cleanup_errors=True) as folder:
        server = DirectoryServer(Path(folder))
        try:
            yield server
        finally:
            server.kill()
