"""Uploads and stored files: taken in by their content, given out so that nothing in them can run."""

from pathlib import Path

from flask import Blueprint, Response, abort, jsonify, render_template, request, send_file
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.media import StoredFile, add_media, check_may_upload, take_file
from publisher.core.editions import MediaKind
from publisher.errors import RuleError
from publisher.store.media import MediaStore, find_media
from publisher.web.composer_form import TypedMedia
from publisher.web.composer_page import place_media
from publisher.web.context import actor, begin, language, now, reading, settings
from publisher.wording import translate_error

blueprint = Blueprint("media", __name__, url_prefix="/media")

# Whatever a file pretends to be, a browser shows it as an image or stores it: no script, no frame.
SANDBOX = "default-src 'none'; img-src 'self'; style-src 'none'; sandbox; frame-ancestors 'none'"
FOREVER = 365 * 24 * 3600


def media_store() -> MediaStore:
    """The media folder."""
    return MediaStore(settings().data / "media")


def take_upload(file: FileStorage) -> StoredFile:
    """Check and store an upload. Raises RuleError at "media" in the editor's words."""
    check_may_upload(actor())
    return take_file(media_store(), file.stream, file.filename or "", settings().media)


@blueprint.post("")
def upload() -> Response | tuple[Response, int]:
    """Take one file in; the answer holds its row for the composer."""
    file = request.files.get("file")
    if file is None:
        abort(400)
    try:
        stored = take_upload(file)
        with begin() as session:
            placed = place_media(session, TypedMedia(media_id=add_media(session, actor(), stored, now()).id))
            row = render_template("composer/_media_row.html", placed=placed)
    except RuleError as error:
        return jsonify(error=translate_error(error, language())), 422
    return jsonify(row=row, media_id=placed.media.id)


@blueprint.get("/<sha256>")
def file(sha256: str) -> BaseResponse:
    """The stored file: pictures are shown, documents are downloaded."""
    with reading() as session:
        media = find_media(session, sha256)
    if media is None:
        abort(404)
    is_picture = media.kind is MediaKind.PHOTO
    return _give(media_store().path(sha256), media.mime, None if is_picture else media.name)


@blueprint.get("/<sha256>/thumbnail")
def thumbnail(sha256: str) -> BaseResponse:
    """A small JPEG of a picture."""
    with reading() as session:
        media = find_media(session, sha256)
    if media is None or media.kind is not MediaKind.PHOTO:
        abort(404)
    return _give(media_store().thumbnail(sha256), "image/jpeg", None)


def _give(path: Path, mime: str, download_name: str | None) -> BaseResponse:
    if not path.is_file():
        abort(404)
    answer = send_file(
        path,
        mimetype=mime,
        as_attachment=download_name is not None,
        download_name=download_name,
        max_age=FOREVER,
        etag=path.name,
    )
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["X-Content-Type-Options"] = "nosniff"
    # Its name is the hash of its bytes: it never changes. Only for who is signed in, so in no shared cache.
    answer.headers["Cache-Control"] = f"private, max-age={FOREVER}, immutable"
    return answer
