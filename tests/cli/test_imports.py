"""`publisher counts import` and `publisher appeals import`."""

import csv
import io
import json
import subprocess

import pytest
import xlsxwriter

from bootstrap import BIN
from publisher.core.permissions import COMMAND_LINE
from publisher.store.appeals import iterate_totals
from publisher.store.audit import ActFilter, list_acts
from tests.cli.terminal import Terminal

LONG = "Дата;Канал;Подписчики\n31.12.2024;Новости Краснодара;12 345\n01.01.2025 09:30;@krd_mayor;1 345,0\n"
APPEALS = "Дата;Источник;Тема;Количество\n31.12.2024;Телеграм;Дороги;12\n31.12.2024;МАКС;Дороги;3\n"


@pytest.fixture
def office(terminal: Terminal) -> Terminal:
    """A terminal on two channels."""
    terminal.add_account()
    for handle, title in (("krd_news", "Новости Краснодара"), ("krd_mayor", "Мэр")):
        terminal.done("channel", "add", "telegram", "--account", "bot", "--handle", handle, "--title", title)
    return terminal


def counts(office: Terminal) -> list[tuple[str, str, str]]:
    """Every count: channel, moment, value."""
    rows = csv.DictReader(io.StringIO(office.done("counts", "export")))
    return [(row["channel"].removeprefix("telegram:@"), row["taken_at"], row["value"]) for row in rows]


def test_counts_stand_when_an_old_spreadsheet_is_imported(office: Terminal) -> None:
    office.done("counts", "import", office.write("old.csv", LONG.encode("cp1251")))
    assert counts(office) == [
        ("krd_news", "2024-12-31T09:00:00+00:00", "12345"),
        ("krd_mayor", "2025-01-01T06:30:00+00:00", "1345"),
    ]


def test_nothing_is_written_when_it_is_a_dry_run(office: Terminal) -> None:
    said = office.done("counts", "import", office.write("old.csv", LONG), "--dry-run")
    assert "Would be new: 2." in said
    assert counts(office) == []


def test_the_same_file_twice_changes_nothing_and_says_so(office: Terminal) -> None:
    file = office.write("old.csv", LONG)
    office.done("counts", "import", file)
    before = counts(office)
    said = office.done("counts", "import", file)
    assert "Nothing was changed" in said
    assert counts(office) == before


def test_every_fault_is_said_with_its_line_and_nothing_is_written(office: Terminal) -> None:
    text = LONG + "32.12.2024;Мэр;5\n02.01.2025;Мер;5\n03.01.2025;Мэр;пять\n"
    answer = office.run("counts", "import", office.write("old.csv", text))
    assert answer.code == 1
    lines = answer.err.splitlines()
    assert lines[0] == "old.csv:4: A “Дата”: “32.12.2024”. There is no such day in the calendar."
    assert lines[1] == "old.csv:5: B “Канал”: “Мер”. No channel is called so. Nearest: Мэр."
    assert lines[2] == "old.csv:6: C “Подписчики”: “пять”. A whole number is needed, such as 12 345."
    assert lines[3].endswith("3 cells are to be mended first.")
    assert counts(office) == []


def test_a_dry_run_with_faults_fails_too(office: Terminal) -> None:
    assert office.run("counts", "import", office.write("a.csv", LONG + "x;y;z\n"), "--dry-run").code == 1


def test_map_says_whose_a_column_is(office: Terminal) -> None:
    file = office.write("wide.csv", "Дата,Новости,Мер,Итого\n31.12.2024,10,5,15\n")
    office.done(
        "counts", "import", file, "--map", "Новости=telegram:@krd_news", "--map", "Мер=telegram:krd_mayor"
    )
    assert [row[::2] for row in counts(office)] == [("krd_news", "10"), ("krd_mayor", "5")]


