"""A week of the demo city's news: what was written, when, for whom, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum, auto

from publisher.demo.city import PLACES

ALL = tuple(place.handle for place in PLACES)
BIG = tuple(f"demo_{name}" for name in ("gorod", "press", "mcu"))
DISTRICT = tuple(place.handle for place in PLACES if place.unit == "okruga")


class Fate(StrEnum):
    """What became of an item."""

    DRAFT = auto()
    IN_REVIEW = auto()
    APPROVED = auto()
    SPIKED = auto()
    PUBLISHED = auto()
    CORRECTED = auto()
    KILLED = auto()
    # Published but for one channel, whose network refused the post.
    FAILED = auto()
    # Its time passed while nothing was sent: a person must decide.
    HELD = auto()
    SCHEDULED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One item. `day` counts from today, `at` is the city's time; both tell when it went or is to go out.

    `later` is the file of a correction or the reason of a withdrawal, which came two hours after. `draw` is
    how many times as many readers as usual it has.
    """

    story: str
    author: str
    fate: Fate
    day: int
    at: str
    places: tuple[str, ...]
    pictures: tuple[str, ...] = ()
    later: str = ""
    draw: float = 1.0


def _places(*names: str) -> tuple[str, ...]:
    return tuple(f"demo_{name}" for name in names)


# In the order in which it happened.
WEEK = (
    News(story="privivki", author="social", fate=Fate.PUBLISHED, day=-6, at="10:00",
         places=(*BIG, *_places("zdorovye", "zabota", "zam_social"))),
    News(story="stroika", author="hozyaistvo", fate=Fate.PUBLISHED, day=-5, at="12:30",
         places=(*BIG, *_places("stroika", "obrazovanie", "zam_stroika"))),
    News(story="remont-mosta", author="hozyaistvo", fate=Fate.CORRECTED, day=-4, at="09:15",
         places=(*BIG, *_places("hozyaistvo", "transport", "zam_hozyaistvo")),
         later="remont-mosta-utochnenie"),
    News(story="shtorm", author="chief", fate=Fate.KILLED, day=-4, at="18:40",
         places=(*BIG, *DISTRICT, *_places("bezopasnost")),
         later="Предупреждение снято: прогноз уточнён."),
    News(story="priem-zayavok", author="okruga", fate=Fate.PUBLISHED, day=-3, at="11:00",
         places=(*_places("gorod"), *DISTRICT)),
    News(story="byudzhet", author="social", fate=Fate.PUBLISHED, day=-2, at="16:00",
         places=_places("gorod", "press", "finansy", "ekonomika", "zam_ekonomika")),
    News(story="koncert", author="social", fate=Fate.FAILED, day=-2, at="17:30",
         places=_places("gorod", "kultura", "zam_social", "centr"), pictures=("park.jpg",)),
    News(story="itogi-2024", author="chief", fate=Fate.PUBLISHED, day=-1, at="11:00",
         places=ALL, pictures=("itogi-2024.png",)),
    News(story="uborka", author="okruga", fate=Fate.HELD, day=-1, at="21:00", places=_places("centr")),
    News(story="transport", author="hozyaistvo", fate=Fate.DRAFT, day=-1, at="15:20",
         places=_places("gorod", "transport")),
    News(story="sport", author="social", fate=Fate.SPIKED, day=-3, at="14:10",
         places=_places("gorod", "sport")),
    News(story="grafik-mfc", author="author", fate=Fate.IN_REVIEW, day=-1, at="16:45", places=BIG),
    News(story="molodezh", author="social", fate=Fate.DRAFT, day=-1, at="17:05",
         places=_places("gorod", "molodezh"), pictures=("park.jpg",)),
    News(story="slushaniya", author="hozyaistvo", fate=Fate.APPROVED, day=-1, at="17:40",
         places=_places("gorod", "arkhitektura", "prikuban")),
    News(story="vodosnabzhenie", author="hozyaistvo", fate=Fate.SCHEDULED, day=1, at="09:00",
         places=_places("gorod", "hozyaistvo", "zapad")),
    News(story="yarmarka", author="social", fate=Fate.SCHEDULED, day=1, at="12:00",
         places=_places("gorod", "press", "torgovlya", "centr")),
    News(story="efir", author="editor", fate=Fate.SCHEDULED, day=1, at="19:00", places=BIG),
)  # fmt: skip
