"""The page of an item: what it says in every state, and every act that starts from it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from webtest import TestResponse

from publisher.core.platforms import Realm
from publisher.core.states import (
    ChannelState,
    HoldReason,
    ItemStatus,
    OperationKind,
    OperationState,
    PostState,
    Priority,
    Role,
)
from publisher.store.models import Account, Channel, Operation, Post
from tests.builders import NOW, picture_edition
from tests.web.desk import DeskOffice, Visitor, form_to
from tests.web.news import News

PLANNED, SENDING, SENT = OperationState.PLANNED, OperationState.SENDING, OperationState.SENT
CHECKING, UNCONFIRMED = OperationState.CHECKING, OperationState.UNCONFIRMED
RETRYING, FAILED, HELD = OperationState.RETRYING, OperationState.FAILED, OperationState.HELD
CANCELLED = OperationState.CANCELLED
EDIT, DELETE = OperationKind.EDIT, OperationKind.DELETE


def text_of(page: TestResponse, selector: str = "main") -> str:
    """The words of a part of the page."""
    return " ".join(page.html.select_one(selector).get_text(" ").split())


def has_form(page: TestResponse, action: str) -> bool:
    """Whether the page has a button that posts there."""
    return any(form.action == action for form in page.forms.values())


def press(visitor: Visitor, news: News, act: str) -> TestResponse:
    """Press a button of the item's page and follow."""
    return visitor.send(form_to(visitor.get(news.path), f"{news.path}/{act}"))


def publish_later(visitor: Visitor, news: News) -> Any:
    """The form that plans the item for a time."""
    forms = visitor.get(news.path).forms.values()
    return next(f for f in forms if f.action == f"{news.path}/publish" and "due" in f.fields)


# What the page says


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (PLANNED, "В очереди"),
        (SENDING, "Отправляется"),
        (SENT, "версия 1"),
        (RETRYING, "следующая попытка: 09:04:13"),
        (CHECKING, "спросим снова: 09:04:13"),
        (UNCONFIRMED, "Узнать, вышла ли публикация, не удалось."),
        (FAILED, "Учётная запись не может публиковать в канале"),
        (HELD, "должна была выйти: сегодня, 09:00"),
        (CANCELLED, "Отменено"),
    ],
)
def test_a_row_says_where_its_channel_is(office: DeskOffice, state: OperationState, words: str) -> None:
    news = News(office, state)
    page = office.visitor().get(news.path)
    assert words in text_of(page, f"#lane-{news.channels[0].id}")


def test_what_needs_a_person_comes_first_and_all_is_counted(office: DeskOffice) -> None:
    news = News(office, SENT, PLANNED, FAILED, SENT)
    page = office.visitor().get(news.path)
    rows = [row["id"] for row in page.html.select(".lane")]
    assert rows == [f"lane-{news.channels[place].id}" for place in (2, 1, 0, 3)]
    assert text_of(page, ".item-counts") == "ждут решения: 1 в пути: 1 стоят: 2"
    assert "2 из 4" in text_of(page, "#item-state")


def test_a_post_that_stands_has_its_link(office: DeskOffice) -> None:
    news = News(office, SENT)
    page = office.visitor().get(news.path)
    assert page.html.select_one(".lane-link")["href"] == "http://127.0.0.1:8090/channels/news_a"


def test_a_post_on_a_real_network_has_the_networks_own_link(office: DeskOffice) -> None:
    news = News(office, SENT)
    with office.store.begin() as session:
        session.get_one(Account, office.account.id).realm = Realm.REAL
    page = office.visitor().get(news.path)
    assert page.html.select_one(".lane-link")["href"] == "https://t.me/news_a/100"


def test_a_correction_and_a_withdrawal_are_steps_of_the_same_row(office: DeskOffice) -> None:
    news = News(office, SENT, SENT)
    news.save()
    news.add(0, EDIT, SENDING, target_id=news.operations[0])
    news.add(1, DELETE, PLANNED, target_id=news.operations[1])
    page = office.visitor().get(news.path)
    first = text_of(page, f"#lane-{news.channels[0].id} .lane-line")
    assert first == "Канал A Отправляется Исправление сейчас стоит версия 1"
    assert "Удаление" in text_of(page, f"#lane-{news.channels[1].id} .lane-line")
    assert len(page.html.select(f"#lane-{news.channels[0].id} .step")) == 2


