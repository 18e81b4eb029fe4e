"""Fixtures that every folder of tests may use."""

pytest_plugins = ["tests.browser", "tests.postgres", "tests.stores", "tests.web.desk"]
