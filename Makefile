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

.PHONY: help setup build guests demo test python fmt tidy bench bench-peers FORCE

help: ## Print this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

demo: setup $(WASK_RELEASE) ## Run the example graphs in sandboxes and watch them; EXIT=1 stops when done
	$(call step,example modules,$(MAKE) --no-print-directory guests WASK=$(WASK_RELEASE))
	$(WASK_RELEASE) demo $(if $(filter-out 0,$(EXIT)),--exit)

test: setup ## Everything that has to hold before a change is merged
	@begun=$$SECONDS; $(MAKE) --no-print-directory test-steps; printf '\nall passed in %s s\n' $$((SECONDS - begun))

.PHONY: test-steps
test-steps:
	$(call step,format,$(call each_workspace,cargo fmt --check))
	$(call step,clippy,cargo clippy --quiet --workspace --all-targets --locked -- -D warnings)
	$(call step,build,cargo build --quiet --workspace --bins --tests --locked)
	$(call step,guests,$(MAKE) --no-print-directory guests)
	$(call step,unit SDK sandbox end-to-end tidy,cargo test --quiet --workspace --locked --no-fail-fast)
	$(call step,Python client,$(MAKE) --no-print-directory python)
	$(call step,examples natively,cd guest-examples; CARGO_TARGET_DIR=$(NATIVE_TARGET) cargo test --quiet --locked --no-fail-fast)

python: $(PYTHON_ENV)/bin/pytest ## Test the Python client against a real server
	@WASK_BINARY=$(WASK_DEV) $(PYTHON_ENV)/bin/python -m pytest -q sdk/python

$(PYTHON_ENV)/bin/pytest: sdk/python/pyproject.toml
	@.ci/setup python
	@python3 -m venv $(PYTHON_ENV)
	@$(PYTHON_ENV)/bin/pip install --quiet --disable-pip-version-check -e 'sdk/python[test]'
	@touch $@

build: setup $(WASK_RELEASE) ## Build the wask binary, optimised: target/release/wask

fmt: ## Format all Rust code
	@$(call each_workspace,cargo fmt)

tidy: ## Check the rules of the repository: dependencies between crates, file heads, sizes
	cargo test --quiet --package wask-tests --test tidy --locked

bench: setup $(WASK_RELEASE) ## Measure this machine; ARGS='--shape map --tasks 10000' narrows it
	@$(MAKE) --no-print-directory guests WASK=$(WASK_RELEASE)
	$(WASK_RELEASE) bench $(ARGS)

bench-peers: setup $(WASK_RELEASE) $(PEERS_ENV)/bin/ray ## The same workloads on Wask, Dask and Ray
	@$(MAKE) --no-print-directory guests WASK=$(WASK_RELEASE)
	@rm -rf target/bench-peers
	$(PEERS_ENV)/bin/python tests/bench/peers/peers.py --wask $(WASK_RELEASE) $(ARGS)

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
