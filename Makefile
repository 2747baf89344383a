# Everything a developer types. `make help` lists it. GNU make and rustup's toolchain are all that
# has to be there; `make setup`, which the rest begins with, installs what else is missing.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

# rustup's cargo goes before a distribution's, which may be older or made for guests alone.
ifneq ($(wildcard $(HOME)/.cargo/bin/cargo),)
export PATH := $(HOME)/.cargo/bin:$(PATH)
endif

# The wasm of guests, and where cargo makes it: one directory for all, so that Rust's standard
# library and the SDK are compiled for wasm once.
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
GUESTS := target/guests
GUEST_TARGET := $(CURDIR)/target/guest-build
NATIVE_TARGET := $(CURDIR)/target/guest-native

# A Node that `.ci/setup` brought because Debian's is too old.
export PATH := $(CURDIR)/target/node/bin:$(PATH)

PYTHON_ENV := $(CURDIR)/target/python
PEERS_ENV := $(CURDIR)/target/peers

# Which wask builds guests. Tests use the development profile alone, so wasmtime is compiled once.
WASK_DEV := $(TARGET)/debug/wask
WASK_RELEASE := $(TARGET)/release/wask
WASK ?= $(WASK_DEV)

# $(call step,title,command): a heading, the command, and the seconds that it took.
define step
@printf '\n== %s\n' '$(1)'; begun=$$SECONDS; $(2); printf '== %s: %s s\n' '$(1)' $$((SECONDS - begun))
endef

.PHONY: help setup build guests demo test python dashboard browser fmt tidy bench bench-growth bench-micro bench-peers bench-browser FORCE

help: ## Print this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 22

demo: setup $(WASK_RELEASE) ## Run the example graphs in sandboxes and watch them; EXIT=1 stops when done
	$(call step,example modules,$(MAKE) --no-print-directory guests WASK=$(WASK_RELEASE))
	$(WASK_RELEASE) demo $(if $(filter-out 0,$(EXIT)),--exit)

test: setup ## Everything that has to hold before a change is merged
	@begun=$$SECONDS; $(MAKE) --no-print-directory test-steps; printf '\nall passed in %s s\n' $$((SECONDS - begun))

.PHONY: test-steps
test-steps:
	$(call step,format,$(call each_workspace,cargo fmt --check))
	$(call step,dashboard,$(MAKE) --no-print-directory dashboard)
	$(call step,clippy,cargo clippy --quiet --workspace --all-targets --locked -- -D warnings)
	$(call step,build,cargo build --quiet --workspace --bins --tests --locked)
	$(call step,guests,$(MAKE) --no-print-directory guests)
	$(call step,unit SDK sandbox end-to-end tidy,cargo test --quiet --workspace --locked --no-fail-fast)
	$(call step,Python client,$(MAKE) --no-print-directory python)
	$(call step,browser,$(MAKE) --no-print-directory browser)
	$(call step,examples natively,cd guest-examples; CARGO_TARGET_DIR=$(NATIVE_TARGET) cargo test --quiet --locked --no-fail-fast)

python: $(PYTHON_ENV)/bin/pytest ## Test the Python client against a real server
	@WASK_BINARY=$(WASK_DEV) $(PYTHON_ENV)/bin/python -m pytest -q sdk/python

$(PYTHON_ENV)/bin/pytest: sdk/python/pyproject.toml
	@.ci/setup python
	@python3 -m venv $(PYTHON_ENV)
	@$(PYTHON_ENV)/bin/pip install --quiet --disable-pip-version-check -e 'sdk/python[test]'
	@touch $@

# What was there keeps its times when it is the same, so that cargo compiles nothing anew.
dashboard: web-dashboard/node_modules/.package-lock.json ## Test the dashboard, and that its committed files are what its sources make
	@rm -rf target/dist && mkdir -p target && cp -a web-dashboard/dist target/dist
	@cd web-dashboard && npm test --silent -- --reporter=dot && npm run build --silent
	@git diff --exit-code --stat -- web-dashboard/dist && test -z "$$(git ls-files --others --exclude-standard web-dashboard/dist)" || \
		{ printf '\nweb-dashboard/dist is not what the sources make. It has been built now: look at it, and commit it with them.\n' >&2; exit 1; }
	@diff -r target/dist web-dashboard/dist >/dev/null && cp -a target/dist/. web-dashboard/dist

browser: tests/browser/node_modules/.package-lock.json ## Test the dashboard in Chromium against a real server; ARGS=form.test.mjs narrows it
	@.ci/setup browser
	@WASK_BINARY=$(abspath $(or $(WASK_BINARY),$(WASK_DEV))) node tests/browser/run.mjs $(ARGS)

bench-browser: setup tests/browser/node_modules/.package-lock.json ## Measure the dashboard in Chromium; MINUTES=10 looks longer, ARGS=live narrows it
	@.ci/setup browser
	@WASK_BINARY=$(abspath $(or $(WASK_BINARY),$(wildcard $(WASK_RELEASE)),$(WASK_DEV))) node tests/browser/bench/run.mjs $(ARGS)

