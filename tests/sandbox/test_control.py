"""The control in JSON: who may use it, and what it says to nonsense."""

import httpx
import pytest

from tests.sandbox_process import SandboxProcess


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("headers", [{}, bearer("wrong"), {"Authorization": "Basic x"}])
def test_nobody_controls_without_the_token(visitor: httpx.Client, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/faults"), ("POST", "/latency"), ("DELETE", "/faults")):
        assert visitor.request(method, f"/control{path}", headers=headers).status_code == 401


def test_the_bare_token_is_not_enough(sandbox: SandboxProcess, visitor: httpx.Client) -> None:
    assert visitor.get("/control/faults", headers={"Authorization": sandbox.token}).status_code == 401


@pytest.mark.parametrize("path", ["/", "/wall", "/control/faults", "/media/1", "/static/sandbox.js"])
def test_a_foreign_name_is_refused_whatever_is_asked(
    sandbox: SandboxProcess, visitor: httpx.Client, path: str
) -> None:
    headers = {**bearer(sandbox.token), "Host": f"rebound.example.org:{sandbox.http_port}"}
    assert visitor.get(path, headers=headers).status_code == 403


def test_it_answers_to_localhost(sandbox: SandboxProcess, visitor: httpx.Client) -> None:
    headers = {**bearer(sandbox.token), "Host": f"localhost:{sandbox.http_port}"}
    assert visitor.get("/control/faults", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"kind": "explosion"}),
        ("/faults", {"when": "never"}),
        ("/faults", {"times": 0}),
        ("/faults", {"seconds": 1e9}),
        ("/faults", {"strange": 1}),
        ("/latency", {"ms": -1}),
        ("/latency", {"ms": "soon"}),
        ("/latency", {}),
        ("/telegram/duplicates", {"answer": "perhaps"}),
    ],
    ids=str,
)
def test_nonsense_is_refused_with_a_reason(
    sandbox: SandboxProcess, visitor: httpx.Client, path: str, body: dict[str, object]
) -> None:
    answer = visitor.post(f"/control{path}", json=body, headers=bearer(sandbox.token))
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert sandbox.call("GET", "/faults")["planned"] == []


def test_what_is_not_there_is_a_404_in_json(sandbox: SandboxProcess, visitor: httpx.Client) -> None:
    answer = visitor.get("/control/telegram/channels/nobody/posts", headers=bearer(sandbox.token))
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_the_log_goes_on_from_where_one_has_read(sandbox: SandboxProcess) -> None:
    assert sandbox.requests(since=10**9) == []
