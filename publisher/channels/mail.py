"""Letters over SMTP. Mail has no key and no read-back: what may have been taken is not sent again
by itself.

The letter's content goes out first and the dot that ends it last (RFC 5321 §4.1.1.4). Whatever breaks before
the dot was surely not sent; whatever breaks while its answer is awaited perhaps was.
"""

import asyncio
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from publisher.errors import ChannelError, ConfigError, Refused, SignedOut, Unconfirmed, Unreachable

FIRST_DOT = re.compile(rb"(?m)^\.")
PERMANENT = 500
READY = 354


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Who takes our letters. `security` is starttls, tls or none; `ca_file` is trusted besides the system's
    certificates."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that the letter's HTML shows as `cid:<name>@letter`."""

    name: str
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter to one reader. The same `message_id` again is the same letter."""

    to: str
    subject: str
    text: str
    html: str = ""
    pictures: tuple[Picture, ...] = ()
    message_id: str
    written_at: datetime
    sender_name: str = ""


def cid_of(name: str) -> str:
    """What a picture is called inside of its letter."""
    return f"{name}@letter"


async def send_letter(server: MailServer, letter: Letter) -> None:
    """Hand the letter to the server.

    Raises Unreachable when it was surely not taken and may be tried again, Refused when it never will be,
    SignedOut for a wrong name or password, Unconfirmed when it may have been taken.
    """
    await asyncio.to_thread(_send, server, letter)


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The letter as it goes over the wire: text, HTML and the HTML's pictures.

    Raises Refused for an address that is none.
    """
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{letter.message_id}>"
    message["Date"] = letter.written_at
    message["From"] = _address(sender, letter.sender_name)
    message["To"] = _address(letter.to)
    # A header is one line, whatever the subject was made from.
    message["Subject"] = " ".join(letter.subject.split())
    # Nobody's absence note shall come back.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.html:
        message.add_alternative(letter.html, subtype="html")
        _add_pictures(message, letter.pictures)
    return message


def _add_pictures(message: EmailMessage, pictures: tuple[Picture, ...]) -> None:
    html = message.get_body(preferencelist=("html",))
    assert isinstance(html, EmailMessage)  # noqa: S101 - it was added a moment ago
    for picture in pictures:
        html.add_related(
            picture.png, "image", "png", cid=f"<{cid_of(picture.name)}>",
            disposition="inline", filename=f"{picture.name}.png",
        )  # fmt: skip


def _address(text: str, name: str = "") -> Address:
    try:
        address = Address(" ".join(name.split()), addr_spec=text)
        text.encode("ascii")
    except (ValueError, IndexError) as error:
        # Also what a line break would smuggle into the headers, and letters that plain SMTP cannot name.
        raise Refused("MAIL_ADDRESS", text) from error
    if any(sign in text for sign in "\r\n"):
        raise Refused("MAIL_ADDRESS", repr(text))
    return address


def _send(server: MailServer, letter: Letter) -> None:
    content = compose(letter, server.sender).as_bytes()
    with _connected(server) as link:
        with _nothing_sent_yet():
            _expect(link.mail(server.sender))
            _expect(link.rcpt(letter.to))
            _expect(link.docmd("DATA"), READY)
            link.send(_quoted(content))
        try:
            link.send(b".\r\n")
            answer = link.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Unconfirmed("MAIL_UNCONFIRMED", str(error)) from error
        _expect(answer)


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A link that is protected and signed in as the settings say."""
    with _nothing_sent_yet():
        link = _open(server)
    try:
        with _nothing_sent_yet():
            _sign_in(link, server)
        yield link
        _say_goodbye(link)
    finally:
        link.close()


def _open(server: MailServer) -> smtplib.SMTP:
    seconds = server.timeout.total_seconds()
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=_trust(server))
    return smtplib.SMTP(server.host, server.port, timeout=seconds)


def _sign_in(link: smtplib.SMTP, server: MailServer) -> None:
    link.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        link.starttls(context=_trust(server))
        link.ehlo()
    if server.user:
        link.login(server.user, server.password)


def _say_goodbye(link: smtplib.SMTP) -> None:
    """Whatever comes now, the letter was taken."""
    try:
        link.quit()
    except (OSError, smtplib.SMTPException):
        return


def _trust(server: MailServer) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if server.ca_file is not None:
        try:
            context.load_verify_locations(server.ca_file)
        except OSError as error:
            # Also what is no certificate.
            raise ConfigError("mail.ca_file", str(server.ca_file), "a PEM file with certificates") from error
    return context


def _quoted(content: bytes) -> bytes:
    """A line that begins with a dot gets one more, so that only the last dot ends the letter."""
    quoted = FIRST_DOT.sub(b"..", content)
    return quoted if quoted.endswith(b"\r\n") else quoted + b"\r\n"


def _expect(answer: tuple[int, bytes], wanted: int = 250) -> None:
    code, words = answer
    if code == wanted or (wanted != READY and 200 <= code < 300):
        return
    raise _refusal(code, words)


def _refusal(code: int, words: bytes) -> ChannelError:
    detail = f"{code} {words.decode('utf-8', 'replace')}"
    return Refused("MAIL_REFUSED", detail) if code >= PERMANENT else Unreachable("MAIL_LATER", detail)


@contextmanager
def _nothing_sent_yet() -> Iterator[None]:
    """What breaks here was surely not sent."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise _not_signed_in(error) from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, _bytes(error.smtp_error)) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Refused("MAIL_NOT_SUPPORTED", str(error)) from error
    except ssl.SSLError as error:
        raise Unreachable("MAIL_NOT_TRUSTED", str(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable("MAIL_UNREACHABLE", str(error)) from error


def _not_signed_in(error: smtplib.SMTPAuthenticationError) -> ChannelError:
    detail = f"{error.smtp_code} {_bytes(error.smtp_error).decode('utf-8', 'replace')}"
    is_final = error.smtp_code >= PERMANENT
    return SignedOut("MAIL_PASSWORD", detail) if is_final else Unreachable("MAIL_LATER", detail)


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()
