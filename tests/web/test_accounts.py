"""Accounts on the desk: secrets go in and never come out; what waits because of a dead one is said."""

import json
from datetime import timedelta
from typing import Any

import pytest

from publisher.core.platforms import Realm
from publisher.core.states import AccountState, OperationState, Role
from publisher.store.channels import find_account, get_account_by_id
from publisher.store.models import Account, AuditEvent, Request, Version
from tests.builders import NOW, add_operation
from tests.web.desk import DeskOffice, Visitor, form_to
from tests.web.worker import answer, begin_work, open_requests

HASH = "0123456789abcdef0123456789abcdef"
TOKEN = "123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOpp"  # noqa: S105 - of the form that the rule asks for
SECRETS = {"api_id": "1234567", "api_hash": HASH, "bot_token": TOKEN}


def send(visitor: Visitor, page: str, action: str, **fields: str) -> Any:
    """Fill in and send a form; the page it leads to."""
    form = form_to(visitor.get(page), action)
    for name, value in fields.items():
        form[name] = value
    return visitor.send(form, expect_errors=True)


def add(visitor: Visitor, **fields: str) -> Any:
    """Add an account with good credentials, but for what is said otherwise."""
    return send(visitor, "/accounts/new", "/accounts/new", **{"name": "Новый бот", **SECRETS, **fields})


def down(office: DeskOffice) -> None:
    """The office's account, signed out by the network."""
    reason = {
        "code": "ACCESS_TOKEN_INVALID",
        "message": "The network does not know this token.",
        "params": {},
    }
    with office.store.begin() as session:
        account = session.get_one(Account, office.account.id)
        account.state, account.reason, account.checked_at = AccountState.DOWN, reason, NOW


def test_an_account_is_added_sealed_and_checked(office: DeskOffice) -> None:
    page = add(office.visitor(Role.ADMIN), realm="sandbox")
    assert page.html.h1.get_text(strip=True) == "Новый бот"
    with office.store.reading() as session:
        account = find_account(session, "Новый бот")
        assert account is not None
        assert account.realm is Realm.SANDBOX
        assert TOKEN.encode() not in account.credentials
        assert json.loads(office.vault.open(account.credentials)) == SECRETS
    assert [asked.subject_id for asked in open_requests(office)] == [account.id]


def test_secrets_are_in_no_page_and_in_no_audit(office: DeskOffice, caplog: pytest.LogCaptureFixture) -> None:
    visitor = office.visitor(Role.ADMIN)
    shown = add(visitor)
    account_path = shown.request.path
    pages = [shown, add(visitor, api_id="x"), visitor.get("/accounts"), visitor.get(f"{account_path}/change")]
    pages.append(visitor.get("/journal"))
    assert not any(secret in page.text for page in pages for secret in (HASH, TOKEN))
    assert HASH not in caplog.text
    with office.store.reading() as session:
        details = json.dumps([event.detail for event in session.query(AuditEvent)])
    assert HASH not in details
    assert TOKEN not in details


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "Назовите учётную запись."),
        ("name", "Бот администрации", "Учётная запись с таким названием уже есть."),
        ("name", "б" * 121, "В названии не больше 120 знаков."),
        ("api_id", "один", "api_id — это число, например 1234567."),
        ("api_hash", "123", "api_hash — это 32 знака: цифры и буквы от a до f."),
        ("bot_token", "12:34", "Токен выглядит так: 123456789:ABCdef… — как его выдал @BotFather."),
    ],
)
def test_a_wrong_field_is_told_there_and_the_rest_is_kept(
    office: DeskOffice, field: str, value: str, message: str
) -> None:
    page = add(office.visitor(Role.ADMIN), realm="sandbox", **{field: value})
    assert page.status_int == 422
    assert page.html.find(id=f"e-{field}").get_text(strip=True) == message
    typed = {"name": "Новый бот", "api_id": "1234567"} | {field: value}
    assert page.html.find(id="f-name")["value"] == typed["name"]
    assert page.html.find(id="f-api_id")["value"] == typed["api_id"]
    assert page.html.find("input", value="sandbox").has_attr("checked")
    assert {page.html.find(id=f"f-{secret}")["value"] for secret in ("api_hash", "bot_token")} == {""}


def test_a_form_pressed_twice_adds_one_account(office: DeskOffice) -> None:
    visitor = office.visitor(Role.ADMIN)
    form = form_to(visitor.get("/accounts/new"), "/accounts/new")
    for name, value in {"name": "Новый бот", **SECRETS}.items():
        form[name] = value
    assert visitor.send(form).request.path == visitor.send(form).request.path
    with office.store.reading() as session:
        assert session.query(Account).count() == 2


