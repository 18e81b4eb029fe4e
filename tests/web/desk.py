"""The desk as people use it, without a browser: pages that are read, forms that are filled in and sent."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from webtest import TestApp, TestResponse
from werkzeug.serving import make_server

from publisher.actions.people import make_sign_in_link
from publisher.config import Settings
from publisher.core.platforms import Realm
from publisher.core.states import Role
from publisher.secrets import Vault, key_file
from publisher.store.media import MediaStore
from publisher.store.models import Channel, Desk, Item, User, Version
from publisher.store.session import Store, open_store
from publisher.web.app import create_app
from tests.builders import NOW, add_account, add_channel, add_desk, add_item, add_user


class Visitor:
    """One person's browser. Forms carry the real marks against forged requests."""

    def __init__(self, app: Any, user: User | None = None, token: str = "") -> None:
        self.user = user
        self.browser = TestApp(app, extra_environ={"HTTP_HOST": "127.0.0.1:8080", "REMOTE_ADDR": "127.0.0.1"})
        # What a browser says of a link or a form on one of our own pages.
        self.headers = {
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Mode": "navigate",
            "Accept-Language": "ru",
        }
        if token:
            self.send(form_to(self.get(f"/sign-in/link/{token}"), f"/sign-in/link/{token}"))

    def get(self, path: str, **options: Any) -> TestResponse:
        """The page at this path; statuses from 400 fail unless `status` expects them."""
        return self.browser.get(path, headers={**self.headers, **options.pop("headers", {})}, **options)

    def post(self, path: str, fields: Any = "", **options: Any) -> TestResponse:
        """A bare POST with this browser's mark, for presses that no form of a page makes."""
        mark = self.browser.get("/session", headers=self.headers).json["csrf"]
        headers = {**self.headers, "X-CSRFToken": mark, **options.pop("headers", {})}
        return self.browser.post(path, fields, headers=headers, **options)

    def send(
        self, form: Any, button: str | None = None, value: str | None = None, **options: Any
    ) -> TestResponse:
        """Press a button of the form and follow where it leads."""
        answer = form.submit(button, value=value, headers=self.headers, **options)
        return answer.follow(headers=self.headers) if 300 <= answer.status_int < 400 else answer


def form_to(page: TestResponse, action: str) -> Any:
    """The form of the page that posts to this path. Raises LookupError when it has none."""
    for form in page.forms.values():
        if form.action == action:
            return form
    raise LookupError(f"no form to {action}; there are {[form.action for form in page.forms.values()]}")


class DeskOffice:
    """An office with one account; `now` is its clock, to be set by tests."""

    def __init__(self, folder: Path) -> None:
        self.now: datetime = NOW
        self.settings = Settings(data=folder)
        self.store: Store = open_store(self.settings.database_url, NOW)
        self.media = MediaStore(folder / "media")
        self.vault = Vault(key_file(folder))
        self.app = create_app(self.settings, self.store, self.vault, now=lambda: self.now)
        with self.store.begin() as session:
            self.desk: Desk = add_desk(session, "press", "Пресс-служба")
            self.account = add_account(session, "Бот администрации", Realm.SANDBOX)

    def add_channel(self, handle: str = "", desk: Desk | None = None, **values: object) -> Channel:
        """A channel in order, of the press office unless said otherwise."""
        with self.store.begin() as session:
            return add_channel(session, self.account, desk or self.desk, handle, **values)

    def add_desk(self, slug: str, title: str) -> Desk:
        """Another desk."""
        with self.store.begin() as session:
            return add_desk(session, slug, title)

    def add_item(
        self, *channels: Channel, title: str = "Новость", body: str = "<p>Текст</p>"
    ) -> tuple[Item, Version]:
        """A draft of the press office."""
        with self.store.begin() as session:
            attached = [session.get_one(Channel, channel.id) for channel in channels]
            return add_item(session, self.desk, *attached, title=title, body=body)

    def visitor(self, role: Role | None = Role.EDITOR, *desks: Desk, name: str = "Дежурный") -> Visitor:
        """Somebody with this role on these desks (the press office), signed in; nobody at all for None."""
        if role is None:
            return Visitor(self.app)
        with self.store.begin() as session:
            chosen = [session.get_one(Desk, desk.id) for desk in desks or (self.desk,)]
            user = add_user(session, role, *chosen, name=name)
            token = make_sign_in_link(session, user, self.now)
        return Visitor(self.app, user, token)

    def pass_time(self, **duration: float) -> None:
        """Let the office's clock go on."""
        self.now += timedelta(**duration)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[DeskOffice]:
    """An office with an empty database in the test's own folder."""
    office = DeskOffice(tmp_path)
    yield office
    office.store.close()


@pytest.fixture
def address(office: DeskOffice) -> Iterator[str]:
    """The office's desk on a port of this machine."""
    server = make_server("127.0.0.1", 0, office.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
