"""Letters over real SMTP to the sandbox's mail server, with everything that may go wrong on the way."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from publisher.channels.mail import Letter, MailServer, Picture, compose, send_letter
from publisher.errors import ChannelError, ConfigError, Refused, SignedOut, Unconfirmed, Unreachable
from tests.sandbox.clients import picture
from tests.sandbox_process import SandboxProcess, running_sandbox

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
RIGHT, WRONG = "right", "wrong"
_number = count(1)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox with its mail server."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def server(sandbox: SandboxProcess) -> MailServer:
    """The sandbox's mail server as an account of ours."""
    return MailServer(
        host=sandbox.host, port=sandbox.mail_port, sender="press@example.org", security="none",
        timeout=timedelta(seconds=2),
    )  # fmt: skip


def letter(**values: Any) -> Letter:
    """A letter to an address of its own."""
    number = next(_number)
    defaults: dict[str, Any] = {
        "to": f"reader{number}@example.org", "subject": "Сводка за неделю", "text": "Текст\n",
        "message_id": f"{number}@example.org", "written_at": NOW,
    }  # fmt: skip
    return Letter(**{**defaults, **values})


def send(server: MailServer, letter: Letter) -> None:
    """Send it and wait."""
    asyncio.run(send_letter(server, letter))


def test_a_letter_arrives_with_text_html_and_its_pictures(
    sandbox: SandboxProcess, server: MailServer
) -> None:
    chart = Picture(name="total", png=picture())
    send(
        server,
        letter(html='<p>Ёлочки</p><img src="cid:total@letter">', pictures=(chart,), sender_name="Пресс"),
    )
    kept = sandbox.letters()[-1]
    assert (kept["subject"], kept["text"].strip()) == ("Сводка за неделю", "Текст")
    assert kept["from"] == "Пресс <press@example.org>"
    assert kept["date"] == "Mon, 23 Nov 2026 05:00:00 +0000"
    assert [(file["mime"], file["is_inline"]) for file in kept["attached"]] == [("image/png", True)]


def test_the_same_letter_keeps_its_message_id(sandbox: SandboxProcess, server: MailServer) -> None:
    same = letter(message_id="digest-1@example.org")
    send(server, same)
    send(server, same)
    assert [kept["message_id"] for kept in sandbox.letters()[-2:]] == ["<digest-1@example.org>"] * 2


def test_lines_that_begin_with_a_dot_arrive_whole(sandbox: SandboxProcess, server: MailServer) -> None:
    send(server, letter(text="до\n.\n..две\nпосле\n"))
    send(server, letter(text="before\n.\n..two\nafter\n"))
    assert [kept["text"] for kept in sandbox.letters()[-2:]] == [
        "до\n.\n..две\nпосле\n", "before\n.\n..two\nafter\n",
    ]  # fmt: skip


def test_a_subject_smuggles_no_header_in() -> None:
    message = compose(
        letter(subject="Тема\r\nBcc: all@example.org", sender_name="А\nBcc: b"), "a@example.org"
    )
    assert message["Bcc"] is None
    assert message["Subject"] == "Тема Bcc: all@example.org"
    assert [line for line in message.as_bytes().splitlines() if line.lower().startswith(b"bcc")] == []


@pytest.mark.parametrize("to", ["никто@example.org", "a@b\r\nBcc: c@d", "без собаки", ""])
def test_an_address_that_is_none_is_refused(server: MailServer, to: str) -> None:
    with pytest.raises(Refused, match="MAIL_ADDRESS"):
        send(server, letter(to=to))


@pytest.mark.parametrize(
    ("fault", "error", "arrived"),
    [
        ({"method": "smtp.RCPT", "code": 550, "error": "NO"}, Refused, 0),
        ({"method": "smtp.RCPT", "code": 451, "error": "LATER"}, Unreachable, 0),
        ({"method": "smtp.RCPT", "kind": "drop"}, Unreachable, 0),
        ({"method": "smtp.RCPT", "kind": "hang"}, Unreachable, 0),
        ({"method": "smtp.DATA", "code": 554, "error": "SPAM"}, Refused, 0),
        ({"method": "smtp.DATA", "code": 451, "error": "LATER"}, Unreachable, 0),
        ({"method": "smtp.DATA", "kind": "drop"}, Unconfirmed, 0),
        ({"method": "smtp.DATA", "kind": "drop", "when": "after"}, Unconfirmed, 1),
        ({"method": "smtp.DATA", "kind": "hang", "when": "after"}, Unconfirmed, 1),
    ],
)
def test_what_went_wrong_says_whether_the_letter_may_have_been_taken(
    sandbox: SandboxProcess,
    server: MailServer,
    fault: dict[str, Any],
    error: type[ChannelError],
    arrived: int,
) -> None:
    one, before = letter(), len(sandbox.letters())
    sandbox.plan_fault(channel=one.to, **fault)
    with pytest.raises(error):
        send(server, one)
    assert len(sandbox.letters()) == before + arrived


def test_a_slow_answer_is_waited_for(sandbox: SandboxProcess, server: MailServer) -> None:
    one = letter()
    sandbox.plan_fault(method="smtp.DATA", channel=one.to, kind="delay", seconds=0.5)
    send(server, one)


def test_a_server_that_is_not_there_is_unreachable(server: MailServer) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable):
            send(replace(server, port=probe.getsockname()[1]), letter())


def test_a_server_without_protection_is_refused_where_it_is_asked_for(server: MailServer) -> None:
    with pytest.raises(Refused, match="MAIL_NOT_SUPPORTED"):
        send(replace(server, security="starttls"), letter())


@contextmanager
def protected_server(folder: Path, **options: Any) -> Iterator[MailServer]:
    """A server with a certificate of its own making that wants STARTTLS and a password."""
    certificate, key = make_certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    def authenticate(*given: Any) -> AuthResult:
        return AuthResult(success=given[-1].password == RIGHT.encode(), handled=False)

    controller = Controller(
        Sink(), hostname="127.0.0.1", port=0, tls_context=context, require_starttls=True,
        auth_required=True, authenticator=authenticate, **options,
    )  # fmt: skip
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    try:
        yield MailServer(
            host="127.0.0.1", port=controller.port, sender="press@example.org", security="starttls",
            user="press", password=RIGHT, ca_file=certificate, timeout=timedelta(seconds=5),
        )  # fmt: skip
    finally:
        controller.stop()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, signed by itself, and its key."""
    import ipaddress

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "mail.pem", folder / "mail.key"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def test_a_letter_goes_through_starttls_and_a_password(tmp_path: Path) -> None:
    with protected_server(tmp_path) as server:
        send(server, letter())


def test_a_wrong_password_needs_a_person(tmp_path: Path) -> None:
    with protected_server(tmp_path) as server, pytest.raises(SignedOut):
        send(replace(server, password=WRONG), letter())


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    with protected_server(tmp_path) as server, pytest.raises(Unreachable, match="MAIL_NOT_TRUSTED"):
        send(replace(server, ca_file=None), letter())


def test_a_file_of_certificates_that_is_none_is_a_wrong_setting(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing", "ascii")
    with protected_server(tmp_path) as server, pytest.raises(ConfigError):
        send(replace(server, ca_file=nothing), letter())
