"""The page of counts: what is known, what is old, what is missing, and the same as a file."""

import csv
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO

from python_calamine import CalamineWorkbook
from sqlalchemy import event
from webtest import TestResponse

from publisher.core.platforms import Realm
from publisher.core.states import Role
from publisher.store.audience import Count, add_counts
from publisher.store.misses import add_misses
from publisher.store.models import Channel
from tests.builders import NOW, add_account, add_channel
from tests.web.desk import DeskOffice, form_to
from tests.web.worker import answer, begin_work, open_requests

DAY = timedelta(days=1)
NO_BREAK = "\xa0"


def count(office: DeskOffice, channel: Channel, values: Mapping[timedelta, int]) -> None:
    """Subscribers so long before now."""
    counts = [
        Count(channel_id=channel.id, taken_at=int((office.now - age).timestamp()), value=value)
        for age, value in values.items()
    ]
    with office.store.begin() as session:
        add_counts(session, counts, office.settings.office.zone)


def table(page: TestResponse, place: int = 0) -> list[list[str]]:
    """The texts of a table's body, cell by cell."""
    body = page.html.find_all("table")[place].tbody
    return [
        [" ".join(cell.get_text(" ").split()).replace(NO_BREAK, " ") for cell in row.find_all("td")]
        for row in body.find_all("tr")
    ]


def figures(page: TestResponse) -> list[str]:
    """What stands above the tables, in one line each."""
    return [" ".join(dd.get_text(" ").split()).replace(NO_BREAK, " ") for dd in page.html.find_all("dd")][:4]


def test_a_channel_shows_its_count_and_its_changes(office: DeskOffice) -> None:
    channel = office.add_channel("krd_news", title="Новости города", opened_on=date(2023, 5, 4))
    count(office, channel, {0 * DAY: 71_936, DAY: 71_900, 7 * DAY: 72_000, 30 * DAY: 70_000})
    page = office.visitor().get("/audience")
    assert table(page) == [["Новости города", "Пресс-служба", "71 936", "+36", "−64", "+1 936", "4 мая 2023"]]


def test_what_was_not_counted_is_a_dash_and_never_a_zero(office: DeskOffice) -> None:
    office.add_channel("silent", title="Молчун")
    [row] = table(office.visitor().get("/audience"))
    assert row == ["Молчун", "Пресс-служба", "— ещё не считали", "—", "—", "—", "—"]


def test_no_change_is_claimed_over_a_gap(office: DeskOffice) -> None:
    channel = office.add_channel()
    count(office, channel, {0 * DAY: 120, 4 * DAY: 100})
    [row] = table(office.visitor().get("/audience"))
    assert row[2:6] == ["120", "—", "—", "—"]


def test_an_old_count_says_when_it_was_taken(office: DeskOffice) -> None:
    channel = office.add_channel()
    count(office, channel, {timedelta(hours=5): 500})
    [row] = table(office.visitor().get("/audience"))
    assert row[2] == "500 сегодня, 04:00"


def miss(office: DeskOffice, channel: Channel, code: str, age: timedelta = timedelta()) -> None:
    """The channel could not be counted so long before now."""
    with office.store.begin() as session:
        taken_at = int((office.now - age).timestamp())
        add_misses(session, [(channel.id, code)], taken_at, timedelta(minutes=15))


def test_a_channel_that_cannot_be_counted_says_why(office: DeskOffice) -> None:
    channel = office.add_channel("krd_news", title="Новости города")
    count(office, channel, {timedelta(hours=5): 500})
    miss(office, channel, "CHANNEL_PRIVATE")
    [row] = table(office.visitor().get("/audience"))
    said = "Новости города Не удаётся посчитать. Учётная запись не состоит в канале."
    assert row[0] == said


def test_a_count_takes_the_cause_away(office: DeskOffice) -> None:
    channel = office.add_channel("krd_news", title="Новости города")
    miss(office, channel, "unreachable", timedelta(hours=1))
    count(office, channel, {0 * DAY: 500})
    [row] = table(office.visitor().get("/audience"))
    assert row[0] == "Новости города"


