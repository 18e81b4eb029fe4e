"""«Открытый архив»: what is published, as one file for everybody."""

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.archive import request_archive
from publisher.core.permissions import Act, require
from publisher.store.archive.read import (
    MAKE_ARCHIVE,
    archive_file,
    archive_realm,
    find_facts,
    metadata_file,
)
from publisher.web.asked import read_asked
from publisher.web.context import actor, begin, language, now, reading, settings
from publisher.web.live import fragment
from publisher.wording import translate_reason

blueprint = Blueprint("archive", __name__, url_prefix="/archive")


@blueprint.before_request
def only_administrators() -> None:
    """Nobody else sees these pages; the action asks again."""
    require(actor(), Act.ADMINISTER)


@blueprint.get("")
def index() -> str:
    """What the archive is, how it stands, live, and how it is published."""
    with reading() as session:
        return render_template("archive/index.html", **_state(session))


@blueprint.get("/live")
def live() -> Response:
    """The state once more, for a page that is open."""
    with reading() as session:
        state = _state(session)
        return fragment(render_template("archive/_state.html", **state), state["asked"].pace)


@blueprint.post("/update")
def update() -> BaseResponse:
    """Let a worker bring the archive up to date now."""
    with begin() as session:
        request_archive(session, actor(), archive_realm(session), now())
    return redirect(url_for(".index"), 303)


@blueprint.get("/newsroom.db")
def download() -> BaseResponse:
    """The archive; a broken download goes on where it stopped."""
    return _give(_file(), "application/vnd.sqlite3")


@blueprint.get("/newsroom.metadata.json")
def metadata() -> BaseResponse:
    """What Datasette is told about the archive."""
    return _give(metadata_file(_file()), "application/json")


def _file() -> Path:
    with reading() as session:
        return archive_file(settings().data, archive_realm(session))


def _give(file: Path, mime: str) -> BaseResponse:
    try:
        answer = send_file(file, mimetype=mime, as_attachment=True, conditional=True, max_age=0)
    except FileNotFoundError:
        abort(404)
    # It is renewed under the same address.
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _state(session: Session) -> dict[str, Any]:
    realm = archive_realm(session)
    file = archive_file(settings().data, realm)
    asked = read_asked(session, MAKE_ARCHIVE, realm)
    result = asked.request.result if asked.request and not asked.is_open else None
    return {
        "realm": realm,
        "file": file,
        "facts": find_facts(file),
        "has_metadata": metadata_file(file).exists(),
        "asked": asked,
        "result": result,
        "trouble": translate_reason(result, language()) if result and not result["ok"] else "",
        "time": settings().routine.archive_time,
    }
