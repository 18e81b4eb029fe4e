"""The growth page: totals that say what they lack, jumps with what went out before them, files, addresses."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import event

from publisher.core.platforms import Realm
from publisher.core.states import Role
from publisher.store.models import AudienceMiss, Channel
from tests.builders import NOW, add_account, add_channel, add_operation, add_post
from tests.web.desk import DeskOffice
from tests.web.test_audience import DAY, NO_BREAK, count, table

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NO_CAUSE = "Причина не записана."
PERIOD = "from=2026-11-28&to=2026-12-01"


def add_old_channel(office: DeskOffice, title: str, **values: object) -> Channel:
    """A channel that was connected long before all periods of these tests."""
    return office.add_channel("", None, title=title, **{"created_at": LONG_AGO, **values})


def publish(office: DeskOffice, title: str, age: timedelta, *channels: Channel) -> int:
    """An item that went out into these channels so long ago."""
    item, version = office.add_item(*channels, title=title)
    with office.store.begin() as session:
        for channel in channels:
            operation = add_operation(session, version, session.get_one(Channel, channel.id))
            add_post(session, operation).published_at = NOW - age
    return item.id


def figures(page: Any) -> dict[str, str]:
    """The sums above the chart."""
    pairs = zip(page.html.find_all("dt"), page.html.find_all("dd"), strict=True)
    texts = ((dt.get_text(" "), " ".join(dd.get_text(" ").split())) for dt, dd in pairs)
    return {name: text.replace(NO_BREAK, " ") for name, text in texts}


def text_of(part: Any) -> str:
    """The part's text in one line."""
    return " ".join(part.get_text(" ").split()).replace(NO_BREAK, " ")


def test_the_days_of_the_period_are_added_up(office: DeskOffice) -> None:
    count(office, office.add_channel("a", title="Первый"), {0 * DAY: 130, DAY: 120, 2 * DAY: 100})
    count(office, office.add_channel("b", title="Второй"), {0 * DAY: 30, DAY: 20, 2 * DAY: 20})
    page = office.visitor().get("/growth?from=2026-11-30&to=2026-12-01")
    assert table(page) == [
        ["1 декабря 2026", "160", "+20", ""],
        ["30 ноября 2026", "140", "+20", ""],
    ]
    assert figures(page) == {
        "Было: 29 ноября 2026": "120", "Стало: 1 декабря 2026": "160", "Изменение": "+40"
    }  # fmt: skip


def test_a_day_without_one_channel_names_it_and_shows_no_dip(office: DeskOffice) -> None:
    count(office, add_old_channel(office, "Первый"), {n * DAY: 130 - n for n in range(5)})
    count(office, add_old_channel(office, "Второй"), {0 * DAY: 30, 2 * DAY: 20, 3 * DAY: 20, 4 * DAY: 20})
    page = office.visitor().get(f"/growth?{PERIOD}")
    assert table(page)[:3] == [
        ["1 декабря 2026", "160", "+1", "", ""],
        ["30 ноября 2026", "129", "+1", "Второй", ""],
        ["29 ноября 2026", "148", "+1", "", ""],
    ]
    chart = office.visitor().get(f"/growth/series.json?{PERIOD}").json
    assert chart["lines"][0]["values"] == [147, 148, None, 160]
    assert [(gap["first"], gap["last"]) for gap in chart["gaps"]] == [(2, 2)]


def test_a_gap_says_why_the_network_did_not_answer(office: DeskOffice) -> None:
    channel = add_old_channel(office, "Первый")
    count(office, channel, {n * DAY: 130 for n in (0, 2, 3, 4)})
    count(office, add_old_channel(office, "Второй"), {n * DAY: 30 for n in range(5)})
    missed = int((NOW - DAY).timestamp())
    with office.store.begin() as session:
        session.add(
            AudienceMiss(channel_id=channel.id, first_at=missed, last_at=missed, code="CHANNEL_PRIVATE")
        )
    page = office.visitor().get(f"/growth?{PERIOD}")
    gap = text_of(page.html.find(class_="growth-gaps"))
    assert "30 ноября 2026 Первый. Учётная запись не состоит в канале." in gap


