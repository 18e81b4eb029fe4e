"""The desk as a whole: nobody gets in unasked, no page runs what we did not write, no form can be forged."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from webtest import TestApp, TestResponse
from werkzeug.routing import AnyConverter, Rule

from publisher.actions.people import make_sign_in_link
from publisher.config import Settings, Web
from publisher.core.body import to_html
from publisher.core.editions import MediaKind
from publisher.core.light import from_light
from publisher.core.states import OperationState, Role
from publisher.store.models import (
    Account,
    Attempt,
    Channel,
    Item,
    Media,
    SignInLink,
    User,
    Version,
    VersionMedia,
)
from publisher.web.app import create_app
from publisher.web.auth import safe_path
from publisher.web.rate_limit import PER_PERSON
from tests.builders import NOW, add_operation, add_post
from tests.web.desk import DeskOffice, Visitor, form_to

PASSWORD = "редакция работает с восьми"  # noqa: S105 - made up here
PUBLIC = {
    "static", "security.login", "security.logout", "sign_in.link", "sign_in.use_link",
    "sign_in.session_state", "sign_in.appearance",
}  # fmt: skip
# It saves what somebody types even after their session has ended, by the signed mark of the writer.
BY_WRITERS_MARK = {"composer.autosave"}
# What stands in the addresses of the office of `furnished`.
VALUES: dict[str, Any] = {"token": "x" * 43, "uid": "0" * 64, "sha256": "0" * 64, "filename": "icon.svg"}


def rules(app: Flask, method: str) -> Iterator[Rule]:
    """Every route that answers to the method, in a steady order."""
    found = (rule for rule in app.url_map.iter_rules() if method in (rule.methods or ()))
    return iter(sorted(found, key=lambda rule: rule.rule))


def path_of(app: Flask, rule: Rule) -> str:
    """An address of the route."""
    values = {name: _value(rule, name) for name in rule.arguments}
    address = app.url_map.bind("127.0.0.1").build(rule.endpoint, values, force_external=False)
    return str(address)


def _value(rule: Rule, name: str) -> Any:
    converter = rule._converters[name]
    return min(converter.items) if isinstance(converter, AnyConverter) else VALUES.get(name, 1)


def furnish(office: DeskOffice) -> None:
    """One of everything, so that every page has something to show."""
    channel = office.add_channel("krd_news", title="Новости города")
    _, version = office.add_item(channel, title="Мост")
    with office.store.begin() as session:
        stored = session.get_one(Version, version.id)
        at = session.get_one(Channel, channel.id)
        add_post(session, add_operation(session, stored, at, state=OperationState.SENT))


def test_every_page_and_every_act_is_behind_the_sign_in(office: DeskOffice) -> None:
    stranger = office.visitor(None)
    open_to_all = set()
    for rule in rules(office.app, "GET"):
        answer = stranger.get(path_of(office.app, rule), expect_errors=True)
        if answer.status_int != 302 or "/sign-in?next=" not in answer.location:
            open_to_all.add(rule.endpoint)
    for rule in rules(office.app, "POST"):
        answer = stranger.post(path_of(office.app, rule), expect_errors=True)
        if answer.status_int != 401:
            open_to_all.add(rule.endpoint)
    assert open_to_all == PUBLIC | BY_WRITERS_MARK


def test_no_act_is_carried_out_without_the_mark_of_our_own_page(office: DeskOffice) -> None:
    furnish(office)
    visitor = office.visitor(Role.ADMIN)
    for rule in rules(office.app, "POST"):
        headers = {"Sec-Fetch-Site": "cross-site"}
        answer = visitor.browser.post(path_of(office.app, rule), "", headers=headers, expect_errors=True)
        refused = 403 if rule.endpoint in BY_WRITERS_MARK else 400
        assert (rule.endpoint, answer.status_int) == (rule.endpoint, refused)


def test_a_mark_of_another_browser_is_worth_nothing(office: DeskOffice) -> None:
    victim, attacker = office.visitor(Role.ADMIN), office.visitor(Role.AUTHOR)
    mark = attacker.get("/session").json["csrf"]
    headers = {"X-CSRFToken": mark, "Sec-Fetch-Site": "cross-site"}
    victim.browser.post("/queue/pause", "", headers=headers, status=400)


def pages(office: DeskOffice, visitor: Visitor) -> Iterator[tuple[str, TestResponse]]:
    """Every page that the visitor can open, by address."""
    seen = 0
    for rule in rules(office.app, "GET"):
        if rule.endpoint == "static":
            continue
        path = path_of(office.app, rule)
        answer = visitor.get(path, expect_errors=True)
        assert answer.status_int < 500, path
        if answer.content_type == "text/html":
            seen += 1
            yield path, answer
    assert seen > 20


def test_every_page_forbids_what_we_did_not_write(office: DeskOffice) -> None:
    furnish(office)
    seen = 0
    for path, page in [
        *pages(office, office.visitor(Role.ADMIN)),
        *pages(office, office.visitor(None)),
    ]:
        policy = page.headers["Content-Security-Policy"]
        nonce = re.search(r"script-src 'nonce-([\w-]{16,})'", policy)
        assert nonce, path
        assert "'unsafe" not in policy
        for directive in (
            "default-src 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ):
            assert directive in policy, path
        assert [script.get("nonce") for script in page.html.find_all("script")] in ([], [nonce[1]]), path
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["X-Frame-Options"] == "DENY"
        seen += page.status_int == 200
    assert seen > 20


def test_nothing_that_was_typed_or_answered_becomes_markup(office: DeskOffice) -> None:
    sly = "\"'><evil>{{ 7 }}</evil>"
    answer = {"code": sly, "message": sly, "params": {}, "detail": sly}
    channel = office.add_channel("krd_news", office.add_desk("sly", sly), title=sly, reason=answer)
    item, version = office.add_item(channel, title=sly, body=to_html(from_light(sly)))
    with office.store.begin() as session:
        session.get_one(Account, channel.account_id).name = sly
        session.get_one(Item, item.id).kill_reason = sly
        stored, at = session.get_one(Version, version.id), session.get_one(Channel, channel.id)
        stored.source, stored.tags = sly, [sly]
        file = Media(
            sha256="a" * 64, kind=MediaKind.PHOTO, mime="image/png", name=sly, size=1, created_at=NOW
        )
        stored.media = [VersionMedia(position=0, media=file, alt=sly, credit=sly)]
        failed = add_operation(session, stored, at, state=OperationState.FAILED, error=answer, text=sly)
        session.add(
            Attempt(
                operation_id=failed.id, number=1, worker="w", started_at=NOW, finished_at=NOW,
                outcome="failed", code=sly, detail=sly,
            )
        )  # fmt: skip
        add_post(session, failed, permalink="javascript:evil()")
    visitor = office.visitor(Role.ADMIN, name=sly)
    seen = 0
    for path, page in pages(office, visitor):
        assert not page.html.find("evil"), path
        assert not page.html.find(href=re.compile("^javascript")), path
        seen += "&lt;evil&gt;" in page
    assert seen > 10


def test_no_page_has_scripts_or_styles_within(office: DeskOffice) -> None:
    furnish(office)
    for path, page in pages(office, office.visitor(Role.ADMIN)):
        assert not page.html.find_all("style"), path
        assert not [script for script in page.html.find_all("script") if script.string], path
        for element in page.html.find_all(True):
            wrong = [name for name in element.attrs if name == "style" or name.startswith(("on", "hx-on"))]
            assert not wrong, (path, element.name, wrong)
            assert not str(element.get("href", "")).startswith(("javascript:", "data:")), path


def test_each_answer_has_a_nonce_of_its_own(office: DeskOffice) -> None:
    visitor = office.visitor(None)
    policies = {visitor.get("/sign-in").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8080"])
def test_a_wrong_host_is_refused(office: DeskOffice, host: str) -> None:
    office.visitor(None).browser.get("/sign-in", headers={"Host": host}, status=400)


def session_cookie(app: Flask, **extra: str) -> str:
    """The Set-Cookie header of a first visit."""
    browser = TestApp(app, extra_environ={"HTTP_HOST": "127.0.0.1:8080", **extra})
    return str(browser.get("/session").headers["Set-Cookie"])


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(office: DeskOffice) -> None:
    cookie = session_cookie(office.app)
    assert cookie.startswith("desk=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain=" not in cookie


def test_the_session_cookie_needs_https_where_people_reach_the_desk_by_it(office: DeskOffice) -> None:
    settings = Settings(data=office.settings.data, web=Web(public_url="https://desk.example.org"))
    app = create_app(settings, office.store, office.vault, now=lambda: office.now)
    cookie = session_cookie(app, HTTP_HOST="desk.example.org")
    assert "Secure" in cookie.split("; ")


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "items", "",
        "/items\r\nSet-Cookie: x=1", "\\/evil.example",
    ],
)  # fmt: skip
def test_only_own_paths_are_gone_back_to(path: str) -> None:
    assert safe_path(path) is None


def test_own_paths_are_gone_back_to() -> None:
    assert safe_path("/items?status=draft&page=2") == "/items?status=draft&page=2"


@pytest.mark.parametrize("target", ["//evil.example/x", "https://evil.example/x", "/\\evil.example/x"])
@pytest.mark.parametrize(
    ("path", "fields"), [("/appearance", {"theme": "dark"}), ("/me/language", {"language": "ru"})]
)
def test_no_act_leads_away_from_the_desk(
    office: DeskOffice, path: str, fields: dict[str, str], target: str
) -> None:
    answer = office.visitor(Role.EDITOR).post(path, {**fields, "back": target}, status=303)
    assert "evil.example" not in answer.location


def set_password(visitor: Visitor, password: str = PASSWORD, present: str = "") -> TestResponse:
    """Set or change the person's own password."""
    form = form_to(visitor.get("/me/password"), "/me/password")
    form["new_password"] = form["new_password_confirm"] = password
    if present:
        form["password"] = present
    return visitor.send(form)