def test_map_leads_a_name_to_a_channel_or_leaves_it_out(office: Terminal) -> None:
    text = "Дата;Канал;Подписчики\n31.12.2024;Глава города;12\n31.12.2024;Чужой;13\n"
    file = office.write("old.csv", text)
    office.done("counts", "import", file, "--map", "Глава города=telegram:krd_mayor", "--map", "Чужой=-")
    assert [row[::2] for row in counts(office)] == [("krd_mayor", "12")]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_our_own_export_comes_back_exactly(office: Terminal, form: str) -> None:
    office.done("counts", "import", office.write("old.csv", LONG))
    exported = office.done("counts", "export", "--format", form)
    file = office.write(f"export.{form}", exported.replace("12345", "54321").replace("1345", "5431"))
    office.done("counts", "import", file)
    changed = office.done("counts", "export", "--format", form)
    office.done("counts", "import", office.write(f"again.{form}", exported))
    assert office.done("counts", "export", "--format", form) == exported != changed


def test_our_own_workbook_comes_back_exactly(office: Terminal) -> None:
    office.done("counts", "import", office.write("old.csv", LONG))
    options = ("--config", str(office.config), "--data", str(office.data))
    exported = subprocess.run(  # noqa: S603 - our own program
        [BIN / "publisher", "counts", "export", "--format", "xlsx", *options], check=True, capture_output=True
    )
    said = office.done("counts", "import", office.write("export.xlsx", exported.stdout), "--dry-run")
    assert ("Would be new: 0." in said, "Known already: 2." in said) == (True, True)


def test_a_workbook_is_read_from_the_sheet_that_is_named(office: Terminal) -> None:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        workbook.add_worksheet("Обложка").write(0, 0, "Отчёт")
        sheet = workbook.add_worksheet("Подписчики")
        sheet.write_row(0, 0, ["Дата", "Новости Краснодара"])
        sheet.write_row(1, 0, [45657, 12345])
    file = office.write("book.xlsx", book.getvalue())
    office.done("counts", "import", file, "--sheet", "Подписчики")
    assert counts(office) == [("krd_news", "2024-12-31T09:00:00+00:00", "12345")]
    assert office.refused("counts", "import", file, "--sheet", "Иное") == "There is no sheet “Иное”."


def test_appeal_totals_are_imported(office: Terminal) -> None:
    office.done("appeals", "import", office.write("appeals.csv", APPEALS))
    with office.open_store() as store, store.reading() as session:
        totals = [(t.source, t.topic, t.value) for t in iterate_totals(session)]
    assert totals == [("МАКС", "Дороги", 3), ("Телеграм", "Дороги", 12)]


def test_citizens_data_is_refused(office: Terminal) -> None:
    text = "Дата;ФИО;Тема;Количество\n31.12.2024;кто-то;Дороги;1\n"
    assert "looks like data of citizens" in office.refused("appeals", "import", office.write("a.csv", text))


def test_a_telephone_number_in_a_topic_is_refused(office: Terminal) -> None:
    text = APPEALS + "01.01.2025;Телефон;Перезвонить +7 900 123-45-67;1\n"
    said = office.refused("appeals", "import", office.write("a.csv", text))
    assert "Line 4 seems to hold a telephone number" in said


def test_the_journal_knows_the_file(office: Terminal) -> None:
    office.done("counts", "import", office.write("old.csv", LONG))
    office.done("counts", "import", office.write("old.csv", LONG))

    with office.open_store() as store, store.reading() as session:
        acts = list_acts(session, ActFilter(prefixes=("import.",)), limit=9)
    assert [(act.actor, act.detail["name"], act.detail["new"]) for act in acts] == [
        (COMMAND_LINE.name, "old.csv", 2)
    ]


def test_json_of_one_object_a_line_is_read(office: Terminal) -> None:
    row = {"taken_at": "2024-12-31T09:00:00+00:00", "channel": "krd_news", "value": 7}
    office.done("counts", "import", office.write("a.jsonl", json.dumps(row) + "\n" + json.dumps(row)))
    assert counts(office) == [("krd_news", "2024-12-31T09:00:00+00:00", "7")]
