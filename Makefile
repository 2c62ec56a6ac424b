# One command each. Everything that is needed comes from requirements.lock; Python 3.11 or newer, git and make are presupposed.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: setup demo test check unit acceptance bench lock format clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Schulbote needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@$(BIN)/schulbote demo $(ARGS)

# Every check and every test; the same in CI.
test: check unit acceptance

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup
	$(BIN)/pytest --ignore=tests/acceptance --numprocesses=2 --dist=loadfile $(PYTEST_ARGS)

acceptance: setup
	$(BIN)/pytest tests/acceptance --numprocesses=2 --dist=loadfile $(PYTEST_ARGS)

# Prints figures; nothing is judged by time.
bench: setup
	$(BIN)/python -m bench $(ARGS)

# Needs uv. Versions younger than a week are left out.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-annotate \
		--exclude-newer "$$($(PYTHON) -c 'import datetime as d; print(d.date.today() - d.timedelta(days=7))')" \
		--custom-compile-command "make lock" --output-file requirements.lock

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