def test_a_gap_of_a_channel_tells_its_causes(office: DeskOffice) -> None:
    channel = office.add_channel()
    count(office, channel, {6 * DAY: 500, 0 * DAY: 510})
    for age, code in ((4 * DAY, "unreachable"), (3 * DAY, "CHAT_ADMIN_REQUIRED"), (2 * DAY, "unreachable")):
        miss(office, channel, code, age)
    rows = table(office.visitor().get(f"/audience/{channel.id}?days=7"))
    [gap] = [row for row in rows if len(row) == 2]
    assert gap[1] == (
        "не считали: 5 дней Нет связи с соцсетью. Учётная запись не входит в администраторы канала."
    )


def test_a_total_names_the_channels_that_it_lacks(office: DeskOffice) -> None:
    count(office, office.add_channel("a_one", title="Первый"), {0 * DAY: 100, DAY: 90})
    count(office, office.add_channel("b_two", title="Второй"), {0 * DAY: 50})
    office.add_channel("c_three", title="Третий")
    page = office.visitor().get("/audience")
    assert figures(page) == ["150 без 1 канала", "+10 без 1 канала", "— без 2 каналов", "— без 2 каналов"]
    assert "Не вошли в суммы: ни разу не сосчитаны: Третий; за сутки: Второй" in page.text


def test_desks_have_totals_of_their_own(office: DeskOffice) -> None:
    district = office.add_desk("west", "Западный округ")
    for handle, desk, value in (("a_one", None, 100), ("b_two", None, 7), ("c_three", district, 700)):
        older = {DAY: value - 1, 7 * DAY: value - 2, 30 * DAY: value - 3}
        count(office, office.add_channel(handle, desk), {0 * DAY: value, **older})
    assert table(office.visitor().get("/audience"), 1) == [
        ["Западный округ", "1", "700", "+1", "+2", "+3"],
        ["Пресс-служба", "2", "107", "+2", "+4", "+6"],
    ]


def test_the_table_is_sorted_and_narrowed_by_its_address(office: DeskOffice) -> None:
    district = office.add_desk("west", "Западный округ")
    for handle, desk, value in (("a_one", None, 5), ("b_two", district, 9), ("c_three", None, 7)):
        count(office, office.add_channel(handle, desk), {0 * DAY: value})
    office.add_channel("d_four")
    visitor = office.visitor()
    by_count = table(visitor.get("/audience"))
    assert [row[0] for row in by_count] == ["b_two", "c_three", "a_one", "d_four"]
    upwards = table(visitor.get("/audience?sort=now&order=asc"))
    assert [row[0] for row in upwards] == ["a_one", "c_three", "b_two", "d_four"]
    narrowed = visitor.get(f"/audience?desk={office.desk.id}&sort=title")
    assert [row[0] for row in table(narrowed)] == ["a_one", "c_three", "d_four"]
    assert narrowed.html.find("th", attrs={"aria-sort": "ascending"}).get_text(strip=True) == "Канал"


def test_a_made_up_address_shows_the_usual_table(office: DeskOffice) -> None:
    count(office, office.add_channel("a_one"), {0 * DAY: 5})
    page = office.visitor().get("/audience?sort=password&order=x&realm=moon&desk=99999999999999999999")
    assert [row[0] for row in table(page)] == ["a_one"]


def test_readers_of_the_sandbox_are_never_added_to_real_ones(office: DeskOffice) -> None:
    count(office, office.add_channel("drill", title="Учебный"), {0 * DAY: 1_000_000})
    with office.store.begin() as session:
        real = add_channel(session, add_account(session, realm=Realm.REAL), title="Настоящий")
    count(office, real, {0 * DAY: 10})
    visitor = office.visitor()
    assert figures(visitor.get("/audience"))[0] == "10"
    assert figures(visitor.get("/audience?realm=sandbox"))[0] == "1 000 000"


def test_a_retired_channel_leaves_the_table_and_keeps_its_page(office: DeskOffice) -> None:
    channel = office.add_channel(title="Закрытый", retired_at=NOW)
    count(office, channel, {0 * DAY: 5})
    visitor = office.visitor()
    assert "Закрытый" not in visitor.get("/audience")
    assert "Закрытый" in visitor.get(f"/audience/{channel.id}")


