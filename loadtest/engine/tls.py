"""TLS to the chat server: whom to trust, who we are, and errors in words."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from loadtest.errors import UsageError

__all__ = ["TlsSettings", "is_wrong_name", "tls_context", "tls_reason"]

# Of OpenSSL: the certificate is for another host name, or for another IP address.
_WRONG_NAME_CODES = (62, 64)


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How connections are encrypted; all paths are PEM files, empty: none."""

    ca_file: str = ""
    """Certificates to trust in addition to the system's."""
    client_certificate: str = ""
    """Our own certificate, for a server that asks for one."""
    client_key: str = ""
    """Its key; empty: it stands in the file of the certificate."""
    is_verified: bool = True
    """Whether the server's certificate is checked."""

    def problems(self) -> list[str]:
        """Return what is wrong with them, one line each; nothing is sent for it."""
        if self.client_key and not self.client_certificate:
            return ["--client-key is of no use without --client-certificate; give both"]
        if self.ca_file and not self.is_verified:
            return ["--ca-file and --skip-verification contradict each other; give one of them"]
        if not (self.ca_file or self.client_certificate):
            return []  # to load the system's certificates takes a tenth of a second
        try:
            tls_context(self)
        except UsageError as error:
            return list(error.problems)
        return []


def tls_context(settings: TlsSettings) -> ssl.SSLContext:
    """Return the context of a client.

    Raises:
        UsageError: A file cannot be read as what it should be.
    """
    context = ssl.create_default_context()
    if settings.ca_file:
        try:
            context.load_verify_locations(cafile=settings.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                f"--ca-file {settings.ca_file}: {_file_reason(error)};"
                " it must be a file of PEM certificates"
            ) from error
    if settings.client_certificate:
        _load_client_certificate(context, settings)
    if not settings.is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _load_client_certificate(context: ssl.SSLContext, settings: TlsSettings) -> None:
    for name, path in (
        ("--client-certificate", settings.client_certificate),
        ("--client-key", settings.client_key),
    ):
        if path and not Path(path).is_file():
            raise UsageError(f"{name} {path}: there is no such file")
    try:
        context.load_cert_chain(
            settings.client_certificate,
            settings.client_key or None,
            # Without it OpenSSL would ask the terminal.
            password=lambda: b"",
        )
    except (OSError, ssl.SSLError) as error:
        key = settings.client_key or settings.client_certificate
        raise UsageError(
            f"--client-certificate {settings.client_certificate} with the key of {key}:"
            f" {_file_reason(error)}; both must be PEM, belong together, and the key must have no"
            " passphrase"
        ) from error


def _file_reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return tls_reason(error)
    return error.strerror or str(error)


def tls_reason(error: ssl.SSLError) -> str:
    """Return what went wrong with TLS, in words that stay the same from device to device."""
    if is_wrong_name(error):
        return "the certificate is for another host name"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not trusted: {error.verify_message}"
    return f"TLS: {getattr(error, 'reason', None) or error}"


def is_wrong_name(error: BaseException) -> bool:
    """Whether the certificate is good, but for another host than was asked for."""
    return (
        isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _WRONG_NAME_CODES
    )
