"""«Загрузка»: counts of subscribers and totals of appeals from spreadsheets of old."""

from typing import IO

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.imports import FileMark, import_entries, prepare_import, require_import
from publisher.core.entries import letter
from publisher.core.filetypes import clean_name
from publisher.core.guessing import Kind, Names, Role, guess_layout
from publisher.core.messages import N_
from publisher.core.spreadsheets import Cell, to_csv
from publisher.errors import RuleError
from publisher.store.appeals import iterate_totals, list_months, list_years
from publisher.store.audit import ActFilter, list_acts
from publisher.store.imports import Summary, list_named_channels
from publisher.store.sheets import open_table
from publisher.store.waiting import Choices, WaitingFile, WaitingRoom
from publisher.web.context import actor, begin, language, now, person, reading, settings, zone
from publisher.web.errors import errors_of
from publisher.web.formats import number
from publisher.web.import_preview import (
    FAULTS_SHOWN,
    day_text,
    make_preview,
    month_text,
    period_of,
    read_choices,
    role_options,
    stage_file,
    when_text,
)
from publisher.wording import translate_error

blueprint = Blueprint("imports", __name__, url_prefix="/imports")

Page = str | BaseResponse | tuple[str, int]
LAST_IMPORTS = 10


@blueprint.get("")
def index() -> str:
    """The form that takes a file, and what was imported before."""
    return _index({})


@blueprint.post("")
def upload() -> Page:
    """Take a file in and show what it holds."""
    require_import(actor())
    try:
        kind = _kind()
        stream, name = _uploaded()
        waiting = _room().keep(stream, name, kind, person().id, now())
        _check(waiting)
    except RuleError as error:
        return _index(errors_of(error)), 422
    return redirect(url_for(".show", token=waiting.token), 303)


@blueprint.get("/<token>")
def show(token: str) -> Page:
    """The preview."""
    require_import(actor())
    waiting = _room().get(token, person().id)
    return _preview(waiting, {})


@blueprint.post("/<token>")
def press(token: str) -> Page:
    """Look again with what was chosen and mended, or import it."""
    require_import(actor())
    waiting = _room().get(token, person().id)
    waiting = _room().choose(waiting, read_choices(waiting))
    if request.form.get("do") == "import":
        return _import(waiting)
    return redirect(url_for(".show", token=token, _anchor="check"), 303)


@blueprint.post("/<token>/file")
def choose_again(token: str) -> Page:
    """Another file, mended outside, for which the same columns hold."""
    require_import(actor())
    waiting = _room().get(token, person().id)
    try:
        stream, name = _uploaded()
        _check(_room().replace(waiting, stream, name, now()))
    except RuleError as error:
        flash(errors_of(error)[error.field], "error")
        return redirect(url_for(".index"), 303)
    return redirect(url_for(".show", token=token), 303)