def test_the_history_of_a_row_tells_what_the_network_answered(office: DeskOffice) -> None:
    news = News(office, FAILED)
    news.try_(news.operations[0], "unreachable")
    news.try_(news.operations[0], "refused", code="CHAT_WRITE_FORBIDDEN")
    page = office.visitor().get(news.path)
    tries = text_of(page, ".attempts")
    assert tries == "09:00:00 нет связи 09:00:00 соцсеть отказала CHAT_WRITE_FORBIDDEN"


def test_what_is_late_says_by_how_much(office: DeskOffice) -> None:
    news = News(office, HELD)
    office.pass_time(hours=3)
    page = office.visitor().get(news.path)
    assert "Опоздание: 3 часа" in text_of(page)
    assert "должна была выйти: сегодня, 09:00" in text_of(page, "#item-state")


@pytest.mark.parametrize(
    ("reason", "page"), [(HoldReason.ACCOUNT_DOWN, "accounts"), (HoldReason.CHANNEL_DOWN, "channels")]
)
def test_what_is_held_says_where_the_fault_is_mended(
    office: DeskOffice, reason: HoldReason, page: str
) -> None:
    news = News(office, HELD)
    news.move(1, HELD, hold_reason=reason)
    links = office.visitor(Role.ADMIN).get(news.path).html.select(".ways a")
    assert [link["href"] for link in links] == [f"/{page}/1"]
    editor = office.visitor().get(news.path)
    assert "Сообщите администратору." in text_of(editor, ".ways")
    assert not editor.html.select(".ways a")


def test_a_withdrawal_that_cannot_leave_says_why(office: DeskOffice) -> None:
    news = News(office, SENT)
    news.add(0, DELETE, PLANNED)
    news.set(ItemStatus.KILLED, kill_reason="Ошибка")
    editor = office.visitor()
    assert "не принимает" not in text_of(editor.get(news.path), "#item-lanes")
    with office.store.begin() as session:
        session.get_one(Channel, news.channels[0].id).state = ChannelState.FORBIDDEN
    assert "Канал не принимает публикации." in text_of(editor.get(news.path), "#lanes-moving")


def test_a_post_that_is_gone_has_no_link(office: DeskOffice) -> None:
    news = News(office, SENT)
    news.see(0, PostState.MISSING)
    assert not office.visitor().get(news.path).html.select(".lane-link")


def test_an_item_without_channels_says_what_to_do(office: DeskOffice) -> None:
    news = News(office)
    news.choose()
    page = office.visitor().get(news.path)
    assert "Каналы ещё не выбраны." in text_of(page)
    assert page.html.select_one(f'a[href="/items/{news.id}/edit"]')


def test_a_text_that_does_not_fit_is_said_once_for_all_channels(office: DeskOffice) -> None:
    news = News(office, *[PLANNED] * 3)
    news.set(ItemStatus.DRAFT)
    with office.store.begin() as session:
        session.query(Operation).delete()
    news.save(body="<p>" + "а" * 5000 + "</p>")
    page = office.visitor().get(news.path)
    assert "принимает 4 096 зн." in text_of(page, "#cannot-publish").replace("\xa0", " ")
    assert "То же ещё в 2 каналах." in text_of(page, "#cannot-publish")
    assert not has_form(page, f"{news.path}/publish")


def test_the_reason_of_a_withdrawal_stays_on_the_page(office: DeskOffice) -> None:
    news = News(office, SENT)
    news.set(ItemStatus.KILLED, kill_reason="Прогноз уточнён.")
    news.add(0, DELETE, FAILED, target_id=news.operations[0])
    page = office.visitor().get(news.path)
    assert "Прогноз уточнён." in text_of(page, ".item-reason")
    assert "ждут решения: 1" in text_of(page, ".item-counts")
    assert not page.html.select_one(f'a[href="/items/{news.id}/edit"]')


