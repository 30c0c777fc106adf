"""Files that cannot be used are refused before anything is sent, with what they should be."""

from pathlib import Path

import pytest
import trustme

from loadtest.engine.tls import TlsSettings, tls_context
from loadtest.errors import UsageError


@pytest.mark.parametrize("text", [None, "no certificate"], ids=["missing", "not PEM"])
def test_a_ca_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match="it must be a file of PEM certificates"):
        tls_context(TlsSettings(ca_file=str(path)))


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    mine = trustme.CA().issue_cert("client.test")
    certificate, other = tmp_path / "cert.pem", tmp_path / "key.pem"
    mine.cert_chain_pems[0].write_to_path(str(certificate))
    trustme.CA().issue_cert("x").private_key_pem.write_to_path(str(other))

    for settings in (
        TlsSettings(client_certificate=str(certificate)),
        TlsSettings(client_certificate=str(certificate), client_key=str(other)),
    ):
        assert "both must be PEM, belong together" in settings.problems()[0]
    missing = TlsSettings(client_certificate=str(certificate), client_key="/no/such/key.pem")
    assert missing.problems() == ["--client-key /no/such/key.pem: there is no such file"]


def test_settings_that_contradict_each_other_are_refused() -> None:
    assert "--client-key is of no use" in TlsSettings(client_key="key.pem").problems()[0]
    both = TlsSettings(ca_file="ca.pem", is_verified=False)
    assert "contradict each other" in both.problems()[0]
    assert TlsSettings().problems() == []
