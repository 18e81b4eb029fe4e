"""One's own page."""

import pytest
from sqlalchemy import update

from publisher.store.models import WebSession
from tests.web.desk import DeskOffice

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"{CHROME} Safari/537.36", "Chrome, Windows"),
        (f"{CHROME} YaBrowser/25.8.0.0 Safari/537.36", "Яндекс Браузер, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox, Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
    ],
)
def test_browsers_are_listed_by_their_names(office: DeskOffice, agent: str, name: str) -> None:
    visitor = office.visitor()
    with office.store.begin() as session:
        session.execute(update(WebSession).values(agent=agent))
    cells = [cell.get_text() for cell in visitor.get("/me").html.select("td.wide")]
    assert cells == [name]