def test_a_post_that_shows_the_notice_needs_nobody(office: DeskOffice) -> None:
    news = News(office, SENT)
    news.set(ItemStatus.KILLED, kill_reason="Ошибка")
    notice = news.add(0, EDIT, SENT, target_id=news.operations[0])
    with office.store.begin() as session:
        session.query(Post).one().standing_id = notice
    page = office.visitor().get(news.path)
    assert "Стоит уведомление" in text_of(page)
    assert "ждут решения" not in text_of(page)


# Who may do what


def test_an_author_hands_in_but_does_not_publish(office: DeskOffice) -> None:
    news = News(office)
    page = office.visitor(Role.AUTHOR).get(news.path)
    assert has_form(page, f"{news.path}/submit")
    assert not has_form(page, f"{news.path}/publish")


def test_an_item_of_another_desk_is_read_only(office: DeskOffice) -> None:
    news = News(office, SENT, FAILED)
    other = office.visitor(Role.EDITOR, office.add_desk("sport", "Спорт"))
    page = other.get(news.path)
    assert "Новость другого подразделения" in text_of(page)
    assert "Решить может редактор подразделения" in text_of(page)
    assert [form.action for form in page.forms.values() if form.action.startswith(("/items", "/op"))] == []
    other.post(f"{news.path}/take-back", status=403)


def test_an_editor_is_told_which_channels_are_not_theirs(office: DeskOffice) -> None:
    news = News(office)
    news.choose(office.add_channel("sport", office.add_desk("sport", "Спорт"), title="Спорт города"))
    page = office.visitor().get(news.path)
    assert "Спорт города" in text_of(page, "#cannot-publish")
    assert has_form(office.visitor(Role.CHIEF).get(news.path), f"{news.path}/publish")


def test_an_emergency_waits_for_the_chief(office: DeskOffice) -> None:
    news = News(office)
    news.hurry(Priority.EMERGENCY)
    page = office.visitor().get(news.path)
    assert "выпускает главный редактор" in text_of(page, "#cannot-publish")
    chief = office.visitor(Role.CHIEF)
    page = press(chief, news, "publish")
    assert page.html.select_one(".undo") is None
    assert news.states() == [("publish", "planned")]


# Acts


def test_publishing_leaves_seconds_to_take_it_back_at_one_press(office: DeskOffice) -> None:
    news = News(office)
    editor = office.visitor()
    page = press(editor, news, "publish")
    assert "Отправляется в 1 канал." in text_of(page, ".toasts")
    assert text_of(page, ".undo p") == "Уйдёт в 09:00:15"
    assert page.html.select_one("[data-countdown]")["data-countdown"] == "15"
    page = press(editor, news, "take-back")
    assert news.states() == [("publish", "cancelled")]
    assert news.status() is ItemStatus.APPROVED
    assert page.html.select_one(".undo") is None


def test_nothing_is_promised_while_everything_is_paused(office: DeskOffice) -> None:
    news = News(office)
    chief = office.visitor(Role.CHIEF)
    chief.send(form_to(chief.get("/queue"), "/queue/pause"))
    page = press(chief, news, "publish")
    assert "Всё остановлено" in text_of(page, ".toasts")
    assert page.html.select_one(".undo") is None
    assert "выйдет, когда возобновят выпуск" in text_of(page, "#item-state")
    page = press(chief, news, "take-back")
    assert news.states() == [("publish", "cancelled")]
    assert "Опубликовать в 1 канал" in text_of(page, "#item-acts")


def test_after_the_seconds_nothing_can_be_taken_back(office: DeskOffice) -> None:
    news = News(office)
    editor = office.visitor()
    page = press(editor, news, "publish")
    news.move(1, SENDING)
    office.pass_time(seconds=16)
    page = editor.send(form_to(page, f"{news.path}/take-back"))
    assert "Поздно" in text_of(page, ".toast-info")
    assert news.states() == [("publish", "sending")]


def test_a_second_press_says_calmly_what_happened(office: DeskOffice) -> None:
    news = News(office)
    editor = office.visitor()
    form = form_to(editor.get(news.path), f"{news.path}/publish")
    editor.send(form)
    page = editor.send(form)
    assert "Во всех выбранных каналах эта новость уже есть." in text_of(page, ".toast")
    assert news.states() == [("publish", "planned")]


