"""A year of the demo city's news before its last week: what channels grew by, and the rhythm around it."""

from dataclasses import replace

from publisher.demo.week import Fate, News

# How many times as many readers as usual a strong post draws.
STRONG = 2.5


def _usual(days_ago: int, at: str, story: str, author: str, *places: str) -> News:
    return News(
        story=f"year/{story}", author=author, fate=Fate.PUBLISHED, day=-days_ago, at=at,
        places=tuple(f"demo_{name}" for name in places),
    )  # fmt: skip


def _strong(days_ago: int, at: str, story: str, author: str, *places: str) -> News:
    """What was read and passed on far more than usual: the jump of a channel (city.py) begins an hour or two
    later."""
    usual = _usual(days_ago, at, story, author, *places)
    return replace(usual, draw=STRONG)


# In the order in which it happened.
YEAR = (
    _usual(361, "09:30", "plany-goda", "author", "gorod", "press"),
    _usual(354, "12:10", "svalki", "hozyaistvo", "gorod", "hozyaistvo"),
    _usual(347, "15:00", "biblioteki", "social", "gorod", "kultura"),
    _usual(340, "10:20", "priem-grazhdan", "editor", "mcu", "gorod"),
    _usual(333, "16:40", "svet-na-ulitsah", "hozyaistvo", "gorod", "hozyaistvo", "karasun"),
    _usual(326, "09:50", "medosmotr", "social", "gorod", "zdorovye"),
    _usual(319, "13:30", "turniry", "social", "gorod", "sport"),
    _usual(312, "11:10", "obrashcheniya-kvartal", "editor", "mcu", "press"),
    _usual(305, "17:15", "avtobusy", "hozyaistvo", "gorod", "transport"),
    _strong(300, "10:40", "razvyazka", "hozyaistvo", "gorod", "stroika"),
    _usual(293, "10:00", "ocheredi-mfts", "author", "gorod", "press", "mcu"),
    _usual(286, "12:00", "molodezh-kanal", "social", "molodezh", "gorod"),
    _usual(279, "14:20", "teplo", "hozyaistvo", "gorod", "hozyaistvo", "mcu"),
    _usual(272, "09:40", "shkolnoe-pitanie", "social", "gorod", "obrazovanie"),
    _usual(265, "16:00", "subsidii", "social", "ekonomika", "gorod"),
    _usual(257, "11:30", "velodorozhki", "hozyaistvo", "transport", "gorod"),
    _strong(250, "10:30", "chat-bot-yamy", "editor", "mcu"),
    _usual(243, "10:10", "zemlya-kanal", "hozyaistvo", "gorod", "arkhitektura"),
    _usual(236, "15:30", "yarmarki", "social", "gorod", "press"),
    _usual(229, "12:40", "deti-lager", "social", "zabota", "gorod"),
    _usual(222, "09:20", "parkovki", "hozyaistvo", "gorod", "transport", "press"),
    _usual(215, "17:00", "obrashcheniya-polgoda", "editor", "mcu", "gorod"),
    _usual(208, "11:50", "fasady", "hozyaistvo", "arkhitektura", "gorod", "centr"),
    _strong(201, "11:05", "platnyy-vezd", "author", "press", "gorod"),
    _strong(200, "10:50", "spisok-dvorov", "hozyaistvo", "zam_hozyaistvo"),
    _usual(194, "14:00", "pitomniki", "hozyaistvo", "gorod", "hozyaistvo", "zapad"),
    _strong(190, "10:20", "rabota-podrostkam", "social", "molodezh", "gorod"),
    _usual(187, "10:30", "uchitelya", "social", "obrazovanie", "gorod"),
    _strong(180, "10:15", "novyy-tramvay", "hozyaistvo", "transport", "gorod"),
    _usual(176, "12:20", "torgovlya-kanal", "social", "gorod", "ekonomika"),
    _usual(169, "16:20", "okruga-vstrechi", "okruga", "karasun", "prikuban", "zapad", "centr", "gorod"),
    _usual(160, "09:45", "zhara", "hozyaistvo", "bezopasnost", "gorod", "zdorovye"),
    _usual(155, "13:10", "plyazhi", "hozyaistvo", "bezopasnost", "gorod"),
    _strong(150, "10:10", "liven", "hozyaistvo", "bezopasnost", "gorod", "mcu"),
    _usual(146, "11:00", "remont-shkol", "hozyaistvo", "stroika", "obrazovanie", "gorod"),
    _usual(139, "15:40", "zhk-proverka", "hozyaistvo", "stroika", "gorod"),
    _usual(132, "10:50", "sportploshchadki", "social", "sport", "gorod", "karasun"),
    _usual(125, "17:20", "voprosy-k-efiru", "editor", "mcu", "gorod", "press"),
    _strong(120, "11:20", "otvety-mera", "editor", "mcu"),
    _usual(115, "12:30", "dorogi-plan", "hozyaistvo", "gorod", "hozyaistvo", "zam_hozyaistvo"),
    _strong(110, "10:35", "novyy-park", "okruga", "prikuban"),
    _usual(104, "09:10", "vaktsiny-shkola", "social", "zdorovye", "gorod", "obrazovanie"),
    _strong(96, "10:25", "podstantsiya", "author", "gorod", "mcu", "hozyaistvo"),
    _usual(93, "14:50", "svet-vozvrashchyon", "hozyaistvo", "gorod", "hozyaistvo", "mcu"),
    _usual(89, "11:40", "finansy-prosto", "social", "finansy", "gorod"),
    _strong(85, "10:05", "novye-sadiki", "social", "obrazovanie", "gorod"),
    _usual(78, "16:10", "vodoprovod", "hozyaistvo", "gorod", "hozyaistvo", "prikuban"),
    _usual(74, "10:40", "tarify", "hozyaistvo", "hozyaistvo", "gorod", "mcu"),
    _usual(67, "12:50", "obuchenie-pensionerov", "social", "zabota", "gorod"),
    _strong(60, "10:45", "muzei-besplatno", "social", "kultura", "centr"),
    _usual(57, "09:35", "moshenniki", "author", "gorod", "press", "mcu", "bezopasnost"),
    _usual(50, "15:20", "konkurs-grantov", "social", "molodezh", "gorod"),
    _usual(43, "11:15", "otkrytyy-byudzhet", "social", "ekonomika", "gorod"),
    _usual(38, "17:40", "snos", "hozyaistvo", "arkhitektura", "gorod", "stroika"),
    _strong(32, "10:55", "karta-otklyucheniy", "editor", "mcu", "gorod"),
    _usual(28, "10:05", "pitevaya-voda", "social", "zdorovye", "gorod", "hozyaistvo"),
    _usual(23, "13:50", "podgotovka-k-zime", "hozyaistvo", "gorod", "hozyaistvo", "mcu"),
    _usual(18, "16:30", "tramvai-remont", "hozyaistvo", "transport", "gorod"),
    _usual(14, "09:55", "yarmarka-vakansiy", "social", "ekonomika", "gorod", "molodezh"),
    _usual(10, "12:15", "kameny", "hozyaistvo", "gorod", "transport"),
)
