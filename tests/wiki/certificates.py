"""Certificates made for one test, by openssl, which works in their folder: a path with a space would be two words."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.machine import need

_CONFIG = """\
[ca]
default_ca = here
[here]
database = index.txt
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = any
email_in_dn = no
unique_subject = no
[any]
commonName = supplied
"""
_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority in *folder*; `bundle` is its certificate."""

    folder: Path

    @property
    def bundle(self) -> Path:
        return self.folder / "ca.pem"

    def issue(self, name: str = "server", *, host: str = "IP:127.0.0.1", has_expired: bool = False) -> Path:
        """Return a PEM file with a certificate for *host* and its key."""
        days = "-startdate 200101000000Z -enddate 200102000000Z" if has_expired else "-days 2"
        key, request, made = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={host}\n")
        self.openssl(f"req -new {_KEY} -nodes -subj /CN={name} -keyout {key.name} -out {request.name}")
        self.openssl(
            "ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key "
            f"-in {request.name} -out {made.name} -extfile {extensions.name} {days}"
        )
        path = self.folder / f"{name}.pem"
        path.write_text(key.read_text() + made.read_text())
        return path

    def openssl(self, arguments: str) -> None:
        """Run openssl in the folder."""
        subprocess.run(["openssl", *arguments.split()], cwd=self.folder, check=True, capture_output=True)


def make_authority(folder: Path, name: str = "Test CA") -> Authority:
    """Make an authority; skips the test where openssl is missing."""
    need("openssl")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.txt").write_text("")
    (folder / "ca.cnf").write_text(_CONFIG)
    authority = Authority(folder)
    subject = name.replace(" ", "_")
    authority.openssl(f"req -x509 {_KEY} -nodes -days 2 -subj /CN={subject} -keyout ca.key -out ca.pem")
    return authority