def test_an_item_is_planned_for_a_time(office: DeskOffice) -> None:
    news = News(office)
    editor = office.visitor()
    form = publish_later(editor, news)
    form["due"] = "2026-12-02T09:30"
    page = editor.send(form)
    assert "Запланировано: завтра, 09:30." in text_of(page, ".toasts")
    assert news.status() is ItemStatus.SCHEDULED
    form = form_to(page, f"{news.path}/reschedule")
    form["due"] = "2026-12-02T18:00"
    page = editor.send(form)
    assert "Выход перенесён: завтра, 18:00." in text_of(page, ".toasts")
    page = press(editor, news, "take-back")
    assert news.status() is ItemStatus.APPROVED


@pytest.mark.parametrize("typed", ["2026-11-30T09:00", "", "завтра"])
def test_a_time_that_will_not_do_comes_back_at_its_field(office: DeskOffice, typed: str) -> None:
    news = News(office)
    editor = office.visitor()
    form = publish_later(editor, news)
    form["due"].force_value(typed)
    page = editor.send(form, status=422)
    assert page.html.select_one("#due-schedule")["value"] == typed
    assert page.html.select_one("#e-due-schedule")
    assert page.html.select_one("#panel-publish").has_attr("open")
    assert news.states() == []


def test_an_hour_that_comes_twice_is_asked_about(office: DeskOffice) -> None:
    office.now = datetime(2010, 10, 1, tzinfo=UTC)
    news = News(office, PLANNED)
    editor = office.visitor()
    form = form_to(editor.get(news.path), f"{news.path}/reschedule")
    form["due"] = "2010-10-31T02:30"
    page = editor.send(form, status=422)
    form = form_to(page, f"{news.path}/reschedule")
    form["fold"] = "1"
    editor.send(form)
    with office.store.reading() as session:
        due = session.get_one(Operation, news.operations[0]).due
    assert due == datetime(2010, 10, 30, 23, 30, tzinfo=UTC)


def test_an_hour_that_does_not_exist_is_refused_at_its_field(office: DeskOffice) -> None:
    office.now = datetime(2010, 3, 1, tzinfo=UTC)
    news = News(office, PLANNED)
    editor = office.visitor()
    form = form_to(editor.get(news.path), f"{news.path}/reschedule")
    form["due"] = "2010-03-28T02:30"
    page = editor.send(form, status=422)
    assert "такого времени нет" in text_of(page, "#e-due-reschedule")


def test_under_embargo_an_item_can_only_be_planned_for_later(office: DeskOffice) -> None:
    news = News(office)
    news.set(ItemStatus.DRAFT, embargo=NOW + timedelta(hours=3))
    editor = office.visitor()
    page = editor.get(news.path)
    assert "Эмбарго до сегодня, 12:00" in text_of(page, "#panel-publish")
    form = form_to(page, f"{news.path}/publish")
    assert form["due"].value == "2026-12-01T12:00"
    form["due"] = "2026-12-01T11:00"
    page = editor.send(form, status=422)
    assert "эмбарго" in text_of(page, "#e-due-schedule")


def test_review_goes_over_the_page(office: DeskOffice) -> None:
    news = News(office)
    author, editor = office.visitor(Role.AUTHOR), office.visitor()
    press(author, news, "submit")
    page = press(editor, news, "return")
    assert "это снова черновик" in text_of(page, ".toasts")
    press(author, news, "submit")
    page = press(editor, news, "approve")
    assert "Одобрено." in text_of(page, ".toasts")
    assert news.status() is ItemStatus.APPROVED


def test_the_author_reads_what_the_editor_wants_mended(office: DeskOffice) -> None:
    news = News(office)
    author, editor = office.visitor(Role.AUTHOR), office.visitor()
    assert author.user is not None
    news.set(ItemStatus.IN_REVIEW, created_by_id=author.user.id)
    form = form_to(editor.get(news.path), f"{news.path}/return")
    form["note"] = "Уточните время"
    editor.send(form)
    assert "Уточните время" in text_of(author.get(news.path), "#returned")
    assert "Уточните время" in text_of(author.get("/"), ".needs")
    assert "Уточните время" not in text_of(editor.get("/"))
    press(author, news, "submit")
    assert "Уточните время" not in text_of(author.get("/"))


