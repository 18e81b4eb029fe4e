"""The desk as a WSGI application: one blueprint per screen, wired together here and nowhere else."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, url_for
from flask_babel import Babel
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from publisher.config import Settings
from publisher.secrets import Vault
from publisher.store.session import Store
from publisher.web import (
    accounts,
    archive,
    audience,
    auth,
    channels,
    composer,
    desks,
    digest,
    errors,
    formats,
    frame,
    growth,
    imports,
    item,
    item_metrics,
    items,
    journal,
    me,
    media,
    multiples,
    operations,
    people,
    queue,
    search,
    security_headers,
    sign_in,
    today,
    worked,
)
from publisher.web.context import Parts, language
from publisher.web.row_ids import RowId
from publisher.wording import TRANSLATIONS

ROOT = Path(__file__).resolve().parent
TEMPLATES = ROOT.parent.parent / "templates" / "web"
BUILT = ROOT / "static" / "built"
YEAR_SECONDS = 365 * 24 * 3600

# One blueprint per screen, in the order of the navigation.
SCREENS = (
    sign_in.blueprint,
    today.blueprint,
    items.blueprint,
    composer.blueprint,
    media.blueprint,
    item.blueprint,
    item_metrics.blueprint,
    operations.blueprint,
    queue.blueprint,
    search.blueprint,
    growth.blueprint,
    multiples.blueprint,
    audience.blueprint,
    worked.blueprint,
    digest.blueprint,
    imports.blueprint,
    channels.blueprint,
    people.blueprint,
    desks.blueprint,
    accounts.blueprint,
    journal.blueprint,
    archive.blueprint,
    me.blueprint,
)


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def create_app(
    settings: Settings, store: Store, vault: Vault, now: Callable[[], datetime] = utc_now
) -> Flask:
    """The desk over an opened store. `now` gives the present instant, aware and in UTC."""
    app = Flask("publisher.web", template_folder=str(TEMPLATES), static_folder=str(ROOT / "static"))
    app.extensions["publisher"] = Parts(settings=settings, store=store, vault=vault, clock=now)
    app.config.update(
        TRUSTED_HOSTS=trusted_hosts(settings),
        # A whole album at once, with the rest of the form.
        MAX_CONTENT_LENGTH=(settings.media.max_megabytes * 10 + 5) * 1024 * 1024,
        # A canonical body or an own text for a channel is far smaller.
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=YEAR_SECONDS,
        BABEL_TRANSLATION_DIRECTORIES=str(TRANSLATIONS),
        BABEL_DEFAULT_LOCALE=settings.office.language,
        BABEL_DEFAULT_TIMEZONE=settings.office.timezone,
    )
    app.url_map.converters["int"] = RowId
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Babel(app, locale_selector=language)
    security_headers.init_app(app)
    auth.init_app(app, secure=settings.public_url.startswith("https://"))
    errors.init_app(app)
    formats.init_app(app)
    frame.init_app(app)
    app.jinja_env.globals["asset"] = _asset_finder(read_manifest())
    for blueprint in SCREENS:
        app.register_blueprint(blueprint)
    if settings.web.proxy_headers:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]  # the documented way
    return app


def trusted_hosts(settings: Settings) -> list[str]:
    """Names the desk answers to: where it listens, the address people type, and those from the settings."""
    own = {settings.web.host, urlsplit(settings.public_url).hostname or ""}
    if own & {"127.0.0.1", "localhost", "::1", "0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        own |= {"127.0.0.1", "localhost", "[::1]"}
    return sorted((own | set(settings.web.trusted_hosts)) - {""})


def read_manifest() -> Mapping[str, str]:
    """Built file by name -> by content; empty before the front end is built."""
    try:
        found: dict[str, str] = json.loads((BUILT / "manifest.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _asset_finder(manifest: Mapping[str, str]) -> Callable[[str], str]:
    def asset(name: str) -> str:
        """The address of a built file; its name changes with its content, so it may be kept for ever."""
        return url_for("static", filename=f"built/{manifest.get(name, name)}")

    return asset
