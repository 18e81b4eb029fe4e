"""«Что сработало» and «Что принесла»: what posts earned, what is not known, and the same as a file."""

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO

from python_calamine import CalamineWorkbook
from webtest import TestResponse

from publisher.core.measuring import AGES, Figures
from publisher.core.states import ItemStatus, OperationState, PostState
from publisher.store.audience import Count, add_counts
from publisher.store.metrics import Reading, record_figures
from publisher.store.models import Channel, Version
from tests.builders import add_item, add_operation, add_post
from tests.web.desk import DeskOffice

NO_BREAK = "\xa0"
TEN_MINUTES, HOUR, SIX_HOURS, DAY, WEEK = AGES


def item(office: DeskOffice, title: str) -> Version:
    """A published item."""
    with office.store.begin() as session:
        made, version = add_item(session, office.desk, title=title)
        made.status = ItemStatus.PUBLISHED
        return version


def post(
    office: DeskOffice,
    version: Version,
    channel: Channel,
    views: Mapping[timedelta, int],
    *,
    ago: timedelta = 2 * DAY,
    state: PostState = PostState.LIVE,
    forwards: int | None = None,
) -> None:
    """A post that went out so long ago and had so many views at these ages."""
    at = office.now - ago
    with office.store.begin() as session:
        operation = add_operation(session, version, channel, state=OperationState.SENT, due=at)
        made = add_post(session, operation, permalink=f"https://t.me/{channel.handle}/7")
        made.published_at, made.state = at, state
        session.flush()
        record_figures(
            session,
            [
                Reading(
                    post_id=made.id, age=age, figures=Figures(views=seen, forwards=forwards), next_at=None,
                    taken_at=at + age,
                )
                for age, seen in views.items()
            ],
        )  # fmt: skip


def count(office: DeskOffice, channel: Channel, values: Mapping[timedelta, int]) -> None:
    """Subscribers so long before now."""
    counts = [
        Count(channel_id=channel.id, taken_at=int((office.now - age).timestamp()), value=value)
        for age, value in values.items()
    ]
    with office.store.begin() as session:
        add_counts(session, counts, office.settings.office.zone)


def texts(cells: object) -> list[str]:
    """Cells as a person reads them."""
    return [" ".join(c.get_text(" ").split()).replace(NO_BREAK, " ") for c in cells]  # type: ignore[attr-defined]  # of BeautifulSoup, untyped


def table(page: TestResponse) -> list[list[str]]:
    """The table's body."""
    return [
        texts(row.find_all("td")) for row in page.html.find("table", class_="worked").tbody.find_all("tr")
    ]


def titles(page: TestResponse) -> list[str]:
    """The titles in their order."""
    return texts(page.html.select("td.cell-title > a"))


def two_items(office: DeskOffice) -> None:
    """A large channel where many saw the one, and a small one where nearly all saw the other."""
    large, small = office.add_channel("large", title="Город"), office.add_channel("small", title="Округ")
    count(office, large, {2 * DAY + HOUR: 10_000, DAY + HOUR: 10_020})
    count(office, small, {2 * DAY + HOUR: 500})
    post(office, item(office, "Бюджет"), large, {HOUR: 400, DAY: 2_000}, forwards=7)
    post(office, item(office, "Новый парк"), small, {DAY: 450})


def test_the_best_for_each_thousand_subscribers_comes_first(office: DeskOffice) -> None:
    two_items(office)
    page = office.visitor().get("/growth/posts")
    assert titles(page) == ["Новый парк", "Бюджет"]
    park, budget = table(page)
    assert park[1:] == ["900", "450", "—", "—", "—"]
    assert budget[1:] == ["200", "2 000", "7", "—", "+20"]


def test_the_order_may_be_by_number_and_the_age_another_one(office: DeskOffice) -> None:
    two_items(office)
    page = office.visitor().get("/growth/posts?order=absolute&age=1h")
    assert titles(page) == ["Бюджет", "Новый парк"]
    budget, park = table(page)
    assert budget[2] == "400"
    assert "не измерено" in park[0]


def test_an_item_is_one_line_with_its_best_channel_or_a_line_for_each_post(office: DeskOffice) -> None:
    large, small = office.add_channel("large", title="Город"), office.add_channel("small", title="Округ")
    count(office, large, {2 * DAY + HOUR: 1_000})
    count(office, small, {2 * DAY + HOUR: 1_000})
    version = item(office, "Новый парк")
    post(office, version, large, {DAY: 100})
    post(office, version, small, {DAY: 300})
    (line,) = table(office.visitor().get("/growth/posts"))
    assert "2 канала, лучший: Округ (300)" in line[0]
    assert line[1:3] == ["200", "400"]
    assert [row[2] for row in table(office.visitor().get("/growth/posts?by=post"))] == ["300", "100"]


def test_a_sum_says_which_posts_it_lacks(office: DeskOffice) -> None:
    version = item(office, "Новый парк")
    post(office, version, office.add_channel("large", title="Город"), {DAY: 100})
    post(office, version, office.add_channel("small", title="Округ"), {})
    page = office.visitor().get("/growth/posts")
    assert table(page)[0][2] == "100 без 1 публикации"
    assert page.html.find("span", title="Округ") is not None


def test_a_young_post_says_from_which_age_its_figures_are(office: DeskOffice) -> None:
    post(office, item(office, "Новый парк"), office.add_channel(), {HOUR: 100}, ago=2 * HOUR)
    assert "пока за 1 час" in table(office.visitor().get("/growth/posts"))[0][0]