def test_a_version_saved_meanwhile_is_not_approved(office: DeskOffice) -> None:
    news = News(office)
    news.set(ItemStatus.IN_REVIEW)
    editor = office.visitor()
    form = form_to(editor.get(news.path), f"{news.path}/approve")
    news.save()
    page = editor.send(form)
    assert "более новую версию" in text_of(page, ".toasts")
    assert news.status() is ItemStatus.IN_REVIEW


def test_nobody_publishes_a_version_they_have_not_read(office: DeskOffice) -> None:
    news = News(office)
    editor = office.visitor()
    form = form_to(editor.get(news.path), f"{news.path}/publish")
    news.save()
    live = editor.get(f"{news.path}/live?read=1")
    assert "Тем временем сохранена версия 2." in live
    assert form_to(live, f"{news.path}/publish")["version"].value == "1"
    page = editor.send(form)
    assert "более новую версию" in text_of(page, ".toasts")
    assert news.states() == []


def test_taking_back_leaves_alone_what_was_planned_before(office: DeskOffice) -> None:
    news = News(office, PLANNED)
    news.move(news.operations[0], PLANNED, due=NOW + timedelta(hours=3), wake_at=NOW + timedelta(hours=3))
    news.choose(*news.channels, office.add_channel("more"))
    editor = office.visitor()
    press(editor, news, "publish")
    press(editor, news, "take-back")
    assert news.states() == [("publish", "planned"), ("publish", "cancelled")]


def test_an_item_is_put_aside_and_taken_up_again(office: DeskOffice) -> None:
    news = News(office)
    editor = office.visitor()
    press(editor, news, "spike")
    assert news.status() is ItemStatus.SPIKED
    page = press(editor, news, "restore")
    assert news.status() is ItemStatus.DRAFT
    assert "снова в черновиках" in text_of(page, ".toasts")


def test_everything_that_failed_is_sent_again_at_one_press(office: DeskOffice) -> None:
    news = News(office, FAILED, HELD, SENT)
    page = press(office.visitor(), news, "send-again")
    assert "Отправляется снова в 2 канала." in text_of(page, ".toasts")
    assert [state for _, state in news.states()] == ["planned", "planned", "sent"]


def test_a_post_altered_on_the_network_gets_our_text_back(office: DeskOffice) -> None:
    news = News(office, SENT)
    post = news.see(0, PostState.ALTERED)
    editor = office.visitor()
    assert "Публикацию изменили прямо в соцсети" in text_of(editor.get(news.path))
    press(editor, news, f"posts/{post}/put-back")
    assert news.states() == [("publish", "sent"), ("edit", "planned")]


def test_a_post_deleted_on_the_network_is_published_anew_or_let_go(office: DeskOffice) -> None:
    news = News(office, SENT, SENT)
    first, second = news.see(0, PostState.MISSING), news.see(1, PostState.MISSING)
    editor = office.visitor()
    press(editor, news, f"posts/{first}/publish-anew")
    page = press(editor, news, f"posts/{second}/accept-deleted")
    assert news.states()[2:] == [("publish", "planned")]
    assert "ждут решения" not in text_of(page)


# Correcting


def test_a_correction_shows_first_what_happens_where(office: DeskOffice) -> None:
    news = News(office, SENT, PLANNED, CHECKING, FAILED, CANCELLED)
    news.save()
    editor = office.visitor()
    page = editor.get(news.path)
    assert "Сохранена версия 2, но в 4 каналах — прежняя." in text_of(page, "#outdated")
    page = editor.get(f"{news.path}/correct")
    effects = text_of(page, ".effects")
    for words in ("Исправим на месте 1 канал", "Заменим до отправки", "Сначала выясним", "неудавшейся"):
        assert words in effects
    assert [tag.get_text() for tag in page.html.select(".changes del, .changes ins")] == ["вечера", "утра"]
    assert news.states()[0] == ("publish", "sent")
    page = editor.send(form_to(page, f"{news.path}/correct"))
    assert "2 исправления отправляются." in text_of(page, ".toasts")
    assert "Заменено до отправки в 2 каналах." in text_of(page, ".toasts")
    assert news.status() is ItemStatus.CORRECTED


