# make demo    tune a small model with ADPO, and show before and after
# make test    all tests: Swift, C, Python
# make parity  what TRL, PyTorch, peft and llama.cpp make of the same; installs them
# make bench   measure libadpo; also bench-peers (beside TRL, transformers, llama.cpp), bench-growth, -families
# make models  docs/models.md: how near every family comes to transformers and PyTorch
# make study   compare granularities on a task that a program can check; takes a quarter of an hour
# make library build/libadpo.so
# make install PREFIX=/usr/local DESTDIR=

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
VERSION := $(shell sed -n 's/^\#define ADPO_VERSION_[A-Z]* *//p' include/adpo.h | paste -sd.)
PYTHON := .venv/bin/python
# With the packages of Tests/Golden/requirements.txt; made when no other is named.
PEERS_PYTHON ?= .venv-peers/bin/python

.PHONY: demo test test-swift test-levels test-sanitizers test-c test-python parity peers study
.PHONY: models bench bench-peers bench-growth bench-families library install setup lint format clean
.NOTPARALLEL:

demo: setup library
	$(PYTHON) examples/python/demo.py "$$($(PYTHON) scripts/fetch-model)"

test: setup test-swift test-c test-python

test-swift:
	ADPO_SMOLLM2="$$($(PYTHON) scripts/fetch-model)" \
	    ADPO_GEMMA3="$$($(PYTHON) scripts/fetch-model gemma3-270m)" swift test -c release
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
# as it installs PyTorch. Takes twenty minutes, most of them for tokenizers.
parity: export PYTHONPATH = bindings/python:Tests/Golden
parity: export OMP_NUM_THREADS = 1
parity: library peers
	$(PEERS_PYTHON) Tests/Parity/check_losses.py
	$(PEERS_PYTHON) Tests/Parity/check_training.py
	$(PEERS_PYTHON) Tests/Parity/check_peft.py
	$(PEERS_PYTHON) Tests/Parity/check_chat.py
	$(PEERS_PYTHON) Tests/Parity/check_tokenizers.py
	$(PEERS_PYTHON) Tests/Parity/check_exports.py "$$($(PEERS_PYTHON) scripts/fetch-model)"

models: export PYTHONPATH = bindings/python
models: setup library
	$(PYTHON) scripts/models-page

# Each prints tables and writes its section of docs/benchmarks.md. Let nothing else run meanwhile.
bench: setup library
	$(PYTHON) Benchmarks/bench.py

bench-peers: library peers
	$(PEERS_PYTHON) Benchmarks/models.py
	$(PEERS_PYTHON) Benchmarks/peers.py

bench-growth: library peers
	$(PEERS_PYTHON) Benchmarks/growth.py

bench-families: library peers
	$(PEERS_PYTHON) Benchmarks/families.py

# The environment of those that libadpo is compared with: 6 GB, as PyTorch comes with CUDA; and it
# builds llama.cpp for this processor. Takes some minutes, once.
peers: setup
	@test "$(PEERS_PYTHON)" != .venv-peers/bin/python || \
	    cmp -s Tests/Golden/requirements.txt .venv-peers/requirements.txt || { \
	    echo "peers: making .venv-peers" && \
	    python3 -m venv --clear .venv-peers && \
	    .venv-peers/bin/python -m pip install -q --disable-pip-version-check \
	        -r Tests/Golden/requirements.txt && \
	    cp Tests/Golden/requirements.txt .venv-peers/; }

study: setup library
	$(PYTHON) -m pip install -q --disable-pip-version-check -r examples/study/requirements.txt
	$(PYTHON) examples/study/study.py "$$($(PYTHON) scripts/fetch-model)"

lint: setup
	swift format lint --strict --recursive Package.swift Sources Tests examples/swift
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) scripts/check-rooms

format: setup
	swift format -i --recursive Package.swift Sources Tests examples/swift
	$(PYTHON) -m ruff format

clean:
	rm -rf build .build .build-* .venv .venv-peers examples/swift/.build
