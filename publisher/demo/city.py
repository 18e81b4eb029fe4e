"""The demo city: desks, channels and roles of an invented city hall. Units, no people."""

from dataclasses import dataclass
from datetime import date, timedelta

from publisher.core.states import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A desk."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel: readers now, how many of them came within the last year, and when it was opened.

    `opened` is a day, or how many days ago for channels that were opened within the year. `jumps` are strong
    posts and `loss` is one bad week: days ago, and the share of today's readers that came or left.
    """

    handle: str
    title: str
    unit: str
    account: str
    readers: int
    gained: int
    opened: date | int
    jumps: tuple[tuple[int, float], ...] = ()
    loss: tuple[int, float] | None = None

    def opened_on(self, today: date) -> date:
        """The day it was opened."""
        return today - timedelta(days=self.opened) if isinstance(self.opened, int) else self.opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A role somebody can sign in as."""

    key: str
    name: str
    role: Role
    units: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        """An address that no mail can reach."""
        return f"demo-{self.key}@example.org"


UNITS = (
    Unit(slug="press", title="Пресс-служба"),
    Unit(slug="mcu", title="Муниципальный центр управления"),
    Unit(slug="hozyaistvo", title="Городское хозяйство"),
    Unit(slug="stroika", title="Строительство и земля"),
    Unit(slug="social", title="Социальная сфера"),
    Unit(slug="economy", title="Экономика"),
    Unit(slug="okruga", title="Внутригородские округа"),
)

CITY, DISTRICTS = "Бот администрации", "Бот округов"
ACCOUNTS = (CITY, DISTRICTS)

COLLEAGUES = (
    Colleague(key="admin", name="Администратор системы", role=Role.ADMIN),
    Colleague(key="chief", name="Главный редактор", role=Role.CHIEF, units=("press", "mcu")),
    Colleague(key="editor", name="Дежурный редактор", role=Role.EDITOR, units=("press", "mcu")),
    Colleague(key="hozyaistvo", name="Редактор хозяйства", role=Role.EDITOR, units=("hozyaistvo", "stroika")),
    Colleague(key="social", name="Редактор соцсферы", role=Role.EDITOR, units=("social", "economy")),
    Colleague(key="okruga", name="Редактор округов", role=Role.EDITOR, units=("okruga",)),
    Colleague(key="author", name="Автор пресс-службы", role=Role.AUTHOR, units=("press", "mcu")),
)


def _place(
    handle: str,
    title: str,
    unit: str,
    readers: int,
    gained: int,
    opened: date | int,
    jumps: tuple[tuple[int, float], ...] = (),
    loss: tuple[int, float] | None = None,
) -> Place:
    account = DISTRICTS if unit == "okruga" else CITY
    return Place(
        handle=f"demo_{handle}", title=title, unit=unit, account=account,
        readers=readers, gained=gained, opened=opened, jumps=jumps, loss=loss,
    )  # fmt: skip


# fmt: off
PLACES = (
    _place("gorod", "Администрация города", "press", 61_400, 6_000, date(2017, 9, 4),
            jumps=((300, 0.02), (96, 0.03))),
    _place("press", "Пресс-служба", "press", 12_900, 1_600, date(2018, 2, 12), jumps=((201, 0.02),)),
    _place("mcu", "Муниципальный центр управления", "mcu", 31_700, 11_500, date(2021, 4, 19),
            jumps=((250, 0.03), (120, 0.05), (32, 0.03))),
    _place("hozyaistvo", "Департамент городского хозяйства", "hozyaistvo", 9_300, 1_500, date(2020, 3, 2),
            loss=(70, 0.03)),
    _place("transport", "Департамент транспорта", "hozyaistvo", 17_800, 3_280, date(2019, 8, 26),
            jumps=((180, 0.04),)),
    _place("bezopasnost", "Управление гражданской защиты", "hozyaistvo", 5_600, 2_400, date(2022, 6, 1),
            jumps=((150, 0.12),)),
    _place("kontrol", "Управление муниципального контроля", "hozyaistvo", 1_450, 1_450, 240),
    _place("stroika", "Департамент строительства", "stroika", 7_100, 420, date(2020, 11, 9),
            loss=(140, 0.06)),
    _place("arkhitektura", "Департамент архитектуры", "stroika", 4_050, 510, date(2021, 9, 13)),
    _place("zemlya", "Земля и имущество", "stroika", 1_180, 1_180, 205),
    _place("obrazovanie", "Департамент образования", "social", 11_600, 1_700, date(2019, 1, 21),
            jumps=((85, 0.03),)),
    _place("kultura", "Управление культуры", "social", 6_900, 980, date(2019, 10, 7), jumps=((60, 0.02),)),
    _place("sport", "Управление физкультуры и спорта", "social", 5_200, 690, date(2020, 6, 15)),
    _place("zdorovye", "Управление здравоохранения", "social", 8_400, 1_150, date(2020, 4, 6)),
    _place("zabota", "Управление по социальным вопросам", "social", 4_700, 640, date(2021, 2, 1)),
    _place("molodezh", "Управление по делам молодёжи", "social", 2_300, 2_300, 286, jumps=((190, 0.15),)),
    _place("ekonomika", "Департамент экономики", "economy", 3_800, 370, date(2021, 5, 17)),
    _place("finansy", "Департамент финансов", "economy", 1_240, 1_240, 95),
    _place("torgovlya", "Управление торговли", "economy", 1_350, 1_350, 172),
    _place("zapad", "Западный округ", "okruga", 6_200, 900, date(2020, 2, 3)),
    _place("karasun", "Карасунский округ", "okruga", 7_900, 1_050, date(2020, 2, 3)),
    _place("prikuban", "Прикубанский округ", "okruga", 10_700, 1_400, date(2020, 2, 3),
            jumps=((110, 0.03),)),
    _place("centr", "Центральный округ", "okruga", 7_300, 820, date(2020, 2, 3)),
    _place("zam_hozyaistvo", "Вице-мэр: городское хозяйство", "hozyaistvo", 1_900, 1_900, 260,
            jumps=((200, 0.1),)),
    _place("zam_social", "Вице-мэр: социальная сфера", "social", 1_500, 1_500, 254),
    _place("zam_ekonomika", "Вице-мэр: экономика", "economy", 1_050, 1_050, 231),
    _place("zam_stroika", "Вице-мэр: строительство", "stroika", 1_120, 1_120, 118),
)
# fmt: on