def sign_in(
    visitor: Visitor, email: str, password: str = PASSWORD, path: str = "/sign-in", **options: Any
) -> Any:
    """Try to sign in with a password."""
    form = form_to(visitor.get(path), "/sign-in")
    form["email"], form["password"] = email, password
    return form.submit(headers=visitor.headers, **options)


def person(office: DeskOffice, role: Role = Role.EDITOR) -> tuple[Visitor, str]:
    """Somebody with a password, signed in; and their address."""
    visitor = office.visitor(role)
    set_password(visitor)
    assert visitor.user is not None
    return visitor, visitor.user.email


def test_a_password_signs_in_and_leads_to_the_page_that_was_asked_for(office: DeskOffice) -> None:
    _, email = person(office)
    browser = office.visitor(None)
    answer = sign_in(browser, email.upper(), path="/sign-in?next=/channels")
    assert answer.location.endswith("/channels")
    assert browser.get("/me").status_int == 200


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(office: DeskOffice, target: str) -> None:
    _, email = person(office)
    answer = sign_in(office.visitor(None), email, path=f"/sign-in?next={target}", expect_errors=True)
    reached = urljoin("http://127.0.0.1:8080/sign-in", answer.headers.get("Location", ""))
    assert urlsplit(reached).netloc == "127.0.0.1:8080"


