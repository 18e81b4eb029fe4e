"""The journal: readable lines, narrowed by its address, page by page."""

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import publisher
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import Role
from publisher.store.audit import record_act
from publisher.web.journal import GROUPS, PAGE, SENTENCES
from tests.builders import NOW, actor_for
from tests.web.desk import DeskOffice


def lines(page: Any) -> list[tuple[str, str]]:
    """(who, what) of every line."""
    rows = page.html.find_all("tbody")
    return [
        (row.find_all("td")[1].get_text(" ", strip=True), " ".join(row.find_all("td")[2].get_text().split()))
        for body in rows
        for row in body.find_all("tr")
    ]


def note(office: DeskOffice, action: str, subject: str = "queue", **detail: Any) -> None:
    """Write an event of the command line."""
    with office.store.begin() as session:
        record_act(session, COMMAND_LINE, action, subject, office.now, **detail)


def actions_in_code() -> set[str]:
    """Every action that the code writes into the audit: string constants of the form `word.word`."""
    root = Path(publisher.__file__).parent
    found = set()
    for file in [*root.glob("actions/*.py"), *root.glob("demo/*.py"), *root.glob("web/*.py")]:
        source = file.read_text("utf-8")
        if "record_act" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                kind, dot, act = node.value.partition(".")
                if dot and kind.isidentifier() and act.isidentifier():
                    found.add(node.value)
    return found


def test_every_act_has_words_and_a_group() -> None:
    assert actions_in_code() - set(SENTENCES) == set()
    prefixes = tuple(prefix for _, group in GROUPS.values() for prefix in group)
    assert [action for action in SENTENCES if not action.startswith(prefixes)] == []


def test_a_line_names_the_item_and_leads_to_it(office: DeskOffice) -> None:
    item, _ = office.add_item(title="Ремонт моста")
    chief = office.visitor(Role.CHIEF, name="Главный редактор").user
    assert chief is not None
    with office.store.begin() as session:
        record_act(session, actor_for(chief), "item.kill", f"item:{item.id}", NOW, reason="Ошибка в дате")
    page = office.visitor(Role.ADMIN).get("/journal")
    assert lines(page)[0] == (
        "Главный редактор", "Отозвана новость «Ремонт моста». Причина: «Ошибка в дате»"
    )  # fmt: skip
    assert page.html.tbody.find("a", href=f"/items/{item.id}")


def test_what_a_person_typed_cannot_become_markup(office: DeskOffice) -> None:
    item, _ = office.add_item(title="<b>Новость</b> {reason}")
    note(office, "item.kill", f"item:{item.id}", reason="<script>alert(1)</script>")
    page = office.visitor(Role.ADMIN).get("/journal")
    assert not page.html.tbody.find(["b", "script"])
    assert "{reason}" in lines(page)[0][1]


def test_values_are_shown_as_people_say_them(office: DeskOffice) -> None:
    item, _ = office.add_item(title="Мост")
    due = (NOW + timedelta(hours=3)).isoformat()
    note(office, "item.schedule", f"item:{item.id}", version=1, due=due, operations=[1, 2, 3])
    assert lines(office.visitor(Role.ADMIN).get("/journal"))[0] == (
        "Командная строка", "Запланирована на сегодня, 12:00 новость «Мост», каналов: 3"
    )  # fmt: skip


def test_a_subject_that_is_gone_keeps_its_number(office: DeskOffice) -> None:
    note(office, "item.save", "item:77", version=2)
    assert "№ 77 (уже удалено)" in lines(office.visitor(Role.ADMIN).get("/journal"))[0][1]


def test_an_unknown_act_is_shown_by_its_name(office: DeskOffice) -> None:
    note(office, "moon.landed", "moon:1")
    assert lines(office.visitor(Role.ADMIN).get("/journal"))[0][1].startswith("moon.landed")


def test_the_journal_is_narrowed_by_person_group_subject_and_day(office: DeskOffice) -> None:
    item, _ = office.add_item(title="Мост")
    chief = office.visitor(Role.CHIEF, name="Главный редактор").user
    assert chief is not None
    note(office, "queue.pause")
    office.pass_time(days=1)
    with office.store.begin() as session:
        record_act(session, actor_for(chief), "item.spike", f"item:{item.id}", office.now)
    visitor = office.visitor(Role.ADMIN)
    spiked, paused = (
        ("Главный редактор", "Отложена новость «Мост»"),
        ("Командная строка", "Вся отправка остановлена"),
    )
    assert lines(visitor.get("/journal")) == [spiked, paused]
    assert lines(visitor.get(f"/journal?person={chief.id}")) == [spiked]
    assert lines(visitor.get("/journal?person=command")) == [paused]
    assert lines(visitor.get("/journal?group=items")) == [spiked]
    assert lines(visitor.get("/journal?group=sending")) == [paused]
    assert lines(visitor.get(f"/journal?subject=item:{item.id}")) == [spiked]
    assert lines(visitor.get("/journal?day=2026-12-01")) == [paused]
    assert lines(visitor.get("/journal?day=2026-12-02")) == [spiked]


def test_a_made_up_address_does_no_harm(office: DeskOffice) -> None:
    note(office, "queue.pause")
    visitor = office.visitor(Role.ADMIN)
    address = "/journal?person=999999999999999999999&group=moon&subject=x:y&before=99999999999999999999"
    visitor.get(address)
    for day in ("soon", "0001-01-01", "9999-12-31"):
        page = visitor.get(f"/journal?day={day}")
        assert page.html.find(id="e-day")
        assert page.html.find(id="f-day")["value"] == day


def test_older_lines_are_a_page_away(office: DeskOffice) -> None:
    for number in range(PAGE + 3):
        note(office, "media.add", f"media:{number}", name=f"файл {number}")
    visitor = office.visitor(Role.ADMIN)
    first = visitor.get("/journal")
    assert len(lines(first)) == PAGE
    second = visitor.get(first.html.find("a", rel="next")["href"])
    assert [what for _, what in lines(second)] == [f"Загружен файл «файл {number}»" for number in (2, 1, 0)]
    assert not second.html.find("a", rel="next")
    assert second.html.find("a", href="/journal")


def test_only_administrators_read_the_journal(office: DeskOffice) -> None:
    for role in (Role.AUTHOR, Role.EDITOR, Role.CHIEF):
        office.visitor(role).get("/journal", status=403)
