# The first target is the default one: it lists the others. Everything is installed into .venv and .tools.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .tools/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
LOCKED := $(PIP) install --require-hashes --requirement
LOCK := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet
CAPABILITIES := --capabilities policies/capabilities.json
REGO_TESTS := policies policy-tests fixtures:fixtures/decisions
BUNDLE := $(TOOLS)/opa build --bundle policies --optimize 0 $(CAPABILITIES)

# Six workers of pytest read what the first one compiled.
unexport PYTHONDONTWRITEBYTECODE

# The tests whose worlds write a ledger.
WRITES := $(addprefix tests/,ledger postgresql store_failures notifications queue working failover roles clusters doubt \
	heads promise tiny scenarios crash rivals statemachine load)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test check tools tools-demo facts mutants fmt lint types policy schemas docs fixtures release unit
.PHONY: scenarios bench bench-replay load flat crash-matrix fault-matrix state-machine rivals on-postgresql lock sbom audit clean python

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/installed tools-demo ## one repair that completes and one that is stopped, on a real API server
	@$(BIN)/runbook-gate demo $(ARGS)

test: tools $(VENV)/installed-dev ## every check and every test, after installing what they need
	@mkdir -p build
	@$(MAKE) --no-print-directory types > build/types.txt 2>&1 & types=$$!; \
		$(MAKE) --no-print-directory lint policy; status=$$?; \
		wait $$types || status=$$?; cat build/types.txt; exit $$status
	@echo "pytest: unit tests and scenarios"
	@$(BIN)/pytest -n 6 --dist worksteal $(ARGS)

check: ## what CI runs: make test, and nothing in the tree may change by it
	@bash .ci/run

unit: $(VENV)/installed-dev tools ## the tests that need no scenario
	@$(BIN)/pytest -n 2 -m "not scenario" $(ARGS)

scenarios: $(VENV)/installed-dev tools ## the whole program on a real API server with a real OPA
	@$(BIN)/pytest -n 4 --dist worksteal -m scenario $(ARGS)

crash-matrix: $(VENV)/installed-dev tools ## a crash at every point, once and twice, in memory and with SIGKILL, and the figures: about 20 min
	@$(BIN)/pytest tests/crash --whole -n 2 --dist worksteal $(ARGS)

fault-matrix: $(VENV)/installed-dev tools ## every fault at every call of a run, on every wire; about 15 min, mostly waiting
	@$(BIN)/pytest -n 4 --dist worksteal --whole tests/scenarios/wires $(ARGS)

state-machine: $(VENV)/installed-dev tools ## thousands of steps of everything in any order, in memory; about 10 min
	@$(BIN)/pytest tests/statemachine/test_machine.py --whole --capture no $(ARGS)

bench-replay: $(VENV)/installed-dev tools ## replay of 1,000 to 100,000 decisions against bare requests and opa eval; 15 min (ARGS="1000")
	@$(BIN)/python -m tests.replay.bench $(ARGS)

bench: $(VENV)/installed-dev tools ## a run, a decision and a process beside the same calls made bare; about 10 min, mostly waiting (ARGS="5")
	@$(BIN)/python -m tests.bench $(ARGS)

load: $(VENV)/installed-dev tools ## 2,000 tasks by 1 to 8 workers on PostgreSQL; hours (ARGS="--tasks 200 --namespaces 50 --workers 2 --faults")
	@$(BIN)/python -m tests.load $(ARGS)

flat: $(VENV)/installed-dev tools ## what 100,000 finished runs cost a run and `run --next`; 15 min (ARGS="10000")
	@$(BIN)/python -m tests.load.flat $(ARGS)

rivals: $(VENV)/installed-dev tools ## several executors on one task, one target and a queue of 200 tasks
	@$(BIN)/pytest tests/rivals --whole --capture no $(ARGS)

on-postgresql: $(VENV)/installed-dev tools ## whatever writes a ledger, whole, with its ledger on a server; about 2 h (ARGS="-k crash")
	@$(BIN)/pytest $(WRITES) --whole --store postgresql -n 4 --dist worksteal $(ARGS)

lint: $(VENV)/installed-dev ## format and style of the Python code, and schemas/ against the models
	@echo "ruff: format and style"
	@$(BIN)/ruff format --check executor tests tools
	@$(BIN)/ruff check executor tests tools
	@$(BIN)/python tools/schemas.py --check

types: $(VENV)/installed-dev ## strict mypy over the package, the tests and the tools
	@echo "mypy: strict types"
	@$(BIN)/mypy