def test_the_number_of_queries_does_not_grow_with_the_channels(office: DeskOffice) -> None:
    visitor = office.visitor()

    def queries() -> int:
        seen: list[str] = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731 - the shape that SQLAlchemy asks for
        event.listen(office.store.engine, "before_cursor_execute", listener)
        visitor.get("/audience")
        event.remove(office.store.engine, "before_cursor_execute", listener)
        return len(seen)

    count(office, office.add_channel(), {0 * DAY: 5})
    visitor.get("/audience")
    with_one = queries()
    for _ in range(5):
        count(office, office.add_channel(), {0 * DAY: 5})
    assert queries() == with_one


def rows_of(file: TestResponse, delimiter: str = ";") -> list[list[str]]:
    """The rows of a file."""
    return list(csv.reader(StringIO(file.body.decode("utf-8-sig")), delimiter=delimiter))


def test_the_file_has_the_table_as_it_is_shown(office: DeskOffice) -> None:
    for handle, value in (("a_one", 5), ("b_two", 9_000)):
        count(
            office, office.add_channel(handle, opened_on=date(2024, 1, 2)), {0 * DAY: value, DAY: value + 3}
        )
    office.add_channel("c_three")
    file = office.visitor().get("/audience/export.csv?sort=now&order=asc")
    assert file.content_type == "text/csv"
    assert file.headers["Content-Disposition"] == 'attachment; filename="subscribers-2026-12-01.csv"'
    rows = rows_of(file)
    assert rows[0][:4] == ["Канал", "Имя в соцсети", "Подразделение", "Подписчики"]
    press = "Пресс-служба"
    assert rows[1:] == [
        ["a_one", "a_one", press, "5", "-3", "", "", "2024-01-02", "2026-12-01 09:00"],
        ["b_two", "b_two", press, "9000", "-3", "", "", "2024-01-02", "2026-12-01 09:00"],
        ["c_three", "c_three", press, "", "", "", "", "", ""],
    ]


def test_the_table_comes_as_an_excel_file_too(office: DeskOffice) -> None:
    count(office, office.add_channel("a_one", opened_on=date(2024, 1, 2)), {0 * DAY: 5})
    file = office.visitor().get("/audience/export.xlsx")
    assert file.headers["Content-Disposition"] == 'attachment; filename="subscribers-2026-12-01.xlsx"'
    [_, row] = CalamineWorkbook.from_filelike(BytesIO(file.body)).get_sheet_by_index(0).to_python()
    assert row[:4] == ["a_one", "a_one", "Пресс-служба", 5]
    assert row[7:] == [date(2024, 1, 2), datetime(2026, 12, 1, 9, 0)]  # noqa: DTZ001 - as in a cell


def test_a_title_cannot_become_a_formula(office: DeskOffice) -> None:
    office.add_channel("evil", title='=HYPERLINK("http://x")')
    rows = rows_of(office.visitor().get("/audience/export.csv"))
    assert rows[1][0] == '\'=HYPERLINK("http://x")'


def test_the_days_of_a_period_show_their_gaps(office: DeskOffice) -> None:
    channel = office.add_channel(title="Новости")
    count(office, channel, {0 * DAY: 130, DAY: 120, 4 * DAY: 100, timedelta(days=4, hours=2): 95})
    page = office.visitor().get(f"/audience/{channel.id}?from=2026-11-26&to=2026-12-01")
    assert table(page) == [
        ["1 декабря 2026", "+10", "130", "130", "130", "130", "1"],
        ["30 ноября 2026", "—", "120", "120", "120", "120", "1"],
        ["28 ноября 2026 – 29 ноября 2026", "не считали: 2 дня"],
        ["27 ноября 2026", "—", "100", "95", "95", "100", "2"],
        ["26 ноября 2026", "не считали: 1 день"],
    ]


def test_the_evening_before_the_period_gives_its_first_change(office: DeskOffice) -> None:
    channel = office.add_channel()
    count(office, channel, {0 * DAY: 130, DAY: 120})
    page = office.visitor().get(f"/audience/{channel.id}?from=2026-12-01&to=2026-12-01")
    assert table(page)[0][:2] == ["1 декабря 2026", "+10"]


