"""Fixtures that every folder of tests may use."""

from hypothesis import settings

pytest_plugins = ["tests.browser", "tests.postgres", "tests.stores", "tests.web.desk"]

# No example has to be quick: the machine may be busy with other tests, and speed is measured under bench/.
settings.register_profile("newsroom", deadline=None)
settings.load_profile("newsroom")