def test_a_gap_of_everybody_is_the_workers(office: DeskOffice) -> None:
    for title in ("Первый", "Второй"):
        count(office, add_old_channel(office, title), {n * DAY: 130 for n in (0, 3, 4)})
    page = office.visitor().get(f"/growth?{PERIOD}")
    gap = text_of(page.html.find(class_="growth-gaps"))
    assert "29 ноября 2026 – 30 ноября 2026 все каналы. Никто не считал" in gap


def test_a_chosen_channels_gap_is_not_the_workers_when_others_were_counted(office: DeskOffice) -> None:
    channel = add_old_channel(office, "Первый")
    count(office, channel, {n * DAY: 130 for n in (0, 2, 3, 4)})
    count(office, add_old_channel(office, "Второй"), {n * DAY: 30 for n in range(5)})
    page = office.visitor().get(f"/growth?{PERIOD}&channel={channel.id}")
    assert "Причина не записана." in text_of(page.html.find(class_="growth-gaps"))


def test_new_and_closed_channels_stand_apart_from_growth(office: DeskOffice) -> None:
    count(office, add_old_channel(office, "Старый"), {0 * DAY: 130, DAY: 120, 4 * DAY: 100})
    new = add_old_channel(office, "Новый", opened_on=date(2026, 11, 30))
    count(office, new, {0 * DAY: 50, DAY: 40})
    gone = add_old_channel(office, "Закрытый", retired_at=NOW - 2 * DAY)
    count(office, gone, {3 * DAY: 9, 4 * DAY: 8})
    page = office.visitor().get(f"/growth?{PERIOD}")
    assert figures(page) == {
        "Было: 27 ноября 2026": "108", "Стало: 1 декабря 2026": "180", "Изменение": "+72",
        "Органический прирост": "+30", "Открыты в периоде": "+50 Новый", "Закрыты в периоде": "−8 Закрытый",
    }  # fmt: skip


def test_what_was_counted_at_one_end_only_is_named(office: DeskOffice) -> None:
    count(office, add_old_channel(office, "Первый"), {0 * DAY: 130, 4 * DAY: 100})
    count(office, add_old_channel(office, "Второй"), {0 * DAY: 50})
    page = office.visitor().get(f"/growth?{PERIOD}")
    assert figures(page)["Посчитаны только с одного края"] == "+50 Второй"
    assert "Не посчитаны в начале: Второй." in page


def test_the_largest_jump_leads_to_what_went_out_before_it(office: DeskOffice) -> None:
    channel, other = add_old_channel(office, "Первый"), add_old_channel(office, "Второй")
    values = {0 * DAY: 1_520, DAY: 1_510, 2 * DAY: 1_500, 3 * DAY: 1_010, 4 * DAY: 1_000}
    count(office, channel, values)
    count(office, other, dict.fromkeys(values, 50))
    item_id = publish(office, "Открыли мост", 3 * DAY - timedelta(hours=1), channel)
    publish(office, "Давняя новость", 20 * DAY, channel)
    page = office.visitor().get(f"/growth?{PERIOD}")
    jump = page.html.find(class_="growth-jump")
    assert text_of(jump.find(class_="growth-jump-head")) == "+490 29 ноября 2026"
    link = jump.find("a")
    assert (link["href"], link.text) == (f"/items/{item_id}", "Открыли мост")
    assert "Первый · +490 за 24 ч после выхода" in text_of(jump)
    assert "Давняя новость" not in page


def test_marks_show_what_went_out_at_its_day(office: DeskOffice) -> None:
    channels = [add_old_channel(office, title) for title in ("Первый", "Второй")]
    for channel in channels:
        count(office, channel, {n * DAY: 100 for n in range(5)})
    item_id = publish(office, "Открыли мост", DAY, *channels)
    chart = office.visitor().get(f"/growth/series.json?{PERIOD}").json
    [mark] = chart["marks"]
    assert mark["place"] == 2
    assert mark["items"] == [
        {"id": item_id, "title": "Открыли мост", "when": "вчера, 09:00", "where": "2 канала",
         "href": f"/items/{item_id}"}
    ]  # fmt: skip


def test_what_came_after_an_item_is_told_when_asked(office: DeskOffice) -> None:
    channel = add_old_channel(office, "Первый")
    count(office, channel, {0 * DAY: 130, DAY: 120})
    visitor, item_id = office.visitor(), publish(office, "Открыли мост", DAY, channel)
    assert visitor.get(f"/growth/after.json?item={item_id}").json == {"text": "+10 за 24 ч после выхода"}
    visitor.get("/growth/after.json?item=999", status=404)
    visitor.get("/growth/after.json", status=404)


