# Each target does all of its own set-up: see `make help`.
# PYTHON names the interpreter to use (3.11 or newer), VENV the directory it works in.

PYTHON ?=
VENV ?= .venv
STDLIB ?= 3.12
TESTS ?=
SUITES ?=
FRESH ?=
IN_MEMORY := not process and not network and not release and not rootfs
# Parts of paths: only what is broken there.
MUTANTS ?=
# Options of `make load`: --requests 20000 --upgrades 2 --recyclings 2 --kills 3
LOAD ?=
# Seconds that each fuzzer of a parser gets in a soak.
FUZZ_SECONDS ?= 600
SOAK_CONSOLE := tests/runtime/agent/test_interrupt.py tests/runtime/agent/test_fuzz.py
BIN := $(VENV)/bin

# Node's place where the host has none; the host's own wins.
export PATH := $(PATH):$(CURDIR)/$(VENV)/node/bin

.DEFAULT_GOAL := help
.PHONY: help venv node system check fmt test test-unit test-process test-quick test-agent test-upgrade test-sample test-release test-stdlib frameworks fleet ansible-lint mutants coverage soak soak-console load demo fresh bench bench-upgrade bench-console bench-peers bench-runtime bench-scale docs-reference lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-14s %s\n' "$$name" "$$text"; done

venv: ## the development tools, from the lock, in .venv
	@PYTHON='$(PYTHON)' scripts/venv.sh '$(VENV)'

node: venv ## Node for the sample's assets, where the host has none
	@scripts/node.sh '$(VENV)'

system: ## Debian packages that the tests need (as root; else says which)
	@scripts/system.sh

check: venv ## lint, format, types, import floors, words, tables, shell
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases deploy/ansible/plugins
	$(BIN)/lint-imports
	$(BIN)/python scripts/words.py
	$(BIN)/python scripts/states.py --check
	$(BIN)/python scripts/mutants.py --check
	$(BIN)/shellcheck --shell=sh $$(find templates scripts .ci -type f \( -name '*.sh' -o -name run \))
	$(BIN)/shellcheck --shell=bash templates/completion.bash

fmt: venv ## format the sources, fix what can be fixed
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

test: test-unit test-process test-sample test-release test-stdlib ## all tests, the quick ones first

test-unit: venv ## the tests that need memory and files alone: under a minute
	@scripts/pytest.sh '$(VENV)' -n 2 -m '$(IN_MEMORY)' $(TESTS)

test-process: venv system ## the tests that start programs, or use the network of this host
	@scripts/pytest.sh '$(VENV)' -n 3 -m '(process or network) and not (release or rootfs)' $(TESTS)

test-quick: venv system ## both of these in one run: all tests that build no release
	@scripts/pytest.sh '$(VENV)' -n 3 -m 'not release and not rootfs' $(TESTS)

test-agent: venv ## the console's half in a service: it hangs on the interpreter's own ways
	@scripts/pytest.sh '$(VENV)' -n 2 tests/runtime/agent

test-upgrade: venv ## two versions of a release, for two Pythons, upgraded under load
	@scripts/pytest.sh '$(VENV)' tests/release/test_upgrades.py

test-sample: venv ## the sample application's own tests
	@scripts/test-sample.sh '$(VENV)'

test-release: venv node system ## tests that build and boot a real release
	@scripts/pytest.sh '$(VENV)' -n 2 --dist loadscope -m '(release or rootfs) and not stdlib and not frameworks and not fleet' $(TESTS)

test-stdlib: venv system ## CPython's own tests on a moved interpreter (STDLIB=3.13 for another)
	@scripts/pytest.sh '$(VENV)' -m stdlib -k '$(STDLIB)'

frameworks: venv node ## what init writes for each fixture project: 36 shapes, built and served (20 minutes)
	@scripts/pytest.sh '$(VENV)' -m release tests/project/init

fleet: venv system ## rolling deploys to hosts behind a load balancer, by Ansible, as root
	@scripts/pytest.sh '$(VENV)' -m fleet $(TESTS)

ansible-lint: venv ## the Ansible collection, by ansible-lint's profile production
	@scripts/ansible-lint.sh '$(VENV)'

mutants: venv ## break lines of the product, one at a time: tests must turn red (MUTANTS=agent; 5 minutes)
	@$(BIN)/python scripts/mutants.py $(MUTANTS)

coverage: venv system ## branches that the tests reach, by package, processes counted (TESTS=tests/runtime; 20 minutes)
	@scripts/coverage.sh '$(VENV)' -n 2 -m 'not release and not rootfs' $(or $(TESTS),tests)

soak: venv system ## faults for hours: hundreds of kills, a hundred times as many examples, each fuzzer for FUZZ_SECONDS=600
	@SOAK=1 FUZZ_SECONDS='$(FUZZ_SECONDS)' scripts/pytest.sh '$(VENV)' $(or $(TESTS),tests/faults tests/systemd/test_units.py \
		tests/runtime/supervise/rules $(SOAK_CONSOLE))

load: venv ## 200,000 requests through upgrades, replacements, renewed certificates: none may fail (10 minutes)
	@$(BIN)/python benchmarks/endurance.py $(LOAD)

soak-console: venv ## 12,000 interrupts at random moments, made-up frames (PYTHON=python3.13 VENV=.venv-3.13)
	@SOAK=1 scripts/pytest.sh '$(VENV)' $(SOAK_CONSOLE)

demo: venv node ## build the sample application, unpack it, start it, use it, stop it
	@$(BIN)/python scripts/demo.py

fresh: ## both README commands on bare Debians, as root (SUITES="bookworm trixie" FRESH="demo test unit")
	@SUITES='$(SUITES)' FRESH='$(FRESH)' PYTHON='$(PYTHON)' TESTS='$(TESTS)' python3 -m scripts.fresh

bench: venv node ## numbers: start-up, control commands, size
	@$(BIN)/python benchmarks/bench.py

bench-upgrade: venv ## requests that 20 upgrades and 5 reloads cost, and upgrades that fail (5 minutes)
	@$(BIN)/python benchmarks/upgrades.py --write

bench-console: venv ## numbers: the console and rpc on each Python, beside Elixir's (PYTHONS="3.12"; 15 minutes)
	@$(BIN)/python benchmarks/console.py --write $(PYTHONS)

bench-peers: venv ## numbers: against PyInstaller, shiv, pex, and a script of uv and tar (20 minutes)
	@$(BIN)/python benchmarks/peers.py --write

bench-runtime: venv node ## numbers: a service under the supervisor against the same by hand (10 minutes)
	@$(BIN)/python benchmarks/runtime.py --write

bench-scale: venv ## numbers: builds of 20, 60 and 150 wheels (10 minutes)
	@$(BIN)/python benchmarks/scale.py --write

lock: venv ## resolve the development tools again
	@scripts/lock.sh '$(VENV)'

docs-reference: venv ## the tables of docs/ that are printed from the code
	@$(BIN)/python scripts/reference.py
	@$(BIN)/python scripts/states.py

clean: ## remove what the other targets made
	rm -rf .venv .venv-* .cache _build build dist sample_app/_build sample_app/dist \
		sample_app/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find relforge tests scripts benchmarks sample_app -name __pycache__ -type d -prune -exec rm -rf {} +
