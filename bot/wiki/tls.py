"""Certificates: whom the bot trusts, with which certificate it signs in, and why a secure connection failed."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import certifi
import truststore

from bot.errors import SettingsError

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_EXPIRED, _NOT_YET_VALID = 10, 9
_UNKNOWN = (2, 18, 19, 20, 21)
_OTHER_NAME = (62, 64)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The certificate with which the bot signs in to a proxy in front of the wiki; *key* may be in the same file."""

    path: Path
    key: Path | None = None
    password: str | None = None


def make_context(ca_bundle: Path | None = None, certificate: ClientCertificate | None = None) -> ssl.SSLContext:
    """Return the context of secure connections; raises `SettingsError` for a file that is missing or unreadable.

    Trusted are the authorities in *ca_bundle* only; else those of the first of REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and
    SSL_CERT_FILE; else those of the system's trust store and of Mozilla (certifi).
    """
    source, bundle = _find_bundle(ca_bundle)
    context: ssl.SSLContext
    if bundle is None:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=certifi.where())
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _trust(context, source, bundle)
    if certificate is not None:
        _sign_in(context, certificate)
    return context


def _find_bundle(ca_bundle: Path | None) -> tuple[str, Path | None]:
    if ca_bundle is not None:
        return "wiki.ca_bundle", ca_bundle
    for name in _BUNDLES:
        if value := os.environ.get(name):
            return name, Path(value)
    return "", None


def _trust(context: ssl.SSLContext, source: str, bundle: Path) -> None:
    if not bundle.is_file() and not bundle.is_dir():
        raise SettingsError(f"{source}: there is no file {bundle}; name a PEM file with certificates of authorities")
    try:
        if bundle.is_dir():
            context.load_verify_locations(capath=str(bundle))
        else:
            context.load_verify_locations(cafile=str(bundle))
    except ssl.SSLError as error:
        raise SettingsError(f"{source}: {bundle} contains no certificates in PEM format") from error
    except OSError as error:
        raise SettingsError(f"{source}: {bundle} cannot be read: {error.strerror}") from error


def _sign_in(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    for setting, path in (("wiki.client_certificate", certificate.path), ("wiki.client_key", certificate.key)):
        if path is not None and not path.is_file():
            raise SettingsError(f"{setting}: there is no file {path}")
    try:
        # without a password, OpenSSL would ask for one on the terminal
        context.load_cert_chain(certificate.path, certificate.key, certificate.password or "")
    except ssl.SSLError as error:
        raise SettingsError(
            f"wiki.client_certificate: {certificate.path} cannot be used ({_reason(error)}); it needs a certificate "
            "and its private key in PEM format (wiki.client_key, if the key is in another file; "
            "wiki.client_key_password, if it is encrypted)"
        ) from error
    except OSError as error:
        raise SettingsError(f"wiki.client_certificate: cannot be read: {error.strerror}") from error


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


def find_tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """Return the error of the secure connection that caused *error*, or None."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        inner = next((each for each in (*error.args, getattr(error, "reason", None)) if _is_error(each)), None)
        if isinstance(error, ssl.SSLError):
            return error
        error = inner or error.__cause__ or error.__context__
    return None


def _is_error(value: object) -> bool:
    return isinstance(value, BaseException)


def is_untrusted(error: Exception) -> bool:
    """Return whether the certificate is signed by an authority that is not trusted; a CA bundle can mend this."""
    cause = find_tls_error(error)
    return isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code in _UNKNOWN


def describe_tls_failure(error: Exception) -> str:
    """Describe why no secure connection was established, and what to do."""
    cause = find_tls_error(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _describe_certificate(cause)
    text = str(cause or error).upper().replace("_", " ")
    if "CERTIFICATE REQUIRED" in text or "BAD CERTIFICATE" in text or "UNKNOWN CA" in text:
        return "it demands a client certificate that it accepts; set wiki.client_certificate"
    if "EOF" in text or "BROKEN PIPE" in text or "RESET" in text:
        return "it ended the secure connection without a reason; it may demand a client certificate"
    if "WRONG VERSION NUMBER" in text or "RECORD LAYER FAILURE" in text or "PACKET LENGTH" in text:
        return "it does not speak TLS; is it an https address, with the right port?"
    if "UNSUPPORTED PROTOCOL" in text or "PROTOCOL VERSION" in text or "HANDSHAKE FAILURE" in text:
        return "it offers no version of TLS that this machine accepts; ask its administrators"
    return "no secure connection can be made; is it an https address?"


def _describe_certificate(error: ssl.SSLCertVerificationError) -> str:
    code, said = error.verify_code, error.verify_message
    if code == _EXPIRED:
        return f"its certificate has expired ({said}); the administrators of the wiki have to renew it"
    if code == _NOT_YET_VALID:
        return f"its certificate is not valid yet ({said}); check the clock of this machine"
    if code in _OTHER_NAME:
        return f"its certificate is for another host name ({said}); use the name in the certificate in wiki.url"
    return f"its certificate is not trusted ({said}); name the certificate authority's file in wiki.ca_bundle"