def test_a_period_of_ten_years_is_shown_by_months(office: DeskOffice) -> None:
    channel = add_old_channel(office, "Первый")
    count(office, channel, {n * 30 * DAY: 10_000 - n for n in range(120)})
    page = office.visitor().get("/growth?from=2016-12-02&to=2026-12-01")
    assert "Одна точка — месяц" in page
    assert len(office.visitor().get("/growth/series.json?from=2016-12-02&to=2026-12-01").json["x"]) == 121


def test_a_day_is_shown_by_quarters_of_an_hour(office: DeskOffice) -> None:
    quarter = timedelta(minutes=15)
    count(office, add_old_channel(office, "Первый"), {n * quarter: 500 - n for n in range(60)})
    chart = office.visitor().get("/growth/series.json?from=2026-12-01&to=2026-12-01").json
    assert (chart["pace"], len(chart["x"]), chart["lines"][0]["values"][-1]) == ("quarter", 36, 500)


def test_a_day_with_two_counts_is_shown_as_a_day(office: DeskOffice) -> None:
    count(office, add_old_channel(office, "Первый"), {0 * DAY: 5, DAY: 4})
    assert office.visitor().get("/growth/series.json?days=1").json["pace"] == "day"


@pytest.mark.parametrize(
    ("measure", "values"), [("absolute", [110, 115, 140]), ("net", [10, 15, 40]), ("step", [10, 5, 25])]
)
def test_each_measure_has_its_values(office: DeskOffice, measure: str, values: list[int]) -> None:
    count(office, add_old_channel(office, "Первый"), {0 * DAY: 140, DAY: 115, 2 * DAY: 110, 3 * DAY: 100})
    chart = office.visitor().get(f"/growth/series.json?from=2026-11-29&to=2026-12-01&measure={measure}").json
    counted = [value for value in chart["lines"][0]["values"] if value is not None]
    assert counted == values


def test_desks_and_channels_have_lines_of_their_own(office: DeskOffice) -> None:
    west = office.add_desk("west", "Западный округ")
    for title, desk, value in (("Первый", office.desk, 10), ("Второй", west, 70), ("Третий", west, 30)):
        channel = office.add_channel("", desk, title=title, created_at=LONG_AGO)
        count(office, channel, {n * DAY: value for n in range(5)})

    def lines(by: str) -> list[tuple[str, int]]:
        chart = office.visitor().get(f"/growth/series.json?{PERIOD}&by={by}").json
        return [(line["title"], line["values"][-1]) for line in chart["lines"]]

    assert lines("desk") == [("Всего", 110), ("Западный округ", 100), ("Пресс-служба", 10)]
    assert lines("channel") == [("Всего", 110), ("Второй", 70), ("Третий", 30), ("Первый", 10)]
    narrowed = office.visitor().get(f"/growth/series.json?{PERIOD}&desk={west.id}").json
    assert narrowed["lines"][0]["values"][-1] == 100


def test_readers_of_the_sandbox_are_never_added_to_real_ones(office: DeskOffice) -> None:
    count(office, office.add_channel("drill", title="Учебный"), {0 * DAY: 1_000_000})
    with office.store.begin() as session:
        real = add_channel(session, add_account(session, realm=Realm.REAL), title="Настоящий")
    count(office, real, {0 * DAY: 10, DAY: 9})
    visitor = office.visitor()
    assert table(visitor.get("/growth"))[0][1] == "10"
    assert figures(visitor.get("/growth?realm=sandbox")) == {"1 декабря 2026": "1 000 000"}


def test_a_copied_address_shows_the_same_view_later(office: DeskOffice) -> None:
    channel = add_old_channel(office, "Первый")
    count(office, channel, {n * DAY: 100 + n for n in range(40)})
    visitor = office.visitor()
    page = visitor.get(f"/growth?days=7&measure=net&by=channel&channel={channel.id}")
    link = urlsplit(page.html.find(id="growth-link")["value"])
    before = table(page)
    office.pass_time(days=3)
    later = office.visitor().get(f"{link.path}?{link.query}")
    assert [row[1:] for row in table(later)] == [row[1:] for row in before]
    assert later.html.find(attrs={"aria-label": "Мера"}).find(attrs={"aria-current": True}).text == (
        "Прирост с начала"
    )