policy: tools $(VENV)/installed-dev ## format, strict compile, lint, tests, coverage, made pages and a reproducible bundle of the Rego
	@echo "opa fmt, opa check, regal, conftest, opa test"
	@$(TOOLS)/opa fmt --fail --list policies policy-tests
	@$(TOOLS)/opa check --strict $(CAPABILITIES) --schema schemas --bundle policies
	@$(TOOLS)/regal lint policies policy-tests
	@$(TOOLS)/conftest verify --policy policies --policy policy-tests --data policies --data fixtures:fixtures/decisions
	@$(TOOLS)/opa test --fail-on-empty --timeout 60s $(REGO_TESTS)
	@mkdir -p build
	@$(TOOLS)/opa test --coverage --threshold 100 --timeout 60s $(REGO_TESTS) > build/coverage.json \
		|| { echo "error: see not_covered in the output of: opa test --coverage $(REGO_TESTS)"; exit 1; }
	@$(BUNDLE) --output build/bundle.tar.gz && $(BUNDLE) --output build/bundle-again.tar.gz
	@cmp build/bundle.tar.gz build/bundle-again.tar.gz
	@$(BIN)/runbook-gate policy build --policies policies --allow-dirty --opa $(TOOLS)/opa --out build/bundle-checked.tar.gz > /dev/null
	@$(BIN)/python tools/docs.py --check

facts: $(VENV)/installed-dev tools ## every fact of every good input missing or changed, about 10 min (ARGS=--write: new tables)
	@$(BIN)/python -m tests.policies.missing.sweep $(ARGS)

mutants: $(VENV)/installed-dev tools ## one careless edit of the policies after the other, about 15 min (ARGS=lineage: one file)
	@$(BIN)/python -m tools.mutants $(ARGS)

fmt: $(VENV)/installed-dev tools ## formats the Python and the Rego code
	@$(BIN)/ruff format executor tests tools
	@$(BIN)/ruff check --fix --quiet executor tests tools
	@$(TOOLS)/opa fmt --write policies policy-tests

schemas: $(VENV)/installed-dev ## writes schemas/ from the models
	@$(BIN)/python tools/schemas.py

docs: $(VENV)/installed-dev tools ## writes docs/denials.md and docs/runbooks/ from the policies, and docs/metrics.md
	@$(BIN)/python tools/docs.py

fixtures: $(VENV)/installed-dev tools ## writes the expected decisions of fixtures/decisions, and shows what changed
	@$(BIN)/python tools/fixtures.py $(ARGS)

release: $(VENV)/installed-dev tools ## pins the runbook revisions that are not pinned yet; never changes a pin
	@$(BIN)/python tools/release.py

tools: python ## builds opa, etcd, kube-apiserver, conftest, regal and promtool once, into a cache folder
	@$(PYTHON) tools/build.py

tools-demo: python
	@$(PYTHON) tools/build.py --only opa etcd kube-apiserver

lock: python ## writes requirements/, with hashes, after a change of pyproject.toml (ARGS=--upgrade: newest versions)
	@test -x build/lock/bin/uv || { $(PYTHON) -m venv build/lock && build/lock/bin/pip --quiet install uv==0.13.9; }
	@build/lock/bin/uv pip compile pyproject.toml --group dev $(LOCK) $(ARGS) --output-file requirements/dev.txt
	@build/lock/bin/uv pip compile pyproject.toml $(LOCK) $(ARGS) -c requirements/dev.txt --output-file requirements/run.txt
	@build/lock/bin/uv pip compile --group build $(LOCK) $(ARGS) -c requirements/dev.txt --output-file requirements/build.txt
	@build/lock/bin/uv pip compile --group audit $(LOCK) $(ARGS) --output-file requirements/audit.txt

sbom: tools build/audit/installed ## build/sbom.cdx.json: every Python package and Go module, as CycloneDX
	@build/audit/bin/python tools/sbom.py build/sbom.cdx.json

audit: tools build/audit/installed ## known vulnerabilities of all of them; needs the databases of PyPI and Go, fails without
	@$(PYTHON) tools/audit.py

build/audit/installed: requirements/audit.txt | python
	@rm -rf build/audit && $(PYTHON) -m venv build/audit
	@build/audit/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --requirement $<
	@touch $@

clean: ## removes what make installed and built here; the cache folder of the tools stays
	@rm -rf $(VENV) .tools build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer was found: install one, or name it: make PYTHON=..."; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON) is older than Python 3.11: install a newer one"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "error: $(PYTHON) has no venv module: install it (Debian, Ubuntu: python3-venv)"; exit 2; }

$(BIN)/python: | python
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml requirements/build.txt requirements/run.txt | $(BIN)/python
	@echo "installing runbook-gate into $(VENV): about 30 s, once"
	@$(LOCKED) requirements/build.txt
	@$(LOCKED) requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: requirements/dev.txt $(VENV)/installed
	@echo "installing the tools of the tests into $(VENV): about 20 s, once"
	@$(LOCKED) requirements/dev.txt
	@touch $@
