"""The composer without scripts: written, shown, sent on its way from one form."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from webtest import TestResponse

from publisher.actions.people import make_sign_in_link
from publisher.config import Office
from publisher.core.platforms import Realm
from publisher.core.states import ChannelState, ItemStatus, OperationState, Role
from publisher.store.models import Channel, Item, Operation, Version
from publisher.store.people import end_sessions
from publisher.web.app import create_app
from tests.builders import add_account, add_channel, add_post, add_user
from tests.web.desk import DeskOffice, Visitor

NEW = "/items/new"


def composer(page: TestResponse) -> Any:
    """The composer's form on the page."""
    return next(form for form in page.forms.values() if form.fields.get("token"))


def written(visitor: Visitor, *channel_ids: int, **values: str) -> Any:
    """A new item's form, filled in."""
    form = composer(visitor.get(NEW))
    for name, value in {"title": "Ремонт моста", "body": "Мост **закрыт** до вечера.", **values}.items():
        form[name] = value
    for box in form.fields.get("channels", []):
        box.checked = int(box._value) in channel_ids
    return form


def press(visitor: Visitor, form: Any, act: str, **options: Any) -> TestResponse:
    """Press the button with this act, without following."""
    assert act in {button._value for button in form.fields["do"]}, f"no button {act}"
    return form.submit("do", value=act, headers=visitor.headers, **options)


def items(office: DeskOffice) -> list[Item]:
    """All items."""
    with office.store.reading() as session:
        return list(session.query(Item).order_by(Item.id))


def newest(office: DeskOffice, item_id: int) -> Version:
    """The newest version."""
    with office.store.reading() as session:
        return (
            session.query(Version).filter_by(item_id=item_id).order_by(Version.number.desc()).limit(1).one()
        )


def operations(office: DeskOffice, *states: OperationState) -> list[Operation]:
    """The operations in these states, or all."""
    with office.store.reading() as session:
        rows = session.query(Operation).order_by(Operation.id)
        return [row for row in rows if not states or row.state in states]


def texts(office: DeskOffice, *states: OperationState) -> list[str]:
    """What the operations would put up."""
    editions = [operation.edition or {} for operation in operations(office, *states)]
    return ["".join(message["text"]["text"] for message in edition["messages"]) for edition in editions]


def end_session(office: DeskOffice, visitor: Visitor) -> None:
    """Sign the person out everywhere."""
    assert visitor.user is not None
    with office.store.begin() as session:
        end_sessions(session, visitor.user.id, office.now)


def test_publishing_saves_the_item_and_plans_it_for_the_chosen_channels(office: DeskOffice) -> None:
    first, _second = office.add_channel(), office.add_channel()
    editor = office.visitor()
    answer = press(editor, written(editor, first.id), "publish")
    assert answer.status_int == 303
    assert answer.location.endswith("/items/1")
    assert newest(office, 1).body == "<p>Мост <b>закрыт</b> до вечера.</p>"
    assert [op.channel_id for op in operations(office)] == [first.id]
    assert items(office)[0].status is ItemStatus.SCHEDULED


def test_a_draft_is_saved_and_written_on(office: DeskOffice) -> None:
    author = office.visitor(Role.AUTHOR)
    page = press(author, written(author, body=""), "save").follow(headers=author.headers)
    form = composer(page)
    form["body"] = "Дальше"
    press(author, form, "save")
    assert (items(office)[0].status, newest(office, 1).number) == (ItemStatus.DRAFT, 2)


def test_everything_that_was_typed_comes_back_saved(office: DeskOffice) -> None:
    channel = office.add_channel()
    editor = office.visitor()
    typed = {
        "title": "Ремонт <моста>",
        "body": "> Цитата\n\n- раз\n- //два//\n\n[сайт](https://example.org)",
        "tags": "#мост, дороги",
        "source": "Администрация",
        "slug": "most-2026",
        "priority": "1",
        "embargo": "2026-12-01T12:00",
    }
    form = written(editor, channel.id, **typed)
    form["silent"] = True
    page = press(editor, form, "save").follow(headers=editor.headers)
    again = composer(page)
    assert {name: again[name].value for name in typed} == {**typed, "tags": "мост, дороги"}
    assert again["silent"].checked
    assert newest(office, 1).tags == ["мост", "дороги"]