@blueprint.post("/<token>/discard")
def discard(token: str) -> BaseResponse:
    """Throw the file away."""
    require_import(actor())
    waiting = _room().get(token, person().id)
    _room().discard(waiting.token)
    flash(gettext("Nothing was imported. The file is thrown away."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.get("/<token>/errors.csv")
def errors(token: str) -> Response:
    """All that is to be mended, as a file."""
    require_import(actor())
    waiting = _room().get(token, person().id)
    _, layout, _, stage = stage_file(waiting)
    stage.close()
    heading = [gettext("Line"), gettext("Column"), gettext("Heading"), gettext("Found"), gettext("Needed")]
    rows: list[list[Cell]] = [
        [
            fault.line, letter(fault.column), layout.titles[fault.column], fault.found,
            translate_error(fault.error, language()),
        ]
        for fault in stage.faults
    ]  # fmt: skip
    return _file("errors", to_csv([heading, *rows], language()))


@blueprint.get("/appeals")
def appeals() -> str:
    """Totals of appeals of a year, by month, source and topic."""
    with reading() as session:
        years = list_years(session)
        asked = request.args.get("year", type=int)
        year = asked if asked in years else next(iter(years), None)
        return render_template(
            "imports/appeals.html", years=years, year=year,
            months=list_months(session, year) if year else [], month=month_text,
        )  # fmt: skip


@blueprint.get("/appeals.csv")
def export_appeals() -> Response:
    """All totals by day, as a file that can be imported again."""
    heading = [gettext("Day"), gettext("Source"), gettext("Topic"), gettext("Number of appeals")]
    with reading() as session:
        rows = [(t.day.isoformat(), t.source, t.topic, t.value) for t in iterate_totals(session)]
    return _file("appeals", to_csv([heading, *rows], language()))


def _index(errors: dict[str, str]) -> str:
    with reading() as session:
        return render_template(
            "imports/index.html",
            errors=errors,
            kind=request.form.get("kind", Kind.COUNTS.value),
            acts=list_acts(session, ActFilter(prefixes=("import.",)), limit=LAST_IMPORTS),
        )


def _preview(waiting: WaitingFile, errors: dict[str, str]) -> Page:
    try:
        preview = make_preview(waiting)
    except RuleError as error:
        flash(errors_of(error)[error.field], "error")
        if waiting.choices != Choices():
            # It may be what was chosen, such as a sheet with nothing on it.
            _room().choose(waiting, Choices())
            return redirect(url_for(".show", token=waiting.token), 303)
        # Damaged in the middle, or with citizens' data: nothing of it stays here.
        _room().discard(waiting.token)
        return redirect(url_for(".index"), 303)
    with reading():
        page = render_template(
            "imports/preview.html", preview=preview, errors=errors, most=FAULTS_SHOWN,
            roles=role_options(waiting.kind), values_of=Role.VALUES_OF.value, unknown=Role.UNKNOWN.value,
            when=when_text, day=day_text, period_of=period_of,
            explain=lambda error: translate_error(error, language()),
        )  # fmt: skip
    return (page, 422) if errors else page


def _import(waiting: WaitingFile) -> Page:
    _, _, _, stage = stage_file(waiting)
    try:
        mark = FileMark(name=waiting.name, sha256=waiting.sha256)
        with reading() as session:
            changes = prepare_import(session, actor(), stage)
        with begin() as session:
            summary = import_entries(session, actor(), stage, changes, mark, now(), zone())
    except RuleError as error:
        return _preview(waiting, errors_of(error))
    finally:
        stage.close()
    flash(_done(summary), "success")
    return redirect(url_for(".show", token=waiting.token), 303)


def _done(summary: Summary) -> str:
    if not summary.changes:
        return str(gettext("Nothing was changed: all of it is there already."))
    new, changed = number(summary.new), number(summary.changed)
    return str(gettext("Imported. New: %(new)s, changed: %(changed)s.", new=new, changed=changed))


def _check(waiting: WaitingFile) -> None:
    """Raise RuleError, the file thrown away, for one that is no table or holds citizens' data."""
    try:
        if waiting.kind is Kind.APPEALS:
            stage_file(waiting)[3].close()
            return
        with reading() as session:
            guess_layout(waiting.kind, open_table(waiting.path).sample(), _names(session))
    except RuleError:
        _room().discard(waiting.token)
        raise


def _names(session: Session) -> Names:
    return Names(list_named_channels(session))


def _room() -> WaitingRoom:
    return WaitingRoom(settings().data / "imports")


def _kind() -> Kind:
    kind = request.form.get("kind")
    if kind not in set(Kind):
        raise RuleError("kind", N_("Choose what the file holds."))
    return Kind(kind)


def _uploaded() -> tuple[IO[bytes], str]:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise RuleError("file", N_("Choose a file."))
    return file.stream, clean_name(file.filename)


def _file(name: str, content: bytes) -> Response:
    response = Response(content, mimetype="text/csv")
    day = now().astimezone(zone()).date().isoformat()
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{day}.csv"'
    return response
