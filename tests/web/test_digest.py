"""The digest's page: the frozen week, the running one, and what became of the letters."""

from datetime import UTC, date, datetime

import pytest

from publisher.core.digest import ChannelWeek, WeekFigures, figures_to_json, last_day
from publisher.core.platforms import Realm
from publisher.core.states import LetterState, Role
from publisher.store.channels import find_newest_request
from publisher.store.digest import add_digest, add_letters
from publisher.store.leases import start_worker
from publisher.store.models import AuditEvent, DigestLetter, User
from tests.sandbox.clients import picture
from tests.web.desk import DeskOffice, form_to

WEEK = date(2026, 11, 23)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def digest_id(office: DeskOffice) -> int:
    """A frozen week, in which one channel grew; its letter is not planned yet."""
    channel = office.add_channel("parks", title=HOSTILE)
    row = ChannelWeek(id=channel.id, title=HOSTILE, before=1000, after=1021)
    figures = WeekFigures(week=WEEK, until=last_day(WEEK), channels=(row,))
    with office.store.begin() as session:
        charts = {"total": picture()}
        return add_digest(session, Realm.SANDBOX, WEEK, figures_to_json(figures), charts, office.now).id


def plan_letter(office: DeskOffice, digest_id: int, user: User, state: LetterState) -> None:
    """A letter in this state."""
    with office.store.begin() as session:
        add_letters(session, digest_id, [user.id], office.now)
        session.get_one(DigestLetter, (digest_id, user.id)).state = state


def state_of(office: DeskOffice, digest_id: int, user: User) -> LetterState:
    """The letter's state now."""
    with office.store.reading() as session:
        return session.get_one(DigestLetter, (digest_id, user.id)).state


def run_worker(office: DeskOffice) -> None:
    """A worker of the training realm that is alive now."""
    with office.store.begin() as session:
        start_worker(session, "w" * 32, Realm.SANDBOX, host="desk", pid=1, now=office.now)


def test_before_the_first_digest_the_running_week_is_shown(office: DeskOffice) -> None:
    office.add_channel("parks")
    office.now = datetime(2026, 12, 7, 4, 59, tzinfo=UTC)
    page = office.visitor().get("/digest")
    assert "Сводок ещё не было. Первая будет готова сегодня, 08:00" in page.text.replace("\u00a0", " ")
    assert "Подписчиков не считали" in page.text


def test_a_digest_that_is_due_waits_for_a_worker(office: DeskOffice) -> None:
    office.add_channel("parks")
    visitor = office.visitor(Role.ADMIN)
    page = visitor.get("/digest")
    assert "Сводка за прошлую неделю ждёт службы отправки" in page.text
    assert "publisher worker --realm sandbox" in page.text
    run_worker(office)
    assert "Сводка за прошлую неделю готовится" in visitor.get("/digest").text


def test_a_page_that_waits_for_the_digest_opens_it_when_it_is_made(office: DeskOffice) -> None:
    office.add_channel("parks")
    visitor = office.visitor()
    run_worker(office)
    live = visitor.get("/digest").html.find("div", attrs={"data-live": True})["data-live"]
    assert visitor.get(live).html.find("a", attrs={"data-arrived": True}) is None
    figures = WeekFigures(week=WEEK, until=last_day(WEEK), channels=())
    with office.store.begin() as session:
        add_digest(session, Realm.SANDBOX, WEEK, figures_to_json(figures), {}, office.now)
    opened = visitor.get(visitor.get(live).html.find("a", attrs={"data-arrived": True})["href"])
    assert opened.html.h1.get_text() == "Сводка за 23–29 ноября 2026"
    assert "Сводка за прошлую неделю" not in opened.text


def test_the_newest_week_is_shown_with_its_charts(office: DeskOffice, digest_id: int) -> None:
    visitor = office.visitor()
    page = visitor.get("/digest")
    assert page.html.h1.get_text() == "Сводка за 23–29 ноября 2026"
    assert "Прибавился 21 подписчик" in page.text
    assert HOSTILE not in page.text
    source = page.html.find("img", class_="digest-chart")["src"]
    chart = visitor.get(source)
    assert (chart.content_type, chart.body) == ("image/png", picture())
    assert "sandbox" in chart.headers["Content-Security-Policy"]


def test_weeks_that_are_not_there_are_not_found(office: DeskOffice, digest_id: int) -> None:
    visitor = office.visitor()
    for path in ("/digest/2020-01-06", "/digest/nothing", f"/digest/{WEEK}/changes.png"):
        visitor.get(path, status=404)


