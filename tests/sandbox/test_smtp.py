"""The mail server of the sandbox and its inbox, with a mail client that is not ours."""

import re
import smtplib
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import httpx
import pytest

from publisher.sandbox.world import MOST_LETTERS, World
from tests.sandbox.clients import picture
from tests.sandbox_process import SandboxProcess, start_sandbox

_number = count(1)


def letter(subject: str = "Сводка", html: str = "") -> EmailMessage:
    """A letter to an address that no other test has."""
    message = EmailMessage()
    message["From"], message["To"] = "Publisher <from@example.org>", f"reader{next(_number)}@example.org"
    message["Subject"] = subject
    message.set_content("Текст письма")
    if html:
        message.add_alternative(html, subtype="html")
    return message


def send(sandbox: SandboxProcess, message: EmailMessage) -> None:
    """Hand it over as any program does."""
    with smtplib.SMTP(sandbox.host, sandbox.mail_port, timeout=10) as link:
        link.send_message(message)


def test_a_letter_is_kept_as_its_reader_sees_it(sandbox: SandboxProcess) -> None:
    message = letter(html='<p>Привет</p><img src="cid:chart@letter">')
    html = message.get_body(preferencelist=("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(picture(), "image", "png", cid="<chart@letter>", filename="chart.png")
    send(sandbox, message)
    kept = sandbox.letters()[-1]
    assert (kept["subject"], kept["text"], kept["recipients"]) == (
        "Сводка",
        "Текст письма\n",
        [message["To"]],
    )
    assert [(file["name"], file["is_inline"]) for file in kept["attached"]] == [("chart.png", True)]


def test_the_inbox_lists_letters_and_opens_one(sandbox: SandboxProcess, visitor: httpx.Client) -> None:
    send(sandbox, letter("Тема <b>недели</b>"))
    page = visitor.get("/letters").text
    assert "Тема &lt;b&gt;недели&lt;/b&gt;" in page
    address = re.findall(r'href="(/letters/\d+)"', page)[0]
    opened = visitor.get(address).text
    assert "Текст письма" in opened
    assert "<iframe" not in opened


def test_the_pictures_of_a_letter_are_shown_in_its_frame(
    sandbox: SandboxProcess, visitor: httpx.Client
) -> None:
    message = letter(html='<img src="cid:chart@letter">')
    html = message.get_body(preferencelist=("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(picture(), "image", "png", cid="<chart@letter>")
    send(sandbox, message)
    body = visitor.get(f"/letters/{sandbox.letters()[-1]['id']}/body")
    assert '<img src="data:image/png;base64,' in body.text


def test_hostile_mail_gets_a_frame_in_which_nothing_runs(
    sandbox: SandboxProcess, visitor: httpx.Client
) -> None:
    send(sandbox, letter("<script>alert(1)</script>", html="<script>parent.alert(1)</script>"))
    number = sandbox.letters()[-1]["id"]
    page, body = visitor.get(f"/letters/{number}"), visitor.get(f"/letters/{number}/body")
    assert "<script>alert" not in page.text
    assert re.search(r'<iframe[^>]* sandbox="(?!.*allow-(scripts|same-origin|forms))', page.text)
    policy = body.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "script" not in policy.replace("allow-scripts", "script")


@pytest.mark.parametrize("method", ["smtp.RCPT", "smtp.DATA"])
def test_a_planned_refusal_is_answered_to_the_one_it_is_for(sandbox: SandboxProcess, method: str) -> None:
    refused, taken = letter(), letter()
    sandbox.plan_fault(method=method, channel=str(refused["To"]), code=550, error="NO_SUCH_MAILBOX")
    before = len(sandbox.letters())
    with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError), match="NO_SUCH_MAILBOX"):
        send(sandbox, refused)
    send(sandbox, taken)
    assert [one["to"] for one in sandbox.letters()[before:]] == [taken["To"]]


@pytest.mark.parametrize(("when", "kept"), [("before", 0), ("after", 1)])
def test_the_link_drops_before_or_after_the_letter_was_kept(
    sandbox: SandboxProcess, when: str, kept: int
) -> None:
    message, before = letter(), len(sandbox.letters())
    sandbox.plan_fault(method="smtp.DATA", channel=str(message["To"]), kind="drop", when=when)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(sandbox, message)
    assert len(sandbox.letters()) == before + kept


def test_letters_outlive_a_killed_process(tmp_path: Path) -> None:
    sandbox = start_sandbox(tmp_path)
    try:
        send(sandbox, letter("Переживёт"))
        sandbox.stop(kill=True)
        sandbox = start_sandbox(tmp_path)
        assert [one["subject"] for one in sandbox.letters()] == ["Переживёт"]
    finally:
        sandbox.stop()


def test_only_the_last_letters_are_kept_and_numbers_are_not_given_again(tmp_path: Path) -> None:
    world = World(tmp_path, 1)
    for _ in range(MOST_LETTERS + 3):
        world.add_letter(b"x", "from@example.org", ["to@example.org"], 0.0)
    world.close()
    again = World(tmp_path, 1)
    assert (min(again.letters), len(again.letters)) == (4, MOST_LETTERS)
    assert len(list((tmp_path / "letters").iterdir())) == MOST_LETTERS
    again.close()