def test_a_wrong_password_and_an_unknown_address_sound_the_same(office: DeskOffice) -> None:
    _, email = person(office)
    answers = [sign_in(office.visitor(None), who, "неверный пароль") for who in (email, "nobody@example.org")]
    texts = [answer.html.find(attrs={"role": "alert"}).get_text(" ", strip=True) for answer in answers]
    assert texts[0] == texts[1]
    assert "неверный пароль" not in answers[0]


def test_guessing_is_stopped_for_a_quarter_of_an_hour_and_hurts_nobody_else(office: DeskOffice) -> None:
    _, email = person(office)
    _, colleague = person(office)
    for _ in range(PER_PERSON):
        sign_in(office.visitor(None), email, "неверный пароль")
    assert sign_in(office.visitor(None), email, expect_errors=True).status_int == 429
    assert sign_in(office.visitor(None), colleague).status_int == 302
    office.pass_time(minutes=16)
    assert sign_in(office.visitor(None), email).status_int == 302


def test_a_link_works_once(office: DeskOffice) -> None:
    _, token = invited(office)
    path = f"/sign-in/link/{token}"
    first, second = office.visitor(None), office.visitor(None)
    form, late = form_to(first.get(path), path), form_to(second.get(path), path)
    first.send(form)
    assert first.get("/me").status_int == 200
    assert second.send(late, expect_errors=True).status_int == 410
    assert "уже" in second.get(path, status=410)
    second.get("/me", status=302)