def test_letters_are_for_chiefs_to_see(office: DeskOffice, digest_id: int) -> None:
    chief = office.visitor(Role.CHIEF, name="Главный редактор")
    assert chief.user is not None
    plan_letter(office, digest_id, chief.user, LetterState.SENT)
    assert "Передано" in chief.get("/digest").text
    assert "Кто получил" not in office.visitor(Role.EDITOR).get("/digest").text


def test_a_failed_letter_goes_out_again_by_one_press(office: DeskOffice, digest_id: int) -> None:
    chief = office.visitor(Role.CHIEF)
    assert chief.user is not None
    plan_letter(office, digest_id, chief.user, LetterState.FAILED)
    again = f"/digest/letters/{digest_id}/{chief.user.id}/again"
    chief.send(form_to(chief.get("/digest"), again))
    chief.post(again)
    assert state_of(office, digest_id, chief.user) is LetterState.WAITING
    with office.store.reading() as session:
        assert session.query(AuditEvent).filter_by(action="user.digest_again").count() == 1


def test_a_letter_that_perhaps_arrived_needs_a_word_more(office: DeskOffice, digest_id: int) -> None:
    chief = office.visitor(Role.CHIEF)
    assert chief.user is not None
    plan_letter(office, digest_id, chief.user, LetterState.UNCONFIRMED)
    again = f"/digest/letters/{digest_id}/{chief.user.id}/again"
    chief.post(again)
    assert state_of(office, digest_id, chief.user) is LetterState.UNCONFIRMED
    chief.send(form_to(chief.get("/digest"), again))
    assert state_of(office, digest_id, chief.user) is LetterState.WAITING


def test_an_editor_may_not_send_letters_again(office: DeskOffice, digest_id: int) -> None:
    editor = office.visitor(Role.EDITOR)
    assert editor.user is not None
    plan_letter(office, digest_id, editor.user, LetterState.FAILED)
    editor.post(f"/digest/letters/{digest_id}/{editor.user.id}/again", status=403)
    assert state_of(office, digest_id, editor.user) is LetterState.FAILED


def test_a_letter_that_there_never_was_is_not_found(office: DeskOffice, digest_id: int) -> None:
    chief = office.visitor(Role.CHIEF)
    assert chief.user is not None
    for address in (f"{digest_id}/{chief.user.id}", f"{digest_id + 1}/{chief.user.id}", f"{digest_id}/999"):
        chief.post(f"/digest/letters/{address}/again", status=404)


def test_a_letter_to_oneself_is_asked_of_the_worker_once(office: DeskOffice, digest_id: int) -> None:
    editor = office.visitor(Role.EDITOR)
    assert editor.user is not None
    for _ in range(2):
        page = editor.send(form_to(editor.get("/digest"), "/digest/copy?realm=sandbox"))
    assert "Ни один рабочий процесс не запущен: сделаем, как только он заработает." in page.html.get_text()
    with office.store.reading() as session:
        assert find_newest_request(session, "send_digest", Realm.SANDBOX, editor.user.id) is not None


def test_without_a_mail_server_the_page_says_so(office: DeskOffice) -> None:
    page = office.visitor().get("/digest?realm=real")
    assert "Письма не отправляются: в настройках не указан почтовый сервер." in page.text


@pytest.mark.parametrize("gets_it", [True, False])
def test_one_chooses_for_oneself_whether_the_letter_comes(office: DeskOffice, gets_it: bool) -> None:
    visitor = office.visitor()
    assert visitor.user is not None
    for choice in (not gets_it, gets_it):
        form = form_to(visitor.get("/me"), "/me/digest")
        form["gets_digest"] = choice
        visitor.send(form)
    with office.store.reading() as session:
        assert session.get_one(User, visitor.user.id).gets_digest is gets_it


def test_an_administrator_chooses_for_others_and_nobody_else_does(office: DeskOffice) -> None:
    editor, admin = office.visitor(Role.EDITOR), office.visitor(Role.ADMIN)
    assert editor.user is not None
    path = f"/people/{editor.user.id}"
    form = form_to(admin.get(path), f"{path}/digest")
    form["gets_digest"] = True
    admin.send(form)
    assert "Будет получать сводку за неделю: «Дежурный»" in admin.get("/journal").html.get_text()
    editor.post(f"{path}/digest", status=403)
    with office.store.reading() as session:
        assert session.get_one(User, editor.user.id).gets_digest is True


def test_the_running_week_stays_reachable(office: DeskOffice, digest_id: int) -> None:
    office.now = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
    assert "Неделя с 30 ноября, предварительно" in office.visitor().get("/digest/now").text