def test_nothing_went_out_and_too_early_are_said_calmly(office: DeskOffice) -> None:
    assert "За это время ничего не выходило" in office.visitor().get("/growth/posts").text
    post(office, item(office, "Новый парк"), office.add_channel(), {}, ago=timedelta(minutes=3))
    assert "Ещё рано: первые цифры" in office.visitor().get("/growth/posts").text


def test_other_periods_and_channels_are_left_out(office: DeskOffice) -> None:
    here, there = office.add_channel("here"), office.add_channel("there")
    post(office, item(office, "Давно"), here, {DAY: 5}, ago=20 * DAY)
    post(office, item(office, "Здесь"), here, {DAY: 5})
    post(office, item(office, "Там"), there, {DAY: 5})
    visitor = office.visitor()
    assert titles(visitor.get(f"/growth/posts?channel={here.id}")) == ["Здесь"]
    assert set(titles(visitor.get("/growth/posts?days=30"))) == {"Давно", "Здесь", "Там"}


def test_a_period_that_cannot_be_shown_keeps_what_was_typed(office: DeskOffice) -> None:
    page = office.visitor().get("/growth/posts?from=2020-01-01&to=2026-11-30", status=422)
    assert "Не больше года за раз." in page.text
    assert page.html.find("input", attrs={"name": "from"})["value"] == "2020-01-01"


def test_the_address_of_the_files_gives_the_same_lines(office: DeskOffice) -> None:
    two_items(office)
    visitor = office.visitor()
    page = visitor.get("/growth/posts?order=absolute")
    link = page.html.find("a", href=lambda href: href and "export.xlsx" in href)["href"]
    heading, *rows = (
        CalamineWorkbook.from_filelike(BytesIO(visitor.get(link).body)).get_sheet_by_index(0).to_python()
    )
    assert heading[:2] == ["Название", "Каналы"]
    assert [(row[0], row[5], row[8]) for row in rows] == [("Бюджет", 2_000, 200), ("Новый парк", 450, 900)]
    text = visitor.get(link.replace("xlsx", "csv")).body.decode("utf-8-sig")
    assert text.splitlines()[1].startswith("Бюджет;Город;https://t.me/large/7;")


def shown_item(office: DeskOffice, version: Version) -> TestResponse:
    return office.visitor().get(f"/items/{version.item_id}")


def test_an_item_shows_what_it_brought_by_channel_and_age(office: DeskOffice) -> None:
    version, channel = item(office, "Новый парк"), office.add_channel("large", title="Город")
    count(office, channel, {2 * DAY + HOUR: 1_000})
    post(office, version, channel, {TEN_MINUTES: 10, SIX_HOURS: 200, DAY: 300}, forwards=4)
    rows = shown_item(office, version).html.find("table", class_="earned-table").tbody.find_all("tr")
    assert texts(rows[0].find_all("td")) == ["Город", "10", "неизвестно", "200", "300", "4", "—", "300"]


def test_posts_of_a_training_channel_lead_to_the_sandbox(office: DeskOffice) -> None:
    channel = office.add_channel("gorod")
    version = item(office, "Мост открыт")
    post(office, version, channel, {DAY: 500})
    page = office.visitor()
    for path in ("/growth/posts", f"/items/{version.item_id}"):
        links = [
            link["href"]
            for link in page.get(path).html.select("td.cell-title a")
            if link.text == channel.title
        ]
        assert links == [f"http://127.0.0.1:{office.settings.sandbox.port}/channels/gorod"], path


def test_an_item_tells_too_early_from_never_read(office: DeskOffice) -> None:
    version = item(office, "Новый парк")
    post(office, version, office.add_channel("old", title="Старый"), {TEN_MINUTES: 10}, ago=3 * HOUR)
    post(office, version, office.add_channel("new", title="Новый"), {}, ago=timedelta(minutes=2))
    new, old = shown_item(office, version).html.find("table", class_="earned-table").tbody.find_all("tr")
    assert texts(new.find_all("td"))[:3] == ["Новый", "рано", "рано"]
    assert texts(old.find_all("td"))[:3] == ["Старый", "10", "неизвестно"]


def test_an_item_names_the_channels_that_a_sum_lacks(office: DeskOffice) -> None:
    version = item(office, "Новый парк")
    post(office, version, office.add_channel("a", title="Город"), {HOUR: 10})
    post(office, version, office.add_channel("b", title="Округ"), {})
    assert "Не вошли в суммы: Округ" in shown_item(office, version).text


def test_the_section_is_asked_for_again_and_unchanged_costs_nothing(office: DeskOffice) -> None:
    version = item(office, "Новый парк")
    post(office, version, office.add_channel("a", title="Город"), {HOUR: 10})
    visitor = office.visitor()
    live = visitor.get(f"/items/{version.item_id}").html.find("div", class_="item-earned")
    answer = visitor.get(live["data-live"], headers={"If-None-Match": live["data-live-etag"]})
    assert answer.status_code == 304
    post(office, version, office.add_channel("b", title="Округ"), {HOUR: 5})
    assert "Округ" in visitor.get(live["data-live"], headers={"If-None-Match": live["data-live-etag"]}).text


def test_an_item_that_is_not_out_says_nothing_about_it(office: DeskOffice) -> None:
    version = item(office, "Черновик")
    assert "Что принесла" not in shown_item(office, version).text


def test_a_post_that_was_withdrawn_keeps_its_figures_on_the_item_only(office: DeskOffice) -> None:
    version = item(office, "Шторм")
    post(office, version, office.add_channel("a", title="Город"), {HOUR: 10}, state=PostState.WITHDRAWN)
    assert "За это время ничего не выходило" in office.visitor().get("/growth/posts").text
    (row,) = shown_item(office, version).html.find("table", class_="earned-table").tbody.find_all("tr")
    assert "10" in texts(row.find_all("td"))