def invited(office: DeskOffice) -> tuple[User, str]:
    """Somebody who was just given a link, and its token."""
    user = office.visitor(Role.EDITOR).user
    assert user is not None
    with office.store.begin() as session:
        return user, make_sign_in_link(session, session.get_one(User, user.id), office.now)


def test_only_the_hash_of_a_link_is_kept(office: DeskOffice) -> None:
    _, token = invited(office)
    with office.store.reading() as session:
        assert token not in {link.token_hash for link in session.query(SignInLink)}


def test_looking_at_a_link_does_not_use_it_up(office: DeskOffice) -> None:
    _, token = invited(office)
    for _ in range(3):
        assert office.visitor(None).get(f"/sign-in/link/{token}").headers["Cache-Control"] == "no-store"


def test_a_link_expires_after_three_days(office: DeskOffice) -> None:
    _, token = invited(office)
    office.pass_time(days=3)
    office.visitor(None).get(f"/sign-in/link/{token}", status=410)


def test_a_link_of_somebody_switched_off_is_dead(office: DeskOffice) -> None:
    user, token = invited(office)
    with office.store.begin() as session:
        session.get_one(User, user.id).active = False
    office.visitor(None).get(f"/sign-in/link/{token}", status=410)


def test_a_made_up_link_is_told_to_be_unknown(office: DeskOffice) -> None:
    assert "нет" in office.visitor(None).get("/sign-in/link/abc", status=410)


def test_somebody_switched_off_cannot_sign_in_by_password(office: DeskOffice) -> None:
    visitor, email = person(office)
    assert visitor.user is not None
    with office.store.begin() as session:
        session.get_one(User, visitor.user.id).active = False
    sign_in(office.visitor(None), email)
    visitor.get("/me", status=302)


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(office: DeskOffice) -> None:
    here, email = person(office)
    there = office.visitor(None)
    sign_in(there, email)
    assert there.get("/me").status_int == 200
    set_password(here, "совсем другая фраза", PASSWORD)
    assert here.get("/me").status_int == 200
    there.get("/me", status=302)
    assert sign_in(office.visitor(None), email, "совсем другая фраза").status_int == 302
    assert sign_in(office.visitor(None), email, PASSWORD).status_int != 302


def test_a_session_ends_at_sign_out_even_for_a_copied_cookie(office: DeskOffice) -> None:
    visitor = office.visitor(Role.EDITOR)
    copy = office.visitor(None)
    for cookie in visitor.browser.cookiejar:
        copy.browser.cookiejar.set_cookie(cookie)
    assert copy.get("/me").status_int == 200
    visitor.send(form_to(visitor.get("/me"), "/sign-out"))
    visitor.get("/me", status=302)
    copy.get("/me", status=302)


def test_a_link_signs_nobody_out(office: DeskOffice) -> None:
    visitor = office.visitor(Role.EDITOR)
    visitor.get("/sign-out", status=405)
    assert visitor.get("/me").status_int == 200


def test_a_session_ends_after_the_hours_of_the_settings(office: DeskOffice) -> None:
    visitor = office.visitor(Role.EDITOR)
    office.pass_time(hours=office.settings.web.session_hours - 1)
    assert visitor.get("/me").status_int == 200
    office.pass_time(hours=office.settings.web.session_hours + 1)
    visitor.get("/me", status=302)


def test_a_demotion_counts_from_the_next_page_on(office: DeskOffice) -> None:
    visitor = office.visitor(Role.ADMIN)
    assert visitor.get("/people").status_int == 200
    assert visitor.user is not None
    with office.store.begin() as session:
        session.get_one(User, visitor.user.id).role = Role.AUTHOR
    visitor.get("/people", status=403)