@pytest.mark.parametrize("preset", ["days=365", "days=30", "period=last-quarter", "period=365", ""])
def test_the_copied_address_of_a_preset_names_its_days(office: DeskOffice, preset: str) -> None:
    count(office, add_old_channel(office, "Первый"), {n * DAY: 100 + n for n in range(400)})
    visitor = office.visitor()
    page = visitor.get(f"/growth?{preset}")
    link = urlsplit(page.html.find(id="growth-link")["value"])
    again = visitor.get(f"{link.path}?{link.query}")
    assert "days=" not in link.query
    assert (table(again), figures(again)) == (table(page), figures(page))
    assert again.html.find(id="growth-link")["value"] == page.html.find(id="growth-link")["value"]


@pytest.mark.parametrize(
    ("query", "field", "text"),
    [
        ("from=2026-11-30&to=2026-11-01", "from", "Период кончается раньше, чем начинается."),
        ("from=yesterday", "from", "2026-12-31"),
        ("from=1990-01-01", "from", "Не больше десяти лет за раз."),
        ("channel=999", "channel", "Одного из каналов в этом выборе нет"),
        ("channel=x", "channel", "Одного из каналов в этом выборе нет"),
        ("desk=77", "desk", "Такого подразделения нет."),
        ("network=smoke", "network", "Такой соцсети нет."),
    ],
)
def test_what_cannot_be_shown_is_said_at_its_field(
    office: DeskOffice, query: str, field: str, text: str
) -> None:
    count(office, office.add_channel(), {0 * DAY: 5})
    page = office.visitor().get(f"/growth?{query}", status=422)
    assert text in text_of(page.html.find(id=f"e-{field}"))


def test_an_office_without_channels_is_told_how_to_get_one(office: DeskOffice) -> None:
    assert office.visitor(Role.ADMIN).get("/growth").html.find("main").find("a", href="/channels/new")


def test_channels_without_counts_lead_to_the_import(office: DeskOffice) -> None:
    office.add_channel()
    page = office.visitor().get("/growth")
    assert "В этом периоде ничего не считали." in page
    assert page.html.find("div", class_="empty").find("a", href="/imports")


def test_one_count_is_no_growth_yet(office: DeskOffice) -> None:
    count(office, office.add_channel(), {0 * DAY: 5})
    assert "Посчитано только один раз" in office.visitor().get("/growth")


def test_the_view_comes_as_csv_and_excel(office: DeskOffice) -> None:
    channel, other = add_old_channel(office, "Первый"), add_old_channel(office, "=Второй")
    count(office, channel, {0 * DAY: 130, DAY: 120, 2 * DAY: 100})
    count(office, other, {0 * DAY: 30, 2 * DAY: 20})
    publish(office, "Открыли мост", DAY, channel)
    query = "from=2026-11-30&to=2026-12-01&by=channel"
    file = office.visitor().get(f"/growth/export.csv?{query}")
    rows = list(csv.reader(StringIO(file.body.decode("utf-8-sig")), delimiter=";"))
    assert rows == [
        ["День", "Подписчики", "Изменение", "Открыты", "Закрыты", "Не посчитаны", "Почему не посчитаны",
         "Изменение без", "Первый", "'=Второй", "Вышедшие новости"],
        ["2026-11-30", "120", "20", "", "", "'=Второй", NO_CAUSE, "'=Второй", "120", "", "Открыли мост"],
        ["2026-12-01", "160", "10", "", "", "", "", "'=Второй", "130", "30", ""],
    ]  # fmt: skip
    excel = office.visitor().get(f"/growth/export.xlsx?{query}")
    sheet = CalamineWorkbook.from_filelike(BytesIO(excel.body)).get_sheet_by_index(0).to_python()
    assert sheet[1] == [
        date(2026, 11, 30), 120, 20, "", "", "=Второй", NO_CAUSE, "=Второй", 120, "", "Открыли мост"
    ]  # fmt: skip


