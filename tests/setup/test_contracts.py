"""The import contracts name every module of ours: one that is left out would not be watched."""

import re
import tomllib
from typing import Any

from tests.setup.checkout import ROOT

MODULES = {
    path.stem
    for path in (ROOT / "publisher").iterdir()
    if (path / "__init__.py").exists() or path.suffix == ".py"
}


def contract(kind: str, source: str | None = None) -> dict[str, Any]:
    """The one contract of that kind, or of that kind about that module."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    found = [c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == kind]
    [one] = [c for c in found if source in (None, *c.get("source_modules", []))]
    only: dict[str, Any] = one
    return only


def test_every_module_has_its_layer() -> None:
    placed = set(re.findall(r"\w+", " ".join(contract("layers")["layers"])))
    assert MODULES - {"__init__"} <= placed


def test_the_sandbox_may_import_no_module_of_ours() -> None:
    forbidden = {
        name.removeprefix("publisher.")
        for name in contract("forbidden", "publisher.sandbox")["forbidden_modules"]
    }
    assert MODULES - {"__init__", "sandbox"} | {"jobs"} == forbidden
