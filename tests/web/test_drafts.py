"""Drafts: kept from the first key, given back, and never in each other's way."""

from typing import Any

from webtest import TestResponse

from publisher.actions.people import make_sign_in_link
from publisher.core.states import Role
from publisher.store.models import Draft, User
from tests.web.desk import DeskOffice, Visitor, form_to
from tests.web.test_composer import NEW, composer, end_session, newest, press, written


def keep(visitor: Visitor, form: Any, **options: Any) -> TestResponse:
    """Send the form as the page's script does: without the mark against forged requests."""
    fields = [(name, value) for name, value in form.submit_fields() if name != "csrf_token"]
    return visitor.browser.post(f"/drafts/{form['uid'].value}", fields, headers=visitor.headers, **options)


def drafts(office: DeskOffice) -> list[Draft]:
    """All that is kept."""
    with office.store.reading() as session:
        return list(session.query(Draft).order_by(Draft.updated_at))


def test_a_new_item_is_offered_again(office: DeskOffice) -> None:
    channel = office.add_channel()
    author = office.visitor(Role.AUTHOR)
    answer = keep(author, written(author, channel.id, title="Не сохранено"))
    assert answer.json == {"text": "Черновик сохранён в 09:00.", "signed_in": True}
    page = author.get(NEW)
    assert "Не сохранено" in page.html.select_one(".drafts").text
    form = composer(author.get(page.html.select_one(".draft-list a")["href"]))
    assert (form["title"].value, form["body"].value) == ("Не сохранено", "Мост **закрыт** до вечера.")
    assert form.fields["channels"][0].checked


def test_what_was_typed_over_an_item_comes_back_by_itself(office: DeskOffice) -> None:
    editor = office.visitor()
    press(editor, written(editor), "save")
    form = composer(editor.get("/items/1/edit"))
    form["body"] = "Правка"
    office.pass_time(minutes=5)
    keep(editor, form)
    page = editor.get("/items/1/edit")
    assert composer(page)["body"].value == "Правка"
    assert "09:05" in page.html.select_one(".restored").text
    saved = editor.get(page.html.select_one(".restored a")["href"])
    assert composer(saved)["body"].value == "Мост **закрыт** до вечера."


def test_a_saved_text_is_no_draft_any_more(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor)
    keep(editor, form)
    page = editor.get(f"{NEW}?draft={form['uid'].value}")
    press(editor, composer(page), "save")
    assert drafts(office) == []


def test_a_late_keep_after_the_press_is_not_kept(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor)
    press(editor, form, "save")
    keep(editor, form)
    assert drafts(office) == []


def test_what_is_written_after_going_back_is_kept_with_the_item(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor)
    press(editor, form, "save")
    office.pass_time(seconds=5)
    form["body"] = "Написано после"
    assert keep(editor, form).status_int == 202
    office.pass_time(seconds=10)
    keep(editor, form)
    assert composer(editor.get("/items/1/edit"))["body"].value == "Написано после"


def test_two_tabs_stay_apart(office: DeskOffice) -> None:
    editor = office.visitor()
    press(editor, written(editor), "save")
    first, second = (composer(editor.get("/items/1/edit")) for _ in range(2))
    for form, text in ((first, "Первая вкладка"), (second, "Вторая вкладка")):
        form["body"] = text
        office.pass_time(minutes=1)
        keep(editor, form)
    assert {draft.form["body"][0] for draft in drafts(office)} == {"Первая вкладка", "Вторая вкладка"}
    page = editor.get("/items/1/edit")
    assert composer(page)["body"].value == "Вторая вкладка"
    assert len(page.html.select(".draft-list li")) == 1


def test_two_tabs_that_restored_the_same_text_stay_apart(office: DeskOffice) -> None:
    editor = office.visitor()
    keep(editor, begun := written(editor))
    for text in ("Первая вкладка", "Вторая вкладка"):
        form = composer(editor.get(f"{NEW}?draft={begun['uid'].value}"))
        form["body"] = text
        keep(editor, form)
        keep(editor, begun)
    assert {draft.form["body"][0] for draft in drafts(office)} >= {"Первая вкладка", "Вторая вкладка"}


def test_a_restored_draft_moves_to_its_new_composer(office: DeskOffice) -> None:
    editor = office.visitor()
    keep(editor, form := written(editor))
    again = composer(editor.get(f"{NEW}?draft={form['uid'].value}"))
    again["body"] = "Дальше"
    keep(editor, again)
    assert [draft.form["body"] for draft in drafts(office)] == [["Дальше"]]


def test_a_tab_that_still_writes_keeps_its_draft(office: DeskOffice) -> None:
    editor = office.visitor()
    keep(editor, form := written(editor))
    again = composer(editor.get(f"{NEW}?draft={form['uid'].value}"))
    office.pass_time(seconds=5)
    form["body"] = "Первая вкладка пишет дальше"
    keep(editor, form)
    press(editor, again, "save")
    assert [draft.form["body"] for draft in drafts(office)] == [["Первая вкладка пишет дальше"]]


def test_an_unwanted_draft_is_thrown_away(office: DeskOffice) -> None:
    editor = office.visitor()
    keep(editor, written(editor))
    page = editor.get(NEW)
    discard = next(form for form in page.forms.values() if form.action.endswith("/discard"))
    assert editor.send(discard).request.path == NEW
    assert drafts(office) == []


def test_the_text_is_kept_after_the_session_ended(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor, body="Писалось долго")
    end_session(office, editor)
    answer = keep(editor, form)
    assert answer.json["signed_in"] is False
    assert drafts(office)[0].form["body"] == ["Писалось долго"]


def test_a_part_of_anothers_mark_does_not_count_as_sent(office: DeskOffice) -> None:
    editor, other = office.visitor(), office.visitor()
    theirs = written(other)
    press(other, theirs, "save")
    form = written(editor)
    form["token"] = theirs["token"].value[:1]
    keep(editor, form)
    assert len(drafts(office)) == 1


def test_nobody_keeps_anything_without_the_pages_signed_note(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor)
    form["author"] = "1.forged"
    keep(office.visitor(None), form, status=403)
    assert drafts(office) == []


def test_another_persons_draft_stays_theirs(office: DeskOffice) -> None:
    first, second = office.visitor(), office.visitor()
    keep(first, mine := written(first))
    theirs = written(second, body="Чужое")
    theirs["uid"] = mine["uid"].value
    keep(second, theirs, status=404)
    second.post(f"/drafts/{mine['uid'].value}/discard", status=404)
    assert drafts(office)[0].form["body"] == ["Мост **закрыт** до вечера."]


def test_a_person_who_was_switched_off_keeps_nothing(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor)
    with office.store.begin() as session:
        session.query(User).update({"active": False})
    keep(editor, form, status=404)


def test_the_same_form_is_sent_after_signing_in_again(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor, body="Писалось долго")
    end_session(office, editor)
    kept = press(editor, form, "save", status=401)
    sign_in_again(office, editor)
    retry = form_to(kept, NEW)
    assert retry.submit(headers=editor.headers).status_int == 303
    assert newest(office, 1).body == "<p>Писалось долго</p>"


def sign_in_again(office: DeskOffice, visitor: Visitor) -> None:
    """In the same browser."""
    assert visitor.user is not None
    with office.store.begin() as session:
        token = make_sign_in_link(session, session.merge(visitor.user), office.now)
    visitor.send(form_to(visitor.get(f"/sign-in/link/{token}"), f"/sign-in/link/{token}"))
