"""A kept letter as its reader sees it: headers, text, HTML with its pictures, what is attached.

The HTML is shown in a frame that can run nothing, fetch nothing and knows nothing of the page around it;
the pictures that the letter brings along are put into it.
"""

import base64
import re
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

# Whatever the letter says: no script, no form, no request; a click on a link opens a window of its own.
LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:;"
    " style-src 'unsafe-inline'; frame-ancestors 'self'"
)
SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}
CID = re.compile(r"cid:([^\s\"'<>()]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file of a letter; `is_inline` when the HTML shows it."""

    name: str
    mime: str
    size: int
    cid: str
    is_inline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A letter taken apart. `html` is empty for a letter of plain text."""

    subject: str
    sender: str
    recipients: str
    date: str
    message_id: str
    text: str
    html: str
    attached: tuple[Attached, ...]


def read_letter(raw: bytes) -> Read:
    """What is in it; what is broken is left out, as readers' programs do."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - the policy makes no other
    html, files = _text(message, "html"), list(_files(message))
    shown = {cid.lower() for cid in CID.findall(html)}
    return Read(
        subject=str(message["Subject"] or ""),
        sender=str(message["From"] or ""),
        recipients=str(message["To"] or ""),
        date=str(message["Date"] or ""),
        message_id=str(message["Message-ID"] or ""),
        text=_text(message, "plain"),
        html=html,
        attached=tuple(
            Attached(
                name=part.get_filename() or cid or part.get_content_type(), mime=part.get_content_type(),
                size=len(data), cid=cid, is_inline=cid.lower() in shown,
            )
            for part, cid, data in files
        ),
    )  # fmt: skip


def framed_html(raw: bytes) -> str:
    """The letter's HTML for its frame: links open outside of it, its own pictures are put in."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - the policy makes no other
    pictures = {
        cid.lower(): f"data:{part.get_content_type()};base64,{base64.b64encode(data).decode()}"
        for part, cid, data in _files(message)
        if part.get_content_type() in SHOWN
    }
    html = CID.sub(lambda found: pictures.get(found[1].lower(), ""), _text(message, "html"))
    return f'<!doctype html><meta charset="utf-8"><base target="_blank">{_without_doctype(html)}'


def describe(raw: bytes) -> dict[str, Any]:
    """For the control in JSON: everything but the files themselves."""
    read = read_letter(raw)
    return {
        "subject": read.subject, "from": read.sender, "to": read.recipients, "date": read.date,
        "message_id": read.message_id, "text": read.text, "html": read.html,
        "attached": [asdict(file) for file in read.attached],
    }  # fmt: skip


def _text(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, KeyError, ValueError):
        # A charset that nobody knows.
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")


def _files(message: EmailMessage) -> list[tuple[EmailMessage, str, bytes]]:
    bodies = [message.get_body(preferencelist=(kind,)) for kind in ("plain", "html")]
    return [
        (part, str(part["Content-ID"] or "").strip().strip("<>"), bytes(part.get_payload(decode=True) or b""))
        for part in message.walk()
        if isinstance(part, EmailMessage)
        and not part.is_multipart()
        and not any(part is body for body in bodies)
    ]


def _without_doctype(html: str) -> str:
    return re.sub(r"^\s*<!doctype[^>]*>", "", html, count=1, flags=re.IGNORECASE)
