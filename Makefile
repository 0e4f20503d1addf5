# All set-up on a machine with Python 3.11+, git and make: `make run` or `make test`.
.PHONY: setup run test check bench lock clean

PY := .venv/bin/python
export UV_NO_PROGRESS ?= 1

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml .ci/setup
	bash .ci/setup
	touch $@

run: setup
	.venv/bin/boxscope

check: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

test: check
	$(PY) -m pytest --numprocesses 2 --dist loadfile

bench: setup
	.venv/bin/boxscope bench

# Versions and hashes only: a lock that records download addresses is not committed.
lock:
	uv pip compile pyproject.toml --group dev --generate-hashes --universal --python-version 3.11 \
		--no-header --no-annotate --quiet -o requirements.lock

clean:
	rm -rf .venv .tools