def test_a_period_still_to_come_is_told_as_such(office: DeskOffice) -> None:
    channel = office.add_channel()
    page = office.visitor().get(f"/audience/{channel.id}?from=2030-01-01&to=2030-02-01", status=422)
    assert "Эти дни ещё не наступили." in page
    assert "раньше, чем начинается" not in page


def test_a_wrong_period_is_told_at_its_field_and_kept(office: DeskOffice) -> None:
    channel = office.add_channel()
    visitor = office.visitor()
    backwards = visitor.get(f"/audience/{channel.id}?from=2026-11-30&to=2026-11-01", status=422)
    assert "Период кончается раньше, чем начинается." in backwards
    assert backwards.html.find(id="f-to")["value"] == "2026-11-01"
    nonsense = visitor.get(f"/audience/{channel.id}?from=yesterday", status=422)
    assert nonsense.html.find(id="f-from")["value"] == "yesterday"
    for day in ("1990-01-01", "0001-01-01"):
        assert visitor.get(f"/audience/{channel.id}?from={day}", status=422).html.find(id="e-from")


def test_the_last_counts_name_their_source(office: DeskOffice) -> None:
    channel = office.add_channel()
    count(office, channel, {0 * DAY: 130})
    page = office.visitor().get(f"/audience/{channel.id}")
    assert table(page, 1) == [["сегодня, 09:00", "130", "Соцсеть"]]


def test_the_days_come_as_a_file(office: DeskOffice) -> None:
    channel = office.add_channel("krd_news")
    count(office, channel, {0 * DAY: 130, DAY: 120})
    file = office.visitor().get(f"/audience/{channel.id}/export.csv?from=2026-11-30&to=2026-12-01")
    assert rows_of(file)[1:] == [
        ["2026-11-30", "120", "120", "120", "120", "1"],
        ["2026-12-01", "130", "130", "130", "130", "1"],
    ]


def test_counting_now_shows_the_answer_when_the_worker_has_it(office: DeskOffice) -> None:
    office.add_channel()
    begin_work(office)
    visitor = office.visitor()
    page = visitor.send(form_to(visitor.get("/audience"), "/audience/count"))
    assert "Считаем…" in page
    live = page.html.find(attrs={"data-live": True})["data-live"]
    assert visitor.get(live).headers["X-Live-Seconds"] == "1"
    answer(office, ok=True, counted=1, failed=0)
    fresh = visitor.get(live)
    assert "Сосчитан 1 канал." in fresh
    assert fresh.headers["X-Live-Seconds"] == "30"


def test_counting_now_says_that_no_worker_runs(office: DeskOffice) -> None:
    office.add_channel()
    visitor = office.visitor()
    page = visitor.send(form_to(visitor.get("/audience"), "/audience/count"))
    assert "Ни один рабочий процесс не запущен" in page


def test_a_second_press_leaves_one_request(office: DeskOffice) -> None:
    office.add_channel()
    visitor = office.visitor()
    form = form_to(visitor.get("/audience"), "/audience/count")
    visitor.send(form)
    visitor.send(form)
    assert len(open_requests(office)) == 1


def test_what_failed_to_be_counted_is_said(office: DeskOffice) -> None:
    office.add_channel()
    visitor = office.visitor()
    visitor.send(form_to(visitor.get("/audience"), "/audience/count"))
    answer(office, ok=False, counted=0, failed=1)
    assert "Не удалось сосчитать: 1" in visitor.get("/audience")


def test_an_author_sees_the_counts_and_cannot_ask_for_new_ones(office: DeskOffice) -> None:
    office.add_channel()
    visitor = office.visitor(Role.AUTHOR)
    assert "Сосчитать сейчас" not in visitor.get("/audience")
    assert visitor.post("/audience/count", status=403)


def test_an_unchanged_table_is_not_sent_again(office: DeskOffice) -> None:
    count(office, office.add_channel(), {0 * DAY: 5})
    visitor = office.visitor()
    mark = visitor.get("/audience/live").headers["ETag"]
    visitor.get("/audience/live", headers={"If-None-Match": mark}, status=304)


def test_an_office_without_channels_is_told_how_to_get_one(office: DeskOffice) -> None:
    page = office.visitor(Role.ADMIN).get("/audience")
    assert page.html.find("a", href="/channels/new")