def test_a_dead_account_says_what_waits_and_what_to_do(office: DeskOffice) -> None:
    channel = office.add_channel()
    _, version = office.add_item(channel)
    with office.store.begin() as session:
        stored = session.get_one(Version, version.id)
        add_operation(session, stored, channel)
        add_operation(session, stored, channel, state=OperationState.HELD)
        add_operation(session, stored, channel, due=NOW + timedelta(hours=3))
    down(office)
    visitor = office.visitor(Role.ADMIN)
    page = visitor.get(f"/accounts/{office.account.id}")
    text = " ".join(page.html.get_text(" ").split())
    assert "2 отправки ждут , 1 запланирована на потом" in text
    assert page.html.find("a", href=f"/accounts/{office.account.id}/change")
    assert "2 отправки ждут" in visitor.get("/accounts")


def test_new_credentials_take_the_place_of_dead_ones(office: DeskOffice) -> None:
    channel = office.add_channel()
    down(office)
    path = f"/accounts/{office.account.id}"
    page = send(office.visitor(Role.ADMIN), f"{path}/change", f"{path}/replace", **SECRETS)
    assert "Новые данные сохранены" in page
    with office.store.reading() as session:
        account = get_account_by_id(session, office.account.id)
        assert (account.state, account.reason, account.session) == (AccountState.NEW, None, None)
        assert json.loads(office.vault.open(account.credentials)) == SECRETS
    asked = [(request.kind, request.subject_id) for request in open_requests(office)]
    assert asked == [("check_account", office.account.id), ("resolve_channel", channel.id)]


def test_wrong_new_credentials_leave_the_old_ones(office: DeskOffice) -> None:
    path = f"/accounts/{office.account.id}"
    wrong = SECRETS | {"bot_token": "нет"}
    page = send(office.visitor(Role.ADMIN), f"{path}/change", f"{path}/replace", **wrong)
    assert page.status_int == 422
    assert page.html.find(id="e-bot_token")
    with office.store.reading() as session:
        assert get_account_by_id(session, office.account.id).credentials == b""


def test_an_account_can_get_another_name(office: DeskOffice) -> None:
    path = f"/accounts/{office.account.id}"
    page = send(office.visitor(Role.ADMIN), f"{path}/change", f"{path}/change", name="Главный бот")
    assert page.html.h1.get_text(strip=True) == "Главный бот"


def test_checking_now_shows_what_the_worker_found(office: DeskOffice) -> None:
    begin_work(office)
    visitor = office.visitor(Role.ADMIN)
    path = f"/accounts/{office.account.id}"
    page = visitor.send(form_to(visitor.get(path), f"{path}/check"))
    assert "Рабочий процесс проверяет учётную запись…" in page
    live = visitor.get(f"{path}/live")
    assert live.headers["X-Live-Seconds"] == "1"
    answer(office, ok=False)
    down(office)
    fresh = visitor.get(f"{path}/live", headers={"If-None-Match": live.headers["ETag"]})
    assert "Соцсеть не знает такого токена." in fresh


def test_an_account_without_channels_can_be_deleted(office: DeskOffice) -> None:
    visitor = office.visitor(Role.ADMIN)
    path = f"/accounts/{office.account.id}"
    visitor.send(form_to(visitor.get(path), f"{path}/check"))
    page = visitor.send(form_to(visitor.get(path), f"{path}/delete"))
    assert "«Бот администрации» удалена" in page
    with office.store.reading() as session:
        assert session.query(Account).count() == 0
        assert session.query(Request).count() == 0


@pytest.mark.parametrize("retired_at", [None, NOW])
def test_an_account_with_channels_stays(office: DeskOffice, retired_at: object) -> None:
    office.add_channel(retired_at=retired_at)
    visitor = office.visitor(Role.ADMIN)
    path = f"/accounts/{office.account.id}"
    assert f'action="{path}/delete"' not in visitor.get(path)
    assert "удалить её нельзя" in visitor.post(f"{path}/delete", status=422)


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.EDITOR, Role.CHIEF])
def test_only_administrators_see_accounts(office: DeskOffice, role: Role) -> None:
    visitor = office.visitor(role)
    path = f"/accounts/{office.account.id}"
    for page in ("/accounts", "/accounts/new", path, f"{path}/live", f"{path}/change"):
        visitor.get(page, status=403)
    for act in ("check", "change", "replace", "delete"):
        visitor.post(f"{path}/{act}", status=403)
    visitor.post("/accounts/new", status=403)


def test_without_accounts_the_page_says_what_they_are_for(office: DeskOffice) -> None:
    with office.store.begin() as session:
        session.query(Account).delete()
    assert "Учётных записей пока нет" in office.visitor(Role.ADMIN).get("/accounts")
