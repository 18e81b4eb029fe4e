"""What the digest says: the week's figures from rows, and every sentence in correct Russian."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from publisher.core.digest import (
    BestPost,
    Broken,
    ChannelWeek,
    CountGap,
    Deliveries,
    WeekFigures,
    figures_from_json,
    figures_to_json,
    last_day,
    sum_up_deliveries,
    week_to_sum_up,
)
from publisher.core.platforms import Realm
from publisher.core.states import AccountState, OperationKind, OperationState
from publisher.store.audience import Count, add_counts
from publisher.store.models import AudienceMiss, Channel
from publisher.store.session import Store
from publisher.tracking.digest import read_totals, sum_up
from publisher.tracking.digest_words import Teller, plain_lines
from tests.builders import add_account, add_channel, add_desk, add_item, add_operation

ZONE = ZoneInfo("Europe/Moscow")
WEEK = date(2026, 11, 16)
MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
RU = Teller("ru", ZONE)


def told(figures: WeekFigures, language: str = "ru") -> str:
    """The whole digest with plain blanks."""
    return "\n".join(plain_lines(Teller(language, ZONE).tell(figures))).replace("\u00a0", " ")


def week(**values: object) -> WeekFigures:
    """A week that is over."""
    return WeekFigures(**{"week": WEEK, "until": last_day(WEEK), **values})  # type: ignore[arg-type]  # any of its fields


def changed(change: int, before: int = 10_000) -> WeekFigures:
    """A week of one channel."""
    return week(channels=(ChannelWeek(id=1, title="А", before=before, after=before + change),))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (0, "Подписчиков столько же, сколько неделю назад."),
        (1, "Прибавился 1 подписчик: с 10 000 до 10 001, менее чем на 0,1 %."),
        (2, "Прибавилось 2 подписчика: "),
        (5, "Прибавилось 5 подписчиков: "),
        (11, "Прибавилось 11 подписчиков: "),
        (21, "Прибавился 21 подписчик: с 10 000 до 10 021, на 0,2 %."),
        (104, "Прибавилось 104 подписчика: "),
        (111, "Прибавилось 111 подписчиков: "),
        (1002, "Прибавилось 1 002 подписчика: с 10 000 до 11 002, на 10 %."),
        (-21, "Убавился 21 подписчик: с 10 000 до 9 979, на 0,2 %."),
        (-104, "Убавилось 104 подписчика: "),
        (-111, "Убавилось 111 подписчиков: "),
    ],
)
def test_growth_agrees_with_its_number(change: int, sentence: str) -> None:
    assert sentence in told(changed(change))


FORMS = {
    "published": ("Опубликована {} новость.", "Опубликованы {} новости.", "Опубликовано {} новостей."),
    "corrected": ("Исправлена {} новость.", "Исправлены {} новости.", "Исправлено {} новостей."),
    "withdrawn": ("Отозвана {} новость.", "Отозваны {} новости.", "Отозвано {} новостей."),
    "on_time": ("Вышла {} публикация.", "Вышли {} публикации.", "Вышло {} публикаций."),
    "failed": ("Не удалась {} отправка.", "Не удались {} отправки.", "Не удалось {} отправок."),
    "waiting": ("Ждёт решения {} отправка.", "Ждут решения {} отправки.", "Ждут решения {} отправок."),
    "late": (
        "Из них {} опоздала больше чем на минуту.", "Из них {} опоздали больше чем на минуту.",
        "Из них {} опоздали больше чем на минуту.",
    ),
}  # fmt: skip
NUMBERS = [(1, 0), (2, 1), (5, 2), (11, 2), (21, 0), (104, 1), (111, 2), (1002, 1)]


@pytest.mark.parametrize(("count", "form"), NUMBERS)
@pytest.mark.parametrize("field", FORMS)
def test_every_count_agrees_with_its_noun(field: str, count: int, form: int) -> None:
    shown = f"{count:,}".replace(",", " ")
    is_item = field in {"published", "corrected", "withdrawn"}
    figures = week(**{field: count}) if is_item else week(deliveries=Deliveries(**{field: count}))
    assert FORMS[field][form].format(shown) in told(figures)


@pytest.mark.parametrize("field", FORMS)
def test_what_did_not_happen_is_not_counted(field: str) -> None:
    assert FORMS[field][2].format(0) not in told(week())


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (1, "1 канал вырос."), (2, "2 канала выросли."), (5, "5 каналов выросли."),
        (11, "11 каналов выросли."), (21, "21 канал вырос."), (104, "104 канала выросли."),
        (111, "111 каналов выросли."), (1002, "1 002 канала выросли."),
    ],
)  # fmt: skip
def test_channels_agree_with_their_number(count: int, sentence: str) -> None:
    channels = tuple(ChannelWeek(id=n, title=f"К{n}", before=1, after=2) for n in range(count))
    assert sentence in told(week(channels=channels))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 секунду"), (2, "2 секунды"), (21, "21 секунду"), (61, "2 минуты"), (300, "5 минут"),
     (3700, "2 часа"), (18_000, "5 часов")],
)  # fmt: skip
def test_durations_are_in_the_case_that_their_sentence_wants(seconds: float, text: str) -> None:
    assert RU.duration(seconds) == text


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 11, 16), date(2026, 11, 22), "16–22 ноября 2026"),
        (date(2026, 11, 30), date(2026, 12, 6), "30 ноября – 6 декабря 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 декабря 2026 – 3 января 2027"),
    ],
)
def test_a_week_is_named_by_its_days(first: date, last: date, text: str) -> None:
    assert RU.days(first, last) == text


def test_an_empty_week_says_so_and_makes_nothing_up() -> None:
    text = told(week())
    assert "Каналов для подсчёта нет." in text
    assert "Ничего не публиковалось." in text
    assert "Ни одна публикация не вышла." in text
    assert "Всё в порядке." in text
    assert not any(sign.isdigit() for sign in text.partition("\n")[2])


def test_a_week_without_counts_says_nothing_about_growth() -> None:
    text = told(week(channels=(ChannelWeek(id=1, title="А", before=None, after=None),)))
    assert "Подписчиков не считали, поэтому о росте сказать нечего." in text
    assert "Прибавил" not in text


def test_who_is_missing_is_named_and_new_channels_stand_apart() -> None:
    channels = (
        ChannelWeek(id=1, title="Старый", before=100, after=110),
        ChannelWeek(id=2, title="Непосчитанный", before=None, after=50),
        ChannelWeek(id=3, title="Новый", before=None, after=21, is_new=True),
    )
    text = told(week(channels=channels))
    assert "Прибавилось 10 подписчиков: с 100 до 110, на 10 %." in text
    assert "Кроме того, 21 подписчик в каналах, открытых на этой неделе." in text
    assert (
        "В сравнение не вошли, потому что не посчитаны перед неделей или в её конце: «Непосчитанный»." in text
    )


def test_problems_are_told_with_their_cause() -> None:
    hour = 3600
    gap = CountGap(channel="Парки", first_at=1_795_000_000, last_at=1_795_000_000 + hour, code="unreachable")
    text = told(week(gaps=(gap,), broken=(Broken(kind="account", name="Бот", reason=None),)))
    assert "Учётная запись «Бот» не работает." in text
    assert "«Парки» не считали с " in text
    assert "Нет связи с соцсетью." in text
    assert "Всё в порядке." not in text


def test_english_is_spoken_too() -> None:
    text = told(changed(1), "en")
    assert "Digest for 16–22 November 2026" in text
    assert "Up by 1 subscriber: from 10,000 to 10,001" in text


def test_the_document_comes_back_as_it_was_stored() -> None:
    figures = week(
        channels=(ChannelWeek(id=1, title="А", before=1, after=2),), change_before=3,
        best=(BestPost(item_id=1, title="Т", channel="А", views=2, per_thousand=1.5),),
        deliveries=Deliveries(on_time=1, half_within=0.5, most_within=0.5),
        gaps=(CountGap(channel="А", first_at=1, last_at=2, code="x"),),
        broken=(Broken(kind="channel", name="А", reason={"message": "m", "params": {}}),),
    )  # fmt: skip
    stored = json.loads(json.dumps({**figures_to_json(figures), "of_another_version": 1}))
    assert figures_from_json(stored) == figures


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 23, 7, 59, tzinfo=ZONE), None),
        (datetime(2026, 11, 23, 8, 0, tzinfo=ZONE), WEEK),
        (datetime(2026, 11, 29, 23, 59, tzinfo=ZONE), WEEK),
        (datetime(2026, 11, 30, 0, 0, tzinfo=ZONE), None),
    ],
)
def test_the_past_week_is_due_from_monday_morning_to_sunday_night(now: datetime, due: date | None) -> None:
    assert week_to_sum_up(now.astimezone(UTC), ZONE, time(8)) == due


def test_lateness_is_told_by_half_and_by_nearly_all() -> None:
    due = datetime(2026, 11, 17, 9, tzinfo=UTC)
    sent = [(due, due + timedelta(seconds=second)) for second in range(1, 101)]
    deliveries = sum_up_deliveries(sent, failed=0, waiting=0)
    assert (deliveries.half_within, deliveries.most_within) == (50, 99)
    assert (deliveries.on_time, deliveries.late) == (60, 40)


# From rows


def count_evening(session: Session, channel: Channel, day: date, value: int) -> None:
    """A count at nine in the evening."""
    moment = datetime.combine(day, time(21), ZONE)
    add_counts(session, [Count(channel_id=channel.id, taken_at=int(moment.timestamp()), value=value)], ZONE)


def test_a_week_is_summed_up_from_rows(store: Store) -> None:
    with store.begin() as session:
        desk, account = add_desk(session), add_account(session)
        account.state = AccountState.DOWN
        parks = add_channel(session, account, desk, "parks", title="Парки")
        young = add_channel(session, account, desk, "young", title="Новый", opened_on=date(2026, 11, 18))
        foreign = add_channel(session, add_account(session, realm=Realm.REAL), desk, "real")
        for day, value in ((date(2026, 11, 15), 100), (date(2026, 11, 22), 130)):
            count_evening(session, parks, day, value)
            count_evening(session, foreign, day, value)
        count_evening(session, young, date(2026, 11, 22), 7)
        due = datetime(2026, 11, 18, 9, tzinfo=UTC)
        item, version = add_item(session, desk, parks)
        item.published_at = due
        add_operation(
            session, version, parks, state=OperationState.SENT, due=due, sent_at=due + timedelta(seconds=3)
        )
        add_operation(
            session, version, young, state=OperationState.SENT, due=due, sent_at=due + timedelta(minutes=5)
        )
        add_operation(session, version, parks, OperationKind.EDIT, OperationState.SENT, due=due, sent_at=due)
        add_operation(session, version, young, state=OperationState.FAILED, due=due)
        add_operation(session, version, parks, state=OperationState.SENT, due=MONDAY, sent_at=MONDAY)
        first = int(due.timestamp())
        session.add(
            AudienceMiss(channel_id=parks.id, first_at=first, last_at=first + 900, code="unreachable")
        )
    with store.reading() as session:
        figures = sum_up(session, Realm.SANDBOX, WEEK, ZONE, MONDAY)
    assert [(c.title, c.change, c.is_new) for c in figures.channels] == [
        ("Новый", 7, True),
        ("Парки", 30, False),
    ]
    assert (figures.organic, figures.total, figures.is_over) == (30, 137, True)
    assert (figures.published, figures.corrected, figures.withdrawn) == (1, 1, 0)
    deliveries = figures.deliveries
    assert (deliveries.on_time, deliveries.late, deliveries.failed) == (1, 1, 1)
    assert [gap.channel for gap in figures.gaps] == ["Парки"]
    assert [broken.kind for broken in figures.broken] == ["account"]


def test_the_total_has_a_gap_where_a_known_channel_was_not_counted(sqlite_store: Store) -> None:
    with sqlite_store.begin() as session:
        account = add_account(session)
        one, two = add_channel(session, account), add_channel(session, account)
        for day in (20, 21, 22):
            count_evening(session, one, date(2026, 11, day), 10)
        for day in (20, 22):
            count_evening(session, two, date(2026, 11, day), 5)
    with sqlite_store.reading() as session:
        totals = dict(read_totals(session, Realm.SANDBOX, WEEK, ZONE))
    assert [totals[date(2026, 11, day)] for day in (19, 20, 21, 22)] == [None, 15, None, 15]
