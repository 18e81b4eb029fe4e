# What a person or CI calls. What has to be prepared first is the part of bootstrap.py.
.PHONY: setup run test tasks screenshots lint bench torture docs lock messages clean tools browser
.NOTPARALLEL:

# Python 3.11 first: the lock files are made with it. A name may exist and not run, so each is tried.
NAMES = python3.11 python3.12 python3.13 python3.14 python3 python
FITS = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
FITTING = $(shell for p in $(NAMES); do $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)
FOUND = $(shell for p in $(NAMES); do v=$$($$p -V 2>&1) && echo "$$p ($$v)"; done; true)
PYTHON = $(or $(FITTING),$(error Python 3.11 or newer with its venv is needed (on Debian: python3.11-venv). Found: $(or $(FOUND),none)))
BIN = .venv/bin

setup:
	@$(PYTHON) bootstrap.py setup

# Ctrl+C is for publisher, which stops its parts; make and its shell wait and keep silent.
run: setup
	@trap : INT; $(BIN)/publisher run || [ $$? = 130 ]

test: tools browser lint
	@$(BIN)/pytest --numprocesses 3 --dist loadgroup

tasks: tools browser
	@$(BIN)/pytest tests/tasks

screenshots: tools browser
	@$(BIN)/pytest tests/tasks/test_editor_publishes_to_every_channel.py -k "not Keyboard"
	@cp tests/screenshots/desk.png tests/screenshots/sandbox.png docs/screenshots/

lint: tools
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --lint --quiet templates publisher/sandbox/templates

bench: tools
	@$(BIN)/python -m bench

torture: tools
	@TORTURE_ROUNDS=300 $(BIN)/pytest tests/delivery/test_crashes.py tests/delivery/test_machine.py

docs: tools
	@$(BIN)/pytest tests/docs

lock messages clean tools browser:
	@$(PYTHON) bootstrap.py $@