@pytest.mark.parametrize(
    ("act", "values", "field"),
    [
        ("save", {"title": " "}, "title"),
        ("publish", {"body": " "}, "body"),
        ("publish", {"body": "Раз\n\nдва **три"}, "body"),
        ("publish", {"body": "а" * 4096}, "body"),
        ("schedule", {"due": ""}, "due"),
        ("schedule", {"due": "2026-12-01T08:00"}, "due"),
        ("schedule", {"due": "2028-12-01T08:00"}, "due"),
        ("publish", {"embargo": "2026-12-02T09:00"}, "due"),
        ("save", {"slug": "Слаг!"}, "slug"),
        ("save", {"embargo": "завтра"}, "embargo"),
        ("approve", {"body": ""}, "body"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_everything_is_kept(
    office: DeskOffice, act: str, values: dict[str, str], field: str
) -> None:
    channel = office.add_channel()
    editor = office.visitor()
    form = written(editor, channel.id, **{"source": "Источник", **values})
    page = press(editor, form, act, status=422)
    assert page.html.find(id=f"e-{field}"), page.html.find(class_="note-bad")
    again = composer(page)
    for name, value in {"source": "Источник", "title": "Ремонт моста", **values}.items():
        assert again[name].value == value
    assert [box.checked for box in again.fields["channels"]] == [True]
    assert items(office) == []


def test_all_that_is_missing_is_said_at_once(office: DeskOffice) -> None:
    office.add_channel()
    editor = office.visitor()
    page = press(editor, written(editor, title="", body=""), "publish", status=422)
    assert [bool(page.html.find(id=f"e-{name}")) for name in ("title", "body", "channels")] == [True] * 3


def test_a_slip_is_named_with_its_line(office: DeskOffice) -> None:
    channel = office.add_channel()
    editor = office.visitor()
    form = written(editor, channel.id, body="Раз\n\nдва **три")
    assert "Строка 3" in press(editor, form, "publish", status=422).html.find(id="e-body").text


def test_an_item_is_scheduled_by_the_citys_clock(office: DeskOffice) -> None:
    channel = office.add_channel()
    editor = office.visitor()
    answer = press(editor, written(editor, channel.id, due="2026-12-02T09:00"), "schedule")
    assert answer.status_int == 303
    assert operations(office)[0].due == datetime(2026, 12, 2, 6, 0, tzinfo=UTC)


def test_the_buttons_name_the_act(office: DeskOffice) -> None:
    channels = [office.add_channel() for _ in range(2)]
    editor = office.visitor()
    form = written(editor, *(c.id for c in channels), due="2026-12-05T09:00")
    page = press(editor, form, "preview")
    buttons = [button.text.strip() for button in page.html.select(".acts-buttons button")]
    assert buttons == [
        "Сохранить черновик", "Одобрить", "Опубликовать в 2 канала", "Запланировать на 5 декабря, 09:00",
    ]  # fmt: skip


def berlin(office: DeskOffice) -> None:
    """Move the office to a city whose clocks are changed, into the year after."""
    office.settings = replace(office.settings, office=Office(timezone="Europe/Berlin"))
    office.now = datetime(2027, 3, 1, 6, 0, tzinfo=UTC)
    office.app = create_app(office.settings, office.store, office.vault, now=lambda: office.now)


def test_a_time_that_the_clock_skips_is_refused_at_its_field(office: DeskOffice) -> None:
    berlin(office)
    channel = office.add_channel()
    editor = office.visitor()
    page = press(editor, written(editor, channel.id, due="2027-03-28T02:30"), "schedule", status=422)
    assert "вперёд" in page.html.find(id="e-due").text


def test_a_time_that_comes_twice_is_chosen(office: DeskOffice) -> None:
    berlin(office)
    channel = office.add_channel()
    editor = office.visitor()
    page = press(editor, written(editor, channel.id, due="2027-10-31T02:30"), "schedule", status=422)
    form = composer(page)
    form["due_fold"] = "1"
    assert press(editor, form, "schedule").status_int == 303
    assert operations(office)[0].due == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_a_double_click_makes_one_item_and_one_publication(office: DeskOffice) -> None:
    channel = office.add_channel()
    editor = office.visitor()
    form = written(editor, channel.id)
    places = {press(editor, form, "publish").location for _ in range(2)}
    assert len(places) == 1
    assert (len(items(office)), len(operations(office))) == (1, 1)


def test_going_back_and_writing_on_makes_the_next_version(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor)
    press(editor, form, "save")
    office.pass_time(minutes=1)
    form["body"] = "Написано после"
    page = press(editor, form, "save", status=409)
    assert press(editor, composer(page), "save").status_int == 303
    assert len(items(office)) == 1
    assert newest(office, 1).body == "<p>Написано после</p>"


def test_two_editors_lose_nothing(office: DeskOffice) -> None:
    first, second = office.visitor(name="Первый"), office.visitor(name="Второй")
    press(first, written(first, body="Начало новости."), "save")
    mine, theirs = (composer(visitor.get("/items/1/edit")) for visitor in (first, second))
    theirs["body"] = "Начало важной новости."
    press(second, theirs, "save")
    mine["body"] = "Моё начало."
    page = press(first, mine, "save", status=409)
    assert composer(page)["body"].value == "Моё начало."
    assert page.html.select_one(".conflict ins").text.strip() == "важной"
    assert press(first, composer(page), "over-2").status_int == 303
    assert (newest(office, 1).number, newest(office, 1).body) == (3, "<p>Моё начало.</p>")


def test_taking_the_other_text_keeps_ones_own_among_the_drafts(office: DeskOffice) -> None:
    first, second = office.visitor(), office.visitor()
    press(first, written(first), "save")
    mine, theirs = (composer(visitor.get("/items/1/edit")) for visitor in (first, second))
    theirs["body"] = "Их текст"
    press(second, theirs, "save")
    mine["body"] = "Мой текст"
    page = press(first, mine, "save", status=409)
    page = press(first, composer(page), "theirs").follow(headers=first.headers)
    assert composer(page)["body"].value == "Их текст"
    page = first.get(page.html.select_one(".draft-list a")["href"])
    assert composer(page)["body"].value == "Мой текст"


def test_an_author_hands_in_and_an_editor_approves(office: DeskOffice) -> None:
    author, editor = office.visitor(Role.AUTHOR), office.visitor()
    page = author.get(NEW)
    assert not page.html.select(".act-publish, .act-schedule")
    press(author, written(author), "submit")
    assert items(office)[0].status is ItemStatus.IN_REVIEW
    press(editor, composer(editor.get("/items/1/edit")), "approve")
    assert items(office)[0].status is ItemStatus.APPROVED


def test_an_author_may_wish_for_channels_of_other_desks(office: DeskOffice) -> None:
    foreign = office.add_channel(desk=office.add_desk("social", "Соцзащита"))
    author = office.visitor(Role.AUTHOR)
    press(author, written(author, foreign.id), "submit")
    with office.store.reading() as session:
        assert [channel.id for channel in session.get_one(Item, 1).channels] == [foreign.id]


def test_an_editor_cannot_tick_another_desks_channel(office: DeskOffice) -> None:
    foreign = office.add_channel(desk=office.add_desk("social", "Соцзащита"))
    own = office.add_channel()
    editor = office.visitor()
    page = editor.get(NEW)
    assert [int(box["value"]) for box in page.html.select("input[name=channels]")] == [own.id]
    assert "0 из 1" in page.html.select_one("[data-count]").text
    others = " ".join(page.html.find(id="foreign-groups").get_text(" ").split())
    assert "Каналы других подразделений: 1" in others
    assert f"Соцзащита {foreign.title}" in others


def test_another_desks_channel_is_refused_at_the_channels(office: DeskOffice) -> None:
    foreign = office.add_channel("social_news", office.add_desk("social", "Соцзащита"))
    author, editor = office.visitor(Role.AUTHOR), office.visitor()
    press(author, written(author, foreign.id), "submit")
    page = press(editor, composer(editor.get("/items/1/edit")), "publish", status=422)
    assert "social_news" in page.html.find(id="e-channels").text


def test_an_emergency_is_confirmed_by_the_chief(office: DeskOffice) -> None:
    channel = office.add_channel()
    editor, chief = office.visitor(), office.visitor(Role.CHIEF)
    page = press(editor, written(editor, channel.id, priority="0"), "publish", status=422)
    assert page.html.find(id="e-priority")
    page = press(chief, written(chief, channel.id, priority="0"), "publish", status=422)
    assert page.html.find(id="e-confirmed")
    form = composer(page)
    form["confirmed"] = True
    assert press(chief, form, "publish").status_int == 303
    assert operations(office)[0].wake_at == office.now


def test_the_preview_is_what_will_be_sent(office: DeskOffice) -> None:
    channels = [office.add_channel() for _ in range(3)]
    editor = office.visitor()
    page = press(editor, written(editor, *(c.id for c in channels)), "preview")
    (shown,) = page.html.select(".shown")
    assert shown.select_one(".bubble-text").text == "Ремонт моста\n\nМост закрыт до вечера."
    assert [mark.text for mark in shown.select(".bubble-text b")] == ["Ремонт моста", "закрыт"]
    assert shown.select_one(".counter").text.strip() == "36 из 4\xa0096"
    assert press(editor, composer(page), "publish").status_int == 303
    assert set(texts(office)) == {shown.select_one(".bubble-text").text}


def test_an_own_text_goes_to_its_channel_only(office: DeskOffice) -> None:
    first, second = office.add_channel("first"), office.add_channel("second")
    editor = office.visitor()
    page = press(editor, written(editor, first.id, second.id), "preview")
    form = composer(press(editor, composer(page), f"own-{second.id}"))
    assert form[f"own-{second.id}"].value == "**Ремонт моста**\n\nМост **закрыт** до вечера."
    form[f"own-{second.id}"] = "Коротко"
    press(editor, form, "publish")
    assert texts(office) == ["Ремонт моста\n\nМост закрыт до вечера.", "Коротко"]


def test_an_own_text_is_dropped_again(office: DeskOffice) -> None:
    channel = office.add_channel()
    editor = office.visitor()
    page = press(editor, written(editor, channel.id), "preview")
    page = press(editor, composer(page), f"own-{channel.id}")
    page = press(editor, composer(page), f"derive-{channel.id}")
    assert f"own-{channel.id}" not in composer(page).fields


def test_all_and_a_desk_can_be_ticked_at_once(office: DeskOffice) -> None:
    other = office.add_desk("social", "Соцзащита")
    for desk in (office.desk, other, other):
        office.add_channel(desk=desk)
    chief = office.visitor(Role.CHIEF)
    page = press(chief, written(chief), "all")
    assert page.html.select_one("[data-count]").text == "3 из 3"
    page = press(chief, composer(page), "none")
    page = press(chief, composer(page), f"desk-{other.id}")
    assert page.html.select_one("[data-count]").text == "2 из 3"


def test_an_office_without_channels_says_what_to_do(office: DeskOffice) -> None:
    assert "администратора" in office.visitor().get(NEW).html.select_one(".composer-channels").text
    admin = office.visitor(Role.ADMIN).get(NEW)
    assert admin.html.select_one(".composer-channels a")["href"] == "/channels/new"


def test_somebody_on_no_desk_is_told_so(office: DeskOffice) -> None:
    with office.store.begin() as session:
        user = add_user(session, Role.AUTHOR)
        token = make_sign_in_link(session, user, office.now)
    page = Visitor(office.app, user, token).get(NEW)
    assert not page.html.select("form.composer")
    assert "подразделени" in page.html.select_one(".empty").text


def test_another_desks_item_is_shown_and_kept_shut(office: DeskOffice) -> None:
    office.add_item()
    stranger = office.visitor(Role.EDITOR, office.add_desk("social", "Соцзащита"))
    page = stranger.get("/items/1/edit", status=403)
    assert "Пресс-служба" in page.html.main.text
    assert not page.html.select("form.composer")


def test_a_withdrawn_item_can_be_written_anew(office: DeskOffice) -> None:
    item, _ = office.add_item(title="Отозванная")
    with office.store.begin() as session:
        session.get_one(Item, item.id).status = ItemStatus.KILLED
    editor = office.visitor()
    page = editor.get(f"/items/{item.id}/edit")
    assert not page.html.select("form.composer")
    page = editor.get(f"{NEW}?from={item.id}")
    assert (composer(page)["title"].value, composer(page)["base"].value) == ("Отозванная", "0")


def test_what_was_typed_over_a_withdrawn_item_is_not_lost(office: DeskOffice) -> None:
    item, _ = office.add_item()
    editor = office.visitor()
    form = composer(editor.get(f"/items/{item.id}/edit"))
    form["body"] = "Не успело"
    fields = [pair for pair in form.submit_fields() if pair[0] != "csrf_token"]
    editor.browser.post(f"/drafts/{form['uid'].value}", fields, headers=editor.headers)
    with office.store.begin() as session:
        session.get_one(Item, item.id).status = ItemStatus.SPIKED
    page = editor.get(editor.get(f"/items/{item.id}/edit").html.select_one(".draft-list a")["href"])
    assert (composer(page)["body"].value, composer(page)["base"].value) == ("Не успело", "0")


def test_a_channel_closed_meanwhile_is_named_and_no_longer_chosen(office: DeskOffice) -> None:
    kept, closed = office.add_channel("kept"), office.add_channel("closed")
    editor = office.visitor()
    form = written(editor, kept.id, closed.id)
    with office.store.begin() as session:
        session.get_one(Channel, closed.id).retired_at = office.now
    page = press(editor, form, "publish", status=422)
    assert "closed" in page.html.find(id="e-channels").text
    assert press(editor, composer(page), "publish").status_int == 303
    assert [op.channel_id for op in operations(office)] == [kept.id]


def test_a_broken_channel_is_marked(office: DeskOffice) -> None:
    office.add_channel(state=ChannelState.FORBIDDEN)
    assert office.visitor().get(NEW).html.select(".destination-note.is-warning")


def test_realms_are_marked_where_both_exist(office: DeskOffice) -> None:
    office.add_channel()
    editor = office.visitor()
    assert not editor.get(NEW).html.select(".destination .tag")
    with office.store.begin() as session:
        add_channel(session, add_account(session, realm=Realm.REAL), office.desk)
    assert len(editor.get(NEW).html.select(".destination .tag")) == 1


def test_a_scheduled_item_is_planned_anew_with_its_new_text(office: DeskOffice) -> None:
    first, second = office.add_channel(), office.add_channel()
    editor = office.visitor()
    press(editor, written(editor, first.id, due="2026-12-02T09:00"), "schedule")
    page = editor.get("/items/1/edit")
    form = composer(page)
    assert form["due"].value == "2026-12-02T09:00"
    form["body"] = "Новый текст"
    form["due"] = "2026-12-03T09:00"
    for box in form.fields["channels"]:
        box.checked = int(box._value) == second.id
    assert press(editor, form, "schedule").status_int == 303
    (waiting,) = operations(office, OperationState.PLANNED)
    assert (waiting.channel_id, waiting.due) == (second.id, datetime(2026, 12, 3, 6, 0, tzinfo=UTC))
    assert texts(office, OperationState.PLANNED) == ["Ремонт моста\n\nНовый текст"]


def test_a_published_item_goes_to_the_preview_of_the_correction(office: DeskOffice) -> None:
    channel, other = office.add_channel(), office.add_channel()
    editor = office.visitor()
    press(editor, written(editor, channel.id), "publish")
    stand(office)
    page = editor.get("/items/1/edit")
    assert "Исправить в 1 канале" in page.html.select_one(".acts-buttons").text
    form = composer(page)
    form["body"] = "Уточнение"
    answer = press(editor, form, "correct")
    assert answer.location.endswith("/items/1/correct")
    assert newest(office, 1).number == 2
    form = composer(editor.get("/items/1/edit"))
    for box in form.fields["channels"]:
        if box._value == str(other.id):
            box.checked = True
    press(editor, form, "publish")
    assert [op.channel_id for op in operations(office, OperationState.PLANNED)] == [other.id]


def stand(office: DeskOffice) -> None:
    """Everything that was planned stands."""
    with office.store.begin() as session:
        for operation in session.query(Operation):
            operation.state, operation.wake_at = OperationState.SENT, None
            add_post(session, operation)
        session.get_one(Item, 1).status = ItemStatus.PUBLISHED


def test_a_press_after_the_session_ended_keeps_the_text(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor, body="Долго писалось")
    office.pass_time(hours=13)
    end_session(office, editor)
    page = press(editor, form, "save", status=401)
    kept = {field.get("name"): field.get("value") or field.text for field in page.html.select("main [name]")}
    assert "Долго писалось" in kept["body"]
    assert kept["do"] == "save"


def test_a_script_in_what_was_pasted_does_not_survive(office: DeskOffice) -> None:
    html = (
        '<b style="font-weight:normal"><p>Текст <span style="font-weight:700">важный</span>'
        '<script>alert(1)</script> <a href="javascript:alert(1)">раз</a> '
        '<a href="https://example.org" onclick="alert(1)">два</a><img src=x onerror=alert(1)></p></b>'
    )
    text = office.visitor().post("/paste", {"html": html}).json["text"]
    assert text == "Текст **важный** раз [два](https://example.org)"


def test_markup_typed_as_html_stays_text(office: DeskOffice) -> None:
    channel = office.add_channel()
    editor = office.visitor()
    page = press(editor, written(editor, channel.id, body="<script>alert(1)</script>"), "preview")
    assert not page.html.select(".bubble script")
    assert page.html.select_one(".bubble-text").text.endswith("<script>alert(1)</script>")


def test_whoever_writes_for_several_desks_chooses_one(office: DeskOffice) -> None:
    other = office.add_desk("social", "Соцзащита")
    chief = office.visitor(Role.CHIEF)
    form = written(chief)
    assert form["desk_id"].value == str(office.desk.id)
    form["desk_id"] = str(other.id)
    press(chief, form, "save")
    assert items(office)[0].desk_id == other.id


def test_a_desk_of_others_is_refused(office: DeskOffice) -> None:
    other = office.add_desk("social", "Соцзащита")
    editor = office.visitor()
    form = written(editor)
    form["desk_id"] = str(other.id)
    page = press(editor, form, "save", status=422)
    assert page.html.find(id="e-desk_id")
    assert items(office) == []


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "²", "-1"])
def test_a_made_up_number_is_no_fault(office: DeskOffice, number: str) -> None:
    item, _ = office.add_item(title="Мост")
    editor = office.visitor()
    path = f"/items/{item.id}/edit"
    kept = {"title": "Мост", "body": "Текст", "desk_id": str(office.desk.id), "base": "1"}
    for verb in ("up", "remove", "own", "derive", "desk", "over"):
        answer = editor.post(path, {**kept, "do": f"{verb}-{number}"})
        assert composer(answer)["body"].value == "Текст"
    editor.post(NEW, {**kept, f"own-{number}": "Текст", "do": "save"}, status=303)
    editor.post("/preview", {**kept, "item": number}, status=200)
    mark = composer(editor.get(NEW))["author"].value
    editor.post(f"/drafts/{'b' * 32}", {**kept, "item": number, "author": mark}, status=200)
    assert composer(editor.get(NEW, params={"from": number}))["title"].value == ""
