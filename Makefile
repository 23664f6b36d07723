# make demo    tune a small model with ADPO, and show before and after
# make test    all tests: Swift, C, Python
# make parity  what TRL, PyTorch, peft and llama.cpp make of the same; installs them
# make bench   measure libadpo; also bench-peers (beside TRL, transformers, llama.cpp), bench-growth
# make study   compare granularities on a task that a program can check; takes a quarter of an hour
# make library build/libadpo.so
# make install PREFIX=/usr/local DESTDIR=

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
VERSION := $(shell sed -n 's/^\#define ADPO_VERSION_[A-Z]* *//p' include/adpo.h | paste -sd.)
PYTHON := .venv/bin/python
# With the packages of Tests/Golden/requirements.txt; made when no other is named.
BENCH_PYTHON ?= .venv-bench/bin/python

.PHONY: demo test test-swift test-levels test-sanitizers test-c test-python parity study
.PHONY: bench bench-peers bench-growth bench-environment library install setup lint format clean
.NOTPARALLEL:

demo: setup library
	$(PYTHON) examples/python/demo.py "$$($(PYTHON) scripts/fetch-model)"

test: setup test-swift test-c test-python

test-swift:
	ADPO_SMOLLM2="$$($(PYTHON) scripts/fetch-model)" swift test -c release
	@mkdir -p build
	swift run -c release --package-path examples/swift TuneAndGenerate \
	    Tests/Fixtures/models/llama-f32 build/swift-example

# As on processors without AVX-512, and without AVX.
test-levels:
	scripts/test-levels

# The C tests with sanitizers: for addresses and leaks, and for threads.
test-sanitizers:
	scripts/test-sanitizers

test-c: library
	Tests/C/run

test-python: library
	$(PYTHON) -m pytest bindings/python

setup:
	@scripts/setup

library:
	scripts/build-library

install:
	@test -f build/libadpo.so || { echo "first run: make library" >&2; exit 1; }
	install -d "$(DESTDIR)$(LIBDIR)/pkgconfig" "$(DESTDIR)$(PREFIX)/include"
	install -m 755 build/libadpo.so "$(DESTDIR)$(LIBDIR)/libadpo.so.$(VERSION)"
	ln -sf libadpo.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/libadpo.so.0"
	ln -sf libadpo.so.0 "$(DESTDIR)$(LIBDIR)/libadpo.so"
	install -m 644 include/adpo.h "$(DESTDIR)$(PREFIX)/include/adpo.h"
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    scripts/adpo.pc.in >"$(DESTDIR)$(LIBDIR)/pkgconfig/adpo.pc"

# Losses, training and files beside those of others: writes docs/parity.md. Not part of `make test`,
# as it installs PyTorch.
parity: export PYTHONPATH = bindings/python:Tests/Golden
parity: library
	python3 -m venv .venv-parity
	.venv-parity/bin/python -m pip install -q -r Tests/Golden/requirements.txt
	.venv-parity/bin/python Tests/Parity/check_losses.py
	.venv-parity/bin/python Tests/Parity/check_training.py
	.venv-parity/bin/python Tests/Parity/check_peft.py
	.venv-parity/bin/python Tests/Parity/check_exports.py \
	    "$$(.venv-parity/bin/python scripts/fetch-model)"

# Each prints tables and writes its section of docs/benchmarks.md. Let nothing else run meanwhile.
bench: setup library
	$(PYTHON) Benchmarks/bench.py

bench-peers: library bench-environment
	$(BENCH_PYTHON) Benchmarks/models.py
	$(BENCH_PYTHON) Benchmarks/peers.py

bench-growth: library bench-environment
	$(BENCH_PYTHON) Benchmarks/growth.py

# Builds llama.cpp for this processor, which takes some minutes.
bench-environment:
	@test "$(BENCH_PYTHON)" != .venv-bench/bin/python || \
	    cmp -s Tests/Golden/requirements.txt .venv-bench/requirements.txt || { \
	    python3 -m venv --clear .venv-bench && \
	    .venv-bench/bin/python -m pip install -q -r Tests/Golden/requirements.txt && \
	    cp Tests/Golden/requirements.txt .venv-bench/; }

study: setup library
	$(PYTHON) -m pip install -q --disable-pip-version-check -r examples/study/requirements.txt
	$(PYTHON) examples/study/study.py "$$($(PYTHON) scripts/fetch-model)"

lint: setup
	swift format lint --strict --recursive Package.swift Sources Tests examples/swift
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check

format: setup
	swift format -i --recursive Package.swift Sources Tests examples/swift
	$(PYTHON) -m ruff format

clean:
	rm -rf build .build .build-* .venv .venv-parity .venv-bench examples/swift/.build
