from loadtest.server.state.refusals import RefusalKind, access_denied, bad_request, not_found


def test_each_kind_is_spelled_as_on_the_wire() -> None:
    kinds = [refusal.kind for refusal in (access_denied("x"), not_found("x"), bad_request("x"))]

    assert kinds == ["AccessDeniedError", "ResourceNotFoundError", "ClientError"]
    assert RefusalKind("ChatSessionLimitExceededError") is RefusalKind.CHAT_SESSION_LIMIT


def test_a_refusal_tells_its_kind_and_what_is_wrong() -> None:
    assert str(not_found("channel 4")) == "ResourceNotFoundError: channel 4 does not exist"
