"""A caller of the Platform API of a server in memory."""

import base64
import json
from typing import Any

from loadtest.http import Request
from loadtest.server.chat.chat import Chat
from loadtest.server.http.platform_api import PlatformApi

__all__ = ["PlatformCaller", "basic"]


def basic(client_id: str, secret: str) -> str:
    """Return the header with these credentials."""
    return f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"


class PlatformCaller:
    """Asks with a token, and reads the answers."""

    def __init__(self, chat: Chat, prefix: str = "") -> None:
        self.api = PlatformApi(chat)
        self.prefix = prefix
        self.token = ""

    def raw(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, str, bytes]:
        """Return status, content type and body of the answer to any request."""
        answer = self.api.answer(Request(method, path, body, headers))
        return answer.status.value, answer.content_type, answer.body

    def sign_in(self, client_id: str = "me", secret: str = "secret") -> dict[str, Any]:
        """Get a token, which later calls use; return the answer."""
        body = b"grant_type=client_credentials"
        _, _, content = self.raw(
            "POST", "/oauth/token", body, authorization=basic(client_id, secret)
        )
        answer: dict[str, Any] = json.loads(content)
        self.token = answer.get("access_token", "")
        return answer

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return status and content of the answer to one call."""
        if not self.token:
            self.sign_in()
        data = b"" if body is None else json.dumps(body).encode()
        bearer = f"Bearer {self.token}"
        status, _, content = self.raw(method, self.prefix + path, data, authorization=bearer)
        return status, json.loads(content) if content else None

    def result(self, method: str, path: str, body: object = None) -> Any:
        """Return the content of an answer that must be a good one."""
        status, content = self.call(method, path, body)
        assert status == 200, content
        return content

    def user(self, name: str, **fields: object) -> dict[str, Any]:
        """Create a user."""
        created: dict[str, Any] = self.result("POST", "/users", {"name": name, **fields})
        return created

    def channel(self, kind: str, *members: str, **fields: object) -> dict[str, Any]:
        """Create a channel."""
        body = {"type": kind, "members": [{"username": name} for name in members], **fields}
        created: dict[str, Any] = self.result("POST", "/channels", body)
        return created
