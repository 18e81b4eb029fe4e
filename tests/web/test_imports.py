"""«Загрузка»: a file is looked at, mended on the page, imported whole or not at all."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestResponse, Upload

from publisher.core.states import CountSource, Role
from publisher.store.audience import Count, add_counts
from publisher.store.models import AppealTotal, AudienceCount
from tests.files import HTML, OLD_OFFICE, picture
from tests.web.desk import DeskOffice, Visitor, form_to

GOOD = "Дата;Канал;Подписчики\n31.12.2024;Новости Краснодара;12 345\n01.01.2025;@krd_mayor;1 345,0\n"
BAD = GOOD + "32.12.2024;Мэр;5\n02.01.2025;Мэрр;6\n03.01.2025;Мэр;семь\n"


@pytest.fixture
def chief(office: DeskOffice) -> Visitor:
    """A chief editor in an office of two channels."""
    office.add_channel("krd_news", title="Новости Краснодара")
    office.add_channel("krd_mayor", title="Мэр")
    return office.visitor(Role.CHIEF)


def upload(
    visitor: Visitor, text: str | bytes, name: str = "old.csv", kind: str = "counts", **options: Any
) -> TestResponse:
    """Choose a file on the page and look at it."""
    form = form_to(visitor.get("/imports"), "/imports")
    form["kind"] = kind
    form["file"] = Upload(name, text.encode() if isinstance(text, str) else text)
    return visitor.send(form, **options)


def press(visitor: Visitor, page: TestResponse, do: str, fields: Mapping[str, str] = {}) -> TestResponse:
    """Fill in fields of the preview and press a button of it."""
    form = page.forms["import"]
    for name, value in fields.items():
        form[name] = value
    return visitor.send(form, "do", value=do)


def counts(office: DeskOffice) -> list[tuple[int, int]]:
    """Every count: channel, value."""
    with office.store.reading() as session:
        query = select(AudienceCount.channel_id, AudienceCount.value)
        rows = session.execute(query.order_by(AudienceCount.taken_at))
        return [(channel_id, value) for channel_id, value in rows]


def text(page: TestResponse) -> str:
    """What a person reads in the main part, with plain spaces."""
    return " ".join(page.html.main.get_text(" ").split())


def test_a_file_is_looked_at_before_anything_is_written(office: DeskOffice, chief: Visitor) -> None:
    page = upload(chief, GOOD.encode("cp1251"))
    assert "Windows-1251" in text(page)
    assert page.html.find("button", string="Загрузить 2 значения")
    assert counts(office) == []


def test_what_was_looked_at_is_imported(office: DeskOffice, chief: Visitor) -> None:
    page = press(chief, upload(chief, GOOD), "import")
    assert counts(office) == [(1, 12_345), (2, 1_345)]
    assert "Загружено. Новых: 2, изменённых: 0." in page.html.text
    assert page.html.select('.touched a[href^="/audience/1?"]')


def test_a_double_press_changes_nothing_more(office: DeskOffice, chief: Visitor) -> None:
    page = upload(chief, GOOD)
    press(chief, page, "import")
    again = press(chief, page, "import")
    assert "Ничего не изменилось" in again.html.text
    assert len(counts(office)) == 2


def test_three_errors_are_mended_on_the_page(office: DeskOffice, chief: Visitor) -> None:
    page = upload(chief, BAD)
    assert "Исправить: 3 ячейки" in text(page)
    assert [a.text for a in page.html.select(".mending a")] == ["Строка 4", "Строка 6"]
    page = press(chief, page, "check", {"cell-4:0": "30.12.2024", "cell-6:2": "7"})
    assert "Исправить: 1 ячейку" in text(page)
    page = press(chief, page, "check", {"named": "2"})
    assert "Всё читается" in text(page)
    press(chief, page, "import")
    assert counts(office) == [(2, 5), (1, 12_345), (2, 1_345), (2, 6), (2, 7)]


def test_a_line_is_left_out_and_taken_back(office: DeskOffice, chief: Visitor) -> None:
    page = upload(chief, GOOD + "03.01.2025;Мэр;семь\n")
    page = press(chief, page, "check", {"out": True})  # type: ignore[dict-item]  # a box
    assert "Всё читается" in text(page)
    page = press(chief, page, "check", {"out": False})  # type: ignore[dict-item]  # a box
    assert "Исправить: 1 ячейку" in text(page)


def test_nothing_is_written_while_something_is_wrong(office: DeskOffice, chief: Visitor) -> None:
    page = upload(chief, BAD)
    answer = chief.post(page.forms["import"].action, {"do": "import"}, status=422)
    assert "Ничего не загружено" in answer.html.text
    assert counts(office) == []


def test_the_file_is_mended_outside_and_the_names_hold(office: DeskOffice, chief: Visitor) -> None:
    page = press(chief, upload(chief, BAD), "check", {"named": "2"})
    token = page.forms["import"].action
    form = form_to(page, f"{token}/file")
    mended = BAD.replace("32.12", "30.12").replace("семь", "7")
    form["file"] = Upload("mended.csv", mended.encode())
    page = chief.send(form)
    assert "Всё читается" in text(page)


def test_a_column_is_chosen_by_hand(office: DeskOffice, chief: Visitor) -> None:
    page = upload(chief, "Дата;Первый;Второй\n31.12.2024;10;20\n")
    assert "Исправить: 2 ячейки" in text(page)
    page = press(chief, page, "check", {"column-1": "values-of:1", "column-2": "skip"})
    press(chief, page, "import")
    assert counts(office) == [(1, 10)]


def test_another_encoding_is_chosen_by_hand(office: DeskOffice, chief: Visitor) -> None:
    page = upload(chief, GOOD.encode("cp1251"))
    page = press(chief, page, "check", {"encoding": "cp1251"})
    assert page.forms["import"]["encoding"].value == "cp1251"
    assert "Всё читается" in text(page)


def test_what_the_network_counted_stays(office: DeskOffice, chief: Visitor) -> None:
    moment = 1_735_635_600  # noon of 31 December 2024 in Moscow
    with office.store.begin() as session:
        count = Count(channel_id=1, taken_at=moment, value=99, source=CountSource.NETWORK)
        add_counts(session, [count], office.settings.office.zone)
    page = upload(chief, GOOD)
    assert "посчитано самой редакцией" in text(page)
    press(chief, page, "import")
    assert counts(office) == [(1, 99), (2, 1_345)]


def test_what_was_imported_before_is_replaced_and_shown(office: DeskOffice, chief: Visitor) -> None:
    press(chief, upload(chief, GOOD), "import")
    page = upload(chief, GOOD.replace("12 345", "12 400"))
    assert "12 345 → 12 400" in text(page)
    press(chief, page, "import")
    assert counts(office) == [(1, 12_400), (2, 1_345)]


def test_all_errors_are_given_as_a_file(chief: Visitor) -> None:
    page = upload(chief, GOOD + "".join(f"{day:02}.01.2025;Мэр;x\n" for day in range(1, 32)) * 5)
    assert len(page.html.select("[name^=cell-]")) == 100
    answer = chief.get(page.forms["import"].action + "/errors.csv")
    assert answer.text.count("\r\n") == 156


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "Файл пуст"),
        ("photo.jpg", picture(), "JPEG"),
        ("report.xls", OLD_OFFICE, ".xls"),
        ("report.xls", OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"), "паролем"),
        ("report.xls", HTML, "веб-страница"),
        ("zero.csv", b"a;b\n\x00;1\n", "не таблица"),
    ],
    ids=["empty", "picture", "old Excel", "password", "web page", "NUL"],
)
def test_what_is_no_table_is_refused_in_words(
    office: DeskOffice, chief: Visitor, name: str, content: bytes, words: str
) -> None:
    page = upload(chief, content, name, status=422)
    assert words in page.html.find(id="e-file").text
    assert not list((office.settings.data / "imports").glob("*"))


def test_a_form_without_a_file_says_so(chief: Visitor) -> None:
    form = form_to(chief.get("/imports"), "/imports")
    assert "Выберите файл" in chief.send(form, status=422).html.find(id="e-file").text


def test_citizens_data_is_refused_and_not_kept(office: DeskOffice, chief: Visitor) -> None:
    table = "Дата;Телефон;Тема;Количество\n31.12.2024;2-55-12;Дороги;1\n"
    page = upload(chief, table, kind="appeals", status=422)
    assert "данные граждан" in page.html.find(id="e-file").text
    assert not list((office.settings.data / "imports").glob("*"))


def test_totals_of_appeals_are_imported_and_shown(office: DeskOffice, chief: Visitor) -> None:
    table = "Месяц;Дороги;Вода;Всего\nдекабрь 2024;12;3;15\n01.2025;5;;5\n"
    press(chief, upload(chief, table, kind="appeals"), "import")
    with office.store.reading() as session:
        query = select(AppealTotal.topic, AppealTotal.value).order_by(AppealTotal.day, AppealTotal.topic)
        assert [tuple(row) for row in session.execute(query)] == [("Вода", 3), ("Дороги", 12), ("Дороги", 5)]
    page = chief.get("/imports/appeals?year=2024")
    assert "декабрь 2024" in text(page)
    assert chief.get("/imports/appeals.csv").text.count("\r\n") == 4


def test_an_export_of_appeals_comes_back(office: DeskOffice, chief: Visitor) -> None:
    table = "Дата;Источник;Тема;Количество\n31.12.2024;Телеграм;=Дороги;12\n"
    press(chief, upload(chief, table, kind="appeals"), "import")
    exported = chief.get("/imports/appeals.csv").body
    assert "'=Дороги" in exported.decode()
    page = upload(chief, exported, kind="appeals")
    assert "Всё из этого файла уже есть" in text(page)


def test_a_file_of_somebody_else_is_not_there(office: DeskOffice, chief: Visitor) -> None:
    address = upload(chief, GOOD).forms["import"].action
    other = office.visitor(Role.CHIEF, name="Другой")
    other.get(address, status=404)
    other.post(address, {"do": "import"}, status=404)
    assert counts(office) == []


def test_only_chiefs_and_administrators_import(office: DeskOffice, chief: Visitor) -> None:
    address = upload(chief, GOOD).forms["import"].action
    editor = office.visitor(Role.EDITOR, name="Редактор")
    assert "главный редактор" in text(editor.get("/imports"))
    editor.get(address, status=403)
    editor.post("/imports", {"kind": "counts"}, status=403)


def test_a_file_is_thrown_away_by_hand_and_after_a_day(office: DeskOffice, chief: Visitor) -> None:
    page = upload(chief, GOOD)
    chief.send(form_to(page, page.forms["import"].action + "/discard"))
    folder = office.settings.data / "imports"
    assert not list(folder.glob("*"))
    upload(chief, GOOD)
    office.pass_time(hours=25)
    chief = office.visitor(Role.CHIEF, name="Другой")
    upload(chief, GOOD)
    assert len(list(folder.glob("*.json"))) == 1


def test_a_person_keeps_few_files_at_once(office: DeskOffice, chief: Visitor) -> None:
    for _ in range(7):
        upload(chief, GOOD)
        office.pass_time(seconds=1)
    assert len(list((office.settings.data / "imports").glob("*.json"))) == 5


def test_what_was_imported_is_listed(chief: Visitor) -> None:
    press(chief, upload(chief, GOOD), "import")
    assert "old.csv" in text(chief.get("/imports"))


def test_nothing_in_a_file_becomes_markup(chief: Visitor) -> None:
    page = upload(chief, "Дата;<script>alert(1)</script>\n31.12.2024;7\n<b>x</b>;8\n", "<img>.csv")
    assert not page.html.main.select("script, img, b b")


def test_a_file_of_a_heading_alone_is_not_said_to_be_known(chief: Visitor) -> None:
    page = upload(chief, "Дата;Канал;Подписчики\n")
    assert "В файле нет значений" in text(page)


def test_a_column_without_heading_is_named_when_a_comma_parted_the_numbers(chief: Visitor) -> None:
    page = upload(chief, "Date,Channel,Count\n2024-12-31,Мэр,1,234\n2025-01-01,Мэр,1,240\n")
    assert "У столбца D нет заголовка" in text(page)


def test_an_empty_cell_is_not_quoted(chief: Visitor) -> None:
    page = upload(chief, GOOD + "02.01.2025;;6\n")
    assert "Канал не указан" in text(page)
    assert "«»" not in text(page)
