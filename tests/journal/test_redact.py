from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.journal.redact import log_message, redact

PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----"

SECRETS = {
    "use sk-ant-api03-AbCdEf0123456789_-xyz now": "sk-ant",
    "OPENAI sk-proj-AbCd1234EfGh5678IjKl9012": "sk-proj",
    "key sk-0123456789abcdef0123456789abcdef": "0123456789abcdef",
    "push with ghp_0123456789abcdefghijABCDEFGHIJ012345": "ghp_",
    "github_pat_11ABCDEFG0abcdefghijkl_mnop": "11ABCDEFG0",
    "glpat-AbCdEfGhIjKlMnOpQrSt": "AbCdEf",
    "aws AKIAIOSFODNN7EXAMPLE": "AKIA",
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "wJalr",
    "slack xoxb-1234567890-abcdefghij": "1234567890",
    "https://hooks.slack.com/services/T000/B000/XXXXXXXXXXXXXXXX": "B000",
    "google AIzaSyA0123456789abcdefghijklmnopqrstuv": "AIza",
    "Authorization: Bearer abcdef.ghijkl": "abcdef",
    "curl -H 'authorization: Basic dXNlcjpwYXNz'": "dXNlcjpwYXNz",
    "Bearer 0123456789abcdef": "0123456789",
    "password=hunter2 and go": "hunter2",
    'PGPASSWORD="correct horse" psql': "correct horse",
    '{"api_key": "abc-def-ghi", "n": 1}': "abc-def-ghi",
    "client_secret: s3cr3t!": "s3cr3t",
    "mysql --password hunter2": "hunter2",
    "token=abcd1234&x=1": "abcd1234",
    "postgres://walhus:s3cret@db.lan/x": "s3cret",
    "https://:tok3n@host/": "tok3n",
    f"add this:\n{PEM}\nthanks": "b3BlbnNzaC1rZXk",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow cut off": "MIIEow",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4": "SflKx",
}

HARMLESS = [
    "summarise the tokens used: max_tokens=4096, tokens: 512",
    'ntfy token_env = "NTFY_TOKEN"',
    "export TOKEN=$TOKEN PASSWORD=${PASSWORD} key=<your key>",
    "fix the risk-management-and-desk-keeping-module-2024",
    "basic understanding of bearer bonds",
    "ssh://git@github.com:22/x and http://10.0.0.1:8080/path",
    "commit 9f2c0123456789abcdef0123456789abcdef0123",
    "run r-01JXYZ on web[01-20]",
    "explain what a password manager is; the secret of success",
    "-----BEGIN CERTIFICATE-----",
    "/home/me/.ssh/id_ed25519",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_taken_out(text: str) -> None:
    cleaned = redact(text)
    assert SECRETS[text] not in cleaned
    assert "[redacted:" in cleaned


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", SECRETS)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_what_stands_around_a_secret_stays() -> None:
    assert redact("before password=hunter2, after") == "before password=[redacted:value], after"
    assert redact("postgres://me:pw1@db/x") == "postgres://me:[redacted:url]@db/x"


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(redact(text), str)


def test_a_message_is_redacted_before_it_is_cut() -> None:
    secret = "sk-ant-api03-" + "Ab1" * 20
    message = log_message("x" * 480 + " " + secret + "y" * 600)
    assert len(message) == 500
    assert "sk-ant" not in message
    assert message.endswith("…")