def test_a_long_periods_file_and_table_name_what_went_out_before_the_jumps(office: DeskOffice) -> None:
    channel = add_old_channel(office, "Первый")
    count(office, channel, {n * DAY: 1_000 if n < 3 else 500 for n in range(120)})
    publish(office, "Открыли мост", 3 * DAY - timedelta(hours=1), channel)
    publish(office, "Обычная новость", 60 * DAY, channel)
    visitor = office.visitor()
    text = visitor.get("/growth/export.csv?days=100").body.decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text), delimiter=";"))
    assert rows[0][-1] == "Новости перед скачками"
    assert [(row[0], row[-1]) for row in rows[1:] if row[-1]] == [("2026-11-28", "Открыли мост")]
    assert [row[3] for row in table(visitor.get("/growth?days=100")) if row[3]] == ["Открыли мост"]


def test_a_file_tells_causes_apart_where_channels_were_not_counted_for_several(office: DeskOffice) -> None:
    count(office, add_old_channel(office, "Третий"), {n * DAY: 7 for n in range(5)})
    refused, silent = add_old_channel(office, "Первый"), add_old_channel(office, "Второй")
    for channel in (refused, silent):
        count(office, channel, {n * DAY: 5 for n in (0, 2, 3, 4)})
    missed = int((NOW - DAY).timestamp())
    with office.store.begin() as session:
        session.add(AudienceMiss(channel_id=refused.id, first_at=missed, last_at=missed, code="ODD"))
    text = office.visitor().get(f"/growth/export.csv?{PERIOD}").body.decode("utf-8-sig")
    why = {row[0]: row[6] for row in csv.reader(StringIO(text), delimiter=";")}
    assert why["2026-11-29"] == ""
    assert why["2026-11-30"].count(": ") >= 2
    assert f"Второй: {NO_CAUSE}" in why["2026-11-30"]
    assert "Первый: " in why["2026-11-30"]


def test_a_channel_that_was_not_connected_yet_is_no_fault_of_the_worker(office: DeskOffice) -> None:
    count(office, add_old_channel(office, "Старый"), {n * DAY: 7 for n in range(5)})
    new = add_old_channel(office, "Новый", opened_on=date(2020, 1, 1), created_at=NOW - DAY)
    count(office, new, {0 * DAY: 5})
    gap = text_of(office.visitor().get(f"/growth?{PERIOD}").html.find(class_="growth-gaps"))
    assert "Новый. Канал ещё не был подключён." in gap


def test_gaps_beyond_the_first_twenty_are_a_press_away(office: DeskOffice) -> None:
    count(office, add_old_channel(office, "Первый"), {2 * n * DAY: 100 for n in range(30)})
    page = office.visitor().get("/growth?days=60")
    assert len(page.html.find(class_="growth-gaps").find_all("li")) == 20
    gaps = page.click("Все пробелы: 30").html.find(class_="growth-gaps")
    assert len(gaps.find_all("li")) == 30


def test_two_years_are_shown_by_weeks(office: DeskOffice) -> None:
    channel = add_old_channel(office, "Первый")
    count(office, channel, {n * DAY: 10_000 - n for n in range(800)})
    page = office.visitor().get("/growth?from=2024-12-02&to=2026-12-01")
    assert "Одна точка — неделя" in page
    assert table(page)[1] == ["23 – 29 ноября 2026", "9 998", "+7", ""]


def test_jumps_of_a_day_are_of_whole_hours(office: DeskOffice) -> None:
    quarter = timedelta(minutes=15)
    count(office, add_old_channel(office, "Первый"), {n * quarter: 1_000 - 10 * n for n in range(30)})
    jump = office.visitor().get("/growth?days=1").html.find(class_="growth-jump")
    assert text_of(jump.find(class_="growth-jump-value")) == "+40"


def test_the_number_of_queries_does_not_grow_with_channels_and_days(office: DeskOffice) -> None:
    visitor = office.visitor()

    def queries(days: int) -> int:
        seen: list[str] = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731 - the shape that SQLAlchemy asks for
        event.listen(office.store.engine, "before_cursor_execute", listener)
        visitor.get(f"/growth?days={days}")
        event.remove(office.store.engine, "before_cursor_execute", listener)
        return len(seen)

    steady = {n * DAY: 5 for n in range(100)}
    count(office, office.add_channel("", None, created_at=LONG_AGO), steady)
    visitor.get("/growth")
    with_one = queries(7)
    for _ in range(5):
        count(office, office.add_channel("", None, created_at=LONG_AGO), steady)
    assert queries(90) == with_one
