"""The page of one operation, and the acts on it."""

import pytest

from publisher.core.states import OperationKind, OperationState, Role
from publisher.store.models import Operation, Post
from tests.builders import NOW, picture_edition
from tests.web.desk import DeskOffice, form_to
from tests.web.news import News
from tests.web.test_item import has_form, text_of

PLANNED, SENT, CANCELLED = OperationState.PLANNED, OperationState.SENT, OperationState.CANCELLED
UNCONFIRMED, FAILED, HELD = OperationState.UNCONFIRMED, OperationState.FAILED, OperationState.HELD


def test_the_page_shows_what_is_sent_and_what_came_of_each_try(office: DeskOffice) -> None:
    news = News(office, FAILED)
    news.try_(news.operations[0], "refused", code="CHAT_WRITE_FORBIDDEN")
    page = office.visitor().get(f"/operations/{news.operations[0]}")
    words = text_of(page)
    assert "Текст новости" in words
    assert "соцсеть отказала CHAT_WRITE_FORBIDDEN" in words
    assert "Учётная запись не может публиковать в канале" in words


@pytest.mark.parametrize("state", [FAILED, HELD, OperationState.RETRYING])
def test_what_waits_is_sent_again_from_the_items_page(office: DeskOffice, state: OperationState) -> None:
    news = News(office, state)
    editor = office.visitor()
    page = editor.send(form_to(editor.get(news.path), f"/operations/{news.operations[0]}/send-again"))
    assert news.states() == [("publish", "planned")]
    assert page.request.path == news.path
    assert "Отправляется." in text_of(page, ".toasts")


def test_a_second_press_is_harmless_and_calm(office: DeskOffice) -> None:
    news = News(office, FAILED)
    editor = office.visitor()
    form = form_to(editor.get(news.path), f"/operations/{news.operations[0]}/send-again")
    editor.send(form)
    page = editor.send(form)
    assert page.html.select_one(".toast-info")
    assert news.states() == [("publish", "planned")]


def test_a_post_that_was_seen_is_settled_by_its_link(office: DeskOffice) -> None:
    news = News(office, UNCONFIRMED)
    news.try_(news.operations[0], "unknown")
    editor = office.visitor()
    page = editor.get(news.path)
    assert "Последняя проверка — 09:00:00: понять не удалось." in text_of(page)
    form = form_to(page, f"/operations/{news.operations[0]}/confirm")
    form["permalink"] = "https://t.me/news_a/77?single"
    page = editor.send(form)
    assert news.states() == [("publish", "sent")]
    with office.store.reading() as session:
        post = session.query(Post).one()
        assert (post.external_ids, post.permalink) == ([77], "https://t.me/news_a/77")
    assert "Сейчас канал будет прочитан и сверен." in text_of(page, ".toasts")


@pytest.mark.parametrize("link", ["https://t.me/other_channel/77", "https://example.org/77", "77"])
def test_a_link_that_leads_elsewhere_comes_back_at_its_field(office: DeskOffice, link: str) -> None:
    news = News(office, UNCONFIRMED)
    editor = office.visitor()
    form = form_to(editor.get(news.path), f"/operations/{news.operations[0]}/confirm")
    form["permalink"] = link
    page = editor.send(form, status=422)
    field = page.html.select_one(f"#permalink-{news.operations[0]}")
    assert (field["value"], field["aria-invalid"]) == (link, "true")
    assert news.states() == [("publish", "unconfirmed")]


def test_a_picture_with_the_text_after_it_asks_for_both_links(office: DeskOffice) -> None:
    news = News(office)
    publish = OperationKind.PUBLISH
    operation = news.add(0, publish, UNCONFIRMED, edition=picture_edition(2, text_after=True))
    editor = office.visitor()
    form = form_to(editor.get(f"/operations/{operation}"), f"/operations/{operation}/confirm")
    form["permalink"], form["permalink_of_text"] = "https://t.me/news_a/77", "https://t.me/news_a/80"
    editor.send(form)
    with office.store.reading() as session:
        assert session.query(Post).one().external_ids == [77, 78, 80]


def test_an_unconfirmed_correction_is_settled_without_a_link(office: DeskOffice) -> None:
    news = News(office, SENT)
    news.save()
    edit = news.add(0, OperationKind.EDIT, UNCONFIRMED, target_id=news.operations[0])
    editor = office.visitor()
    editor.send(form_to(editor.get(news.path), f"/operations/{edit}/confirm"))
    assert news.states()[1] == ("edit", "sent")
    with office.store.reading() as session:
        assert session.query(Post).one().standing_id == edit


def test_the_network_is_asked_once_more(office: DeskOffice) -> None:
    news = News(office, UNCONFIRMED)
    editor = office.visitor()
    editor.send(form_to(editor.get(news.path), f"/operations/{news.operations[0]}/check-again"))
    with office.store.reading() as session:
        operation = session.get_one(Operation, news.operations[0])
        assert (operation.state, operation.wake_at) == (OperationState.CHECKING, NOW)


def test_what_waits_is_given_up(office: DeskOffice) -> None:
    news = News(office, PLANNED, SENT)
    editor = office.visitor()
    page = editor.send(form_to(editor.get(news.path), f"/operations/{news.operations[0]}/cancel"))
    assert news.states() == [("publish", "cancelled"), ("publish", "sent")]
    assert "Отменено." in text_of(page, ".toasts")


def test_another_desk_reads_and_does_nothing(office: DeskOffice) -> None:
    news = News(office, FAILED)
    stranger = office.visitor(Role.EDITOR, office.add_desk("sport", "Спорт"))
    path = f"/operations/{news.operations[0]}"
    assert not has_form(stranger.get(path), f"{path}/send-again")
    for act in ("send-again", "check-again", "cancel"):
        stranger.post(f"{path}/{act}", status=403)
    assert news.states() == [("publish", "failed")]


def test_a_missing_operation_is_not_found(office: DeskOffice) -> None:
    editor = office.visitor()
    editor.get("/operations/99", status=404)
    editor.post("/operations/99/cancel", status=404)
