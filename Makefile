# One command each. Everything that is needed comes from requirements.lock and, for the tests, package-lock.json.
# Python 3.11 or newer, git and make are presupposed; for the tests Node (18 or newer) with npm.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
CLIENTS := tests/acceptance/clients
NODE_STAMP := $(CLIENTS)/node_modules/.installed
COUNTERPARTS := tests/conferences/counterparts
COUNTERPARTS_STAMP := $(COUNTERPARTS)/.venv/.installed
WEEK_AGO = $(shell $(PYTHON) -c 'import datetime as d; print(d.date.today() - d.timedelta(days=7))')

.PHONY: setup demo test check unit acceptance bench lock format clean

setup: $(STAMP) $(NODE_STAMP) $(COUNTERPARTS_STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Schulbote needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# matrix-js-sdk, for the stories with clients that are not ours. Only they need Node.
$(NODE_STAMP): $(CLIENTS)/package-lock.json
	@if command -v npm >/dev/null; then cd $(CLIENTS) && npm ci --loglevel=error && touch node_modules/.installed; \
		else echo "npm is missing: the stories with matrix-js-sdk are left out" >&2; fi

# Other people's programs that talk to BigBlueButton, never in our own environment: only stories of conferences need them.
$(COUNTERPARTS_STAMP): $(COUNTERPARTS)/bbblb.txt $(COUNTERPARTS)/others.txt
	@$(PYTHON) -m venv --clear $(COUNTERPARTS)/.venv && $(COUNTERPARTS)/.venv/bin/python -m pip install --quiet \
		--disable-pip-version-check --require-hashes --no-deps --ignore-requires-python \
		--requirement $(COUNTERPARTS)/bbblb.txt --requirement $(COUNTERPARTS)/others.txt && touch $@ \
		|| echo "bbblb and bbbctl cannot be installed: the stories with them are left out" >&2

demo: $(STAMP)
	@$(BIN)/schulbote demo $(ARGS)

# Every check and every test; the same in CI.
test: setup check unit acceptance

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(STAMP)
	$(BIN)/pytest --ignore=tests/acceptance --numprocesses=2 --dist=loadfile $(PYTEST_ARGS)

acceptance: setup
	$(BIN)/pytest tests/acceptance --numprocesses=2 --dist=loadfile $(PYTEST_ARGS)

# Prints figures; nothing is judged by time.
bench: $(STAMP)
	$(BIN)/python -m bench $(ARGS)

# Needs uv and npm. Versions younger than a week are left out.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-annotate \
		--exclude-newer "$(WEEK_AGO)" --custom-compile-command "make lock" --output-file requirements.lock
	uv pip compile $(COUNTERPARTS)/bbblb.in --no-deps --python-version 3.13 --only-binary :all: --generate-hashes --no-annotate \
		--exclude-newer "$(WEEK_AGO)" --custom-compile-command "make lock" --output-file $(COUNTERPARTS)/bbblb.txt
	uv pip compile $(COUNTERPARTS)/others.in --universal --python-version 3.11 --generate-hashes --no-annotate \
		--exclude-newer "$(WEEK_AGO)" --custom-compile-command "make lock" --output-file $(COUNTERPARTS)/others.txt
	cd $(CLIENTS) && npm install --package-lock-only --loglevel=error --before=$(WEEK_AGO)

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist $(CLIENTS)/node_modules \
		$(COUNTERPARTS)/.venv