# npm leaves this file when it has installed what the lock says.
%/node_modules/.package-lock.json: %/package-lock.json
	@.ci/setup node
	@cd $* && npm ci --silent --no-audit --no-fund
	@touch $@

build: setup $(WASK_RELEASE) ## Build the wask binary, optimised: target/release/wask

fmt: ## Format all Rust code
	@$(call each_workspace,cargo fmt)

tidy: ## Check the rules of the repository: dependencies between crates, file heads, sizes
	cargo test --quiet --package wask-tests --test tidy --locked

# Figures of a whole run go into tests/bench/RESULTS.md; those of a part are shown alone.
record := python3 tests/bench/record.py

bench: setup $(WASK_RELEASE) ## Measure this machine; ARGS='--shape map --tasks 10000' narrows it
	@$(MAKE) --no-print-directory guests WASK=$(WASK_RELEASE)
	@.ci/setup python
	$(WASK_RELEASE) bench $(ARGS) | tee target/bench.txt
ifeq ($(ARGS),)
	$(WASK_RELEASE) bench --zero-work | tee target/bench-zero-work.txt
	@$(record) bench 'make bench' < target/bench.txt
	@$(record) zero-work 'wask bench --zero-work' < target/bench-zero-work.txt
endif

bench-growth: setup $(WASK_RELEASE) ## How cost grows with tasks, runs, modules, streams, workers; ARGS='tasks --up-to 10000' narrows it
	@$(MAKE) --no-print-directory guests WASK=$(WASK_RELEASE)
	@.ci/setup python
	$(WASK_RELEASE) bench --json --growth $(ARGS) > target/growth.json
	cargo bench --quiet --package wask-engine --bench engine --locked -- --warm-up-time 1 'engine workers'
	python3 tests/bench/growth.py target/growth.json $(TARGET)/criterion

# The benches, and the crates that have them; the program beside them, so that wasmtime is the same
# build as its own.
MICRO := --package wask-host $(foreach crate,proto engine store node sandbox,--package wask-$(crate)) \
	$(foreach bench,codec engine store splice sandbox,--bench $(bench))

bench-micro: setup $(WASK_RELEASE) ## Measure parts alone with criterion; ARGS=journal narrows it
	@$(MAKE) --no-print-directory guests WASK=$(WASK_RELEASE)
	@.ci/setup python
	cargo bench --quiet $(MICRO) --locked -- --warm-up-time 1 --measurement-time 2 $(ARGS)
ifeq ($(ARGS),)
	@python3 tests/bench/micro.py $(TARGET)/criterion | $(record) micro 'make bench-micro' --table
endif

bench-peers: setup $(WASK_RELEASE) $(PEERS_ENV)/bin/ray ## The same workloads on Wask, Dask and Ray; ARGS='--tasks 1000' narrows it
	@$(MAKE) --no-print-directory guests WASK=$(WASK_RELEASE)
	@rm -rf target/bench-peers
	$(PEERS_ENV)/bin/python tests/bench/peers/peers.py --wask $(WASK_RELEASE) $(ARGS) | tee target/bench-peers.md
ifeq ($(ARGS),)
	@$(record) peers 'make bench-peers' --table < target/bench-peers.md
endif

$(PEERS_ENV)/bin/ray: tests/bench/peers/requirements.txt
	@.ci/setup python
	@python3 -m venv $(PEERS_ENV)
	@$(PEERS_ENV)/bin/pip install --quiet --disable-pip-version-check -r $< -e sdk/python
	@touch $@

setup: ## Install what is missing: a C linker, and a toolchain for wasm32-unknown-unknown
	@.ci/setup

# Building the tests along with it gives every dependency the same features as `cargo test` does,
# and so the same build.
$(WASK_DEV): FORCE
	@cargo build --quiet --workspace --bins --tests --locked

$(WASK_RELEASE): FORCE
	cargo build --release --package wask-host --locked

# The workspaces of guests are apart from ours: theirs is made for wasm.
each_workspace = for dir in . guest-examples tests/guests; do (cd $$dir && $(1)); done

# ---- guests: one module for each crate, made again when it, the SDK or the build changes --------

guest_crates := $(patsubst %/Cargo.toml,%,$(wildcard guest-examples/*/Cargo.toml tests/guests/*/Cargo.toml))
guest_build := $(shell find sdk/src sdk/macros sdk/wit host/src/guest_build -type f) sdk/Cargo.toml Cargo.toml

define guest
guest_modules += $(GUESTS)/$(notdir $(1)).wasm
$(GUESTS)/$(notdir $(1)).wasm: $(1)/Cargo.toml $(shell find $(1)/src -type f) $(dir $(1))Cargo.toml $(dir $(1))Cargo.lock $(guest_build) | $(WASK)
	@mkdir -p $(GUESTS)
	@CARGO_TARGET_DIR=$(GUEST_TARGET) $(WASK) build $(1) --output $$@
endef
$(foreach crate,$(guest_crates),$(eval $(call guest,$(crate))))

guests: setup $(guest_modules) ## Build all guests into target/guests/NAME.wasm

FORCE:
