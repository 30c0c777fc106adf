"""Keeps pages of other origins from starting runs, and from reading what is shown.

A browser sends along who wrote a request: ``Sec-Fetch-Site`` where it trusts the address, and
``Origin`` with every POST. Neither can be set by a page. Programs that are no browsers send
neither, and are let through. Locust allows every origin to read its answers; ours allow none.
"""

from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

__all__ = ["forbid_foreign_readers", "is_foreign"]


def is_foreign(headers: Headers, host: str) -> bool:
    """Whether a request to ``host`` was made by a page of another origin."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("Origin")
    # An opaque origin, such as that of a local file, is "null".
    return origin is not None and urlsplit(origin).netloc.lower() != host.lower()


def forbid_foreign_readers(headers: Headers, own_url: str) -> None:
    """Set who may read an answer before Locust allows it to everybody: pages of this server."""
    parts = urlsplit(own_url)
    headers["Access-Control-Allow-Origin"] = f"{parts.scheme}://{parts.netloc}"
    headers["X-Frame-Options"] = "SAMEORIGIN"
