"""Certificates made for one test, by openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.machine import need

_CONFIG = """\
[ca]
default_ca = here
[here]
database = {folder}/index.txt
rand_serial = yes
new_certs_dir = {folder}
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
        _openssl(f"req -new {_KEY} -nodes -subj /CN={name} -keyout {key} -out {request}")
        _openssl(
            f"ca -batch -notext -config {self.folder}/ca.cnf -cert {self.bundle} -keyfile {self.folder}/ca.key "
            f"-in {request} -out {made} -extfile {extensions} {days}"
        )
        path = self.folder / f"{name}.pem"
        path.write_text(key.read_text() + made.read_text())
        return path


def make_authority(folder: Path, name: str = "Test CA") -> Authority:
    """Make an authority; skips the test where openssl is missing."""
    need("openssl")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.txt").write_text("")
    (folder / "ca.cnf").write_text(_CONFIG.format(folder=folder))
    subject = name.replace(" ", "_")
    _openssl(f"req -x509 {_KEY} -nodes -days 2 -subj /CN={subject} -keyout {folder}/ca.key -out {folder}/ca.pem")
    return Authority(folder)


def _openssl(arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], check=True, capture_output=True)