def test_a_correction_tells_where_an_own_text_stays_as_it_is(office: DeskOffice) -> None:
    news = News(office, SENT, SENT)
    news.write_own_text(0, 1)
    news.show()
    news.save()
    news.write_own_text(0, 2)
    effects = office.visitor().get(f"{news.path}/correct").html.select(".effects > li")
    told = [" ".join(effect.get_text(" ").split()) for effect in effects]
    assert [text.split()[-1] for text in told] == ["B", "A"]
    assert told[0].startswith("Исправим на месте")
    assert told[1].startswith("Для читателей ничего не изменится")


def test_without_a_newer_version_there_is_nothing_to_correct(office: DeskOffice) -> None:
    news = News(office, SENT)
    editor = office.visitor()
    page = editor.get(f"{news.path}/correct")
    assert "Новой версии для каналов нет." in text_of(page)
    assert page.html.select_one(f'main a.button-main[href="/items/{news.id}/edit"]')
    page = editor.post(f"{news.path}/correct").follow()
    assert "уже стоит в каналах или отправляется" in text_of(page, ".toasts")


def test_a_changed_media_class_asks_for_a_decision(office: DeskOffice) -> None:
    news = News(office)
    news.add(0, OperationKind.PUBLISH, SENT, edition=picture_edition(1))
    news.set(ItemStatus.PUBLISHED)
    news.save()
    editor = office.visitor()
    page = editor.get(f"{news.path}/correct")
    assert "На месте не исправить" in text_of(page, ".effects")
    page = editor.send(form_to(page, f"{news.path}/correct"), status=422)
    assert page.html.select_one("#f-reissue")["aria-invalid"] == "true"
    form = form_to(page, f"{news.path}/correct")
    form["reissue"] = True
    editor.send(form)
    assert news.states()[1:] == [("delete", "planned"), ("publish", "planned")]


def test_a_text_that_does_not_fit_cannot_be_sent_as_a_correction(office: DeskOffice) -> None:
    news = News(office, SENT)
    news.save(body="<p>" + "а" * 5000 + "</p>")
    page = office.visitor().get(f"{news.path}/correct")
    assert "принимает 4 096 зн." in text_of(page).replace("\xa0", " ")
    assert page.html.select_one('main form button[class~="button-main"]') is None


# Withdrawing


def test_a_withdrawal_shows_first_what_happens_where(office: DeskOffice) -> None:
    news = News(office, SENT, PLANNED, CHECKING, CANCELLED)
    editor = office.visitor()
    page = editor.get(f"{news.path}/kill")
    effects = text_of(page, ".effects")
    for words in ("Удалим 1 канал", "Не выйдет 1 канал", "Сначала выясним", "Делать нечего"):
        assert words in effects
    assert "Публикация отозвана редакцией." in text_of(page, ".notice")
    form = form_to(page, f"{news.path}/kill")
    form["reason"] = "Сведения не подтвердились."
    page = editor.send(form)
    assert "Сведения не подтвердились." in text_of(page, ".item-reason")
    assert "отозвана: сегодня, 09:00, Дежурный" in text_of(page, "#item-state")
    assert news.states()[-2:] == [("delete", "planned"), ("delete", "planned")]
    page = editor.post(f"{news.path}/kill", {"reason": "ещё раз"}).follow()
    assert "Новость уже отозвана." in text_of(page, ".toasts")


def test_an_old_post_gives_way_to_the_notice(office: DeskOffice) -> None:
    news = News(office, SENT)
    office.pass_time(days=3)
    page = office.visitor().get(f"{news.path}/kill")
    assert "Стоит уведомление" in text_of(page, ".effects")


def test_a_withdrawal_without_a_reason_comes_back_at_its_field(office: DeskOffice) -> None:
    news = News(office, SENT)
    editor = office.visitor()
    form = form_to(editor.get(f"{news.path}/kill"), f"{news.path}/kill")
    form["reason"] = "   "
    page = editor.send(form, status=422)
    assert page.html.select_one("#e-reason")
    assert news.states() == [("publish", "sent")]


