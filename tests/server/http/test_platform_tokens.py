import pytest

from loadtest.clock import NS_PER_S
from loadtest.http import Request
from loadtest.server.http.platform_tokens import TOKEN_LIFE_S, DeniedError, Tokens
from loadtest.server.settings import ServerSettings
from tests.support.chat_devices import ScriptedClock
from tests.support.platform_caller import basic

STRICT = ServerSettings(client_id="me", client_secret="s:1")
FORM = b"grant_type=client_credentials"
PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--'
)


def asked(authorization: str, body: bytes = FORM, content_type: str = "") -> Request:
    headers = {"authorization": authorization, "content-type": content_type}
    return Request("POST", "/oauth/token", body, headers)


@pytest.fixture
def clock() -> ScriptedClock:
    return ScriptedClock()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(FORM, "application/x-www-form-urlencoded", id="as a query"),
        pytest.param(PARTS, "multipart/form-data; boundary=x", id="in parts"),
    ],
)
def test_the_right_credentials_get_a_token(
    clock: ScriptedClock, body: bytes, content_type: str
) -> None:
    tokens = Tokens(STRICT, clock.monotonic_ns)

    answer = tokens.give(asked(basic("me", "s:1"), body, content_type))

    assert (answer["token_type"], answer["expires_in"]) == ("bearer", TOKEN_LIFE_S)
    tokens.check(asked(f"Bearer {answer['access_token']}"))


def test_a_token_expires(clock: ScriptedClock) -> None:
    tokens = Tokens(ServerSettings(), clock.monotonic_ns)
    token = tokens.give(asked(basic("any", "thing")))["access_token"]

    clock.now_ns += TOKEN_LIFE_S * NS_PER_S

    with pytest.raises(DeniedError, match="expired"):
        tokens.check(asked(f"Bearer {token}"))


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        pytest.param(asked(basic("me", "wrong")), "'me' with its secret is not known", id="secret"),
        pytest.param(asked(basic("you", "s:1")), "'you' with its secret", id="id"),
        pytest.param(asked("Bearer x"), "must be Basic", id="not basic"),
        pytest.param(asked("Basic !"), "cannot be read", id="not base64"),
        pytest.param(asked("Basic bWU="), "has no secret", id="no secret"),
        pytest.param(asked(basic("me", "s:1"), b""), "grant_type is ''", id="no grant"),
    ],
)
def test_whoever_has_no_right_gets_none(
    clock: ScriptedClock, request_: Request, reason: str
) -> None:
    with pytest.raises(DeniedError, match=reason):
        Tokens(STRICT, clock.monotonic_ns).give(request_)
