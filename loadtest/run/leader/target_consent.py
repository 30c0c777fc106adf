"""Which hosts may be loaded.

Loopback always. Any other host only if the user names it, which ``--host`` is. A host of the vendor
serves other people too, and also needs the user's word.
"""

from loadtest.engine.target import target_from_url
from loadtest.errors import UsageError

__all__ = ["check_target", "is_loopback_url"]

_VENDOR_DOMAINS = ("chatkitty.com",)


def is_loopback_url(url: str) -> bool:
    """Whether the host of ``url`` is this machine.

    Raises:
        UsageError: The address is no address.
    """
    return target_from_url(url).is_loopback


def check_target(url: str, *, allowed_host: str, named: str = "--host") -> None:
    """Check that the host of ``url`` may be loaded; ``named`` is what names it.

    Raises:
        UsageError: The address is no address, or the host is the vendor's and not allowed.
    """
    host = target_from_url(url, named=named).host.lower().rstrip(".")
    is_vendor = any(host == domain or host.endswith(f".{domain}") for domain in _VENDOR_DOMAINS)
    if is_vendor and allowed_host.lower() != host:
        raise UsageError(
            f"{named} {url}: {host} is a public host of the vendor, which other people use; "
            f"if the vendor has agreed to this load, say so with --i-am-allowed-to-load {host}"
        )