def test_what_only_waits_is_called_off_not_withdrawn(office: DeskOffice) -> None:
    news = News(office, PLANNED, FAILED)
    page = office.visitor().get(news.path)
    assert page.html.select_one("#act-kill") is None
    press(office.visitor(), news, "take-back")
    assert news.status() is ItemStatus.DRAFT
    assert [state for _, state in news.states()] == ["cancelled", "cancelled"]


def test_an_author_sees_no_preview_of_a_withdrawal(office: DeskOffice) -> None:
    news = News(office, SENT)
    office.visitor(Role.AUTHOR).get(f"{news.path}/kill", status=403)


# Versions


def test_a_version_shows_what_it_changed(office: DeskOffice) -> None:
    news = News(office, SENT)
    news.save(title="Ремонт большого моста")
    page = office.visitor().get(f"{news.path}/versions/2")
    assert [tag.get_text().strip() for tag in page.html.select(".changes ins")] == ["большого", "утра"]
    assert [tag.get_text() for tag in page.html.select(".changes del")] == ["вечера"]
    office.visitor().get(f"{news.path}/versions/3", status=404)


def test_a_version_that_only_looks_otherwise_says_so(office: DeskOffice) -> None:
    news = News(office)
    news.save(body="<p>Мост <b>закрыт</b> до вечера.</p>")
    page = office.visitor().get(f"{news.path}/versions/2")
    assert "изменено оформление" in text_of(page)


def test_an_older_version_is_brought_back_on_top_of_the_newest(office: DeskOffice) -> None:
    news = News(office, SENT)
    news.save(title="Ремонт большого моста")
    author = office.visitor(Role.AUTHOR)
    page = author.get(f"{news.path}/versions/1").click("Вернуть эту версию")
    assert "содержание версии 1" in text_of(page, "#older")
    form = form_to(page, f"{news.path}/edit")
    assert (form["title"].value, form["base"].value) == ("Ремонт моста", "2")
    page = author.send(form, "do", value="save")
    assert "Версия 3 сохранена." in text_of(page, ".toasts")
    assert "Мост закрыт до вечера." in text_of(author.get(news.path))


def test_the_newest_version_needs_no_bringing_back(office: DeskOffice) -> None:
    news = News(office)
    page = office.visitor().get(f"{news.path}/versions/1")
    assert page.html.find(id="act-bring-back") is None


# Live


def test_a_live_page_hears_nothing_until_something_moves(office: DeskOffice) -> None:
    news = News(office, PLANNED, SENT)
    editor = office.visitor()
    page = editor.get(news.path)
    etag = page.html.select_one("[data-live]")["data-live-etag"]
    answer = editor.get(f"{news.path}/live", headers={"If-None-Match": etag}, status=304)
    assert answer.body == b""
    news.move(news.operations[0], SENDING)
    answer = editor.get(f"{news.path}/live", headers={"If-None-Match": etag})
    assert "Отправляется" in answer
    assert answer.headers["ETag"] != etag


@pytest.mark.parametrize(
    ("state", "minutes", "seconds"),
    [
        (SENDING, 0, "1"),
        (PLANNED, 0.5, "1"),
        (PLANNED, 5, "5"),
        (UNCONFIRMED, 0, "5"),
        (PLANNED, 60, "30"),
        (SENT, 0, "30"),
    ],
)
def test_the_page_asks_as_often_as_things_can_change(
    office: DeskOffice, state: OperationState, minutes: float, seconds: str
) -> None:
    news = News(office, state)
    if state is PLANNED:
        news.move(news.operations[0], PLANNED, wake_at=NOW + timedelta(minutes=minutes))
    assert office.visitor().get(f"{news.path}/live").headers["X-Live-Seconds"] == seconds


def test_a_missing_item_is_not_found(office: DeskOffice) -> None:
    for path in ("/items/99", "/items/99/live", "/items/99/correct", "/items/99/kill"):
        office.visitor().get(path, status=404)
