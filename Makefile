# clearml-sync: everything a person needs, by name. `make demo` and `make test` install what they lack (Debian, Ubuntu).

SWIFT ?= swift
PREFIX ?= /usr/local
BINARY := .build/release/clearml-sync
# The Swift runtime goes into the binary: it then runs on machines without a toolchain.
RELEASE := -c release --static-swift-stdlib
CHECKS := -Xswiftc -warnings-as-errors

BUILD_PACKAGES := libarchive-dev libcurl4-openssl-dev libisal-dev libsqlite3-dev libssl-dev libxxhash-dev zlib1g-dev pkg-config
TEST_PACKAGES := nginx-light openssl

.PHONY: demo build test test-servers bench format lint install clean deps test-deps

demo: build
	$(BINARY) pull manifests/quickstart.yaml
	@echo
	@echo "What is in the workspace now:"
	@find manifests/quickstart -path '*/.clearml-sync' -prune -o \( -type f -o -type l \) -print | sort

build: deps
	$(SWIFT) build $(RELEASE) --product clearml-sync

test: deps test-deps
	$(SWIFT) test --parallel

test-servers: deps
	$(SWIFT) build --product clearml-sync
	Tests/Servers/run

bench: build
	Tests/Benchmarks/run

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

install: build
	install -D -m 0755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/clearml-sync

clean:
	rm -rf .build .venv

deps:
	@Tests/Servers/apt-install $(BUILD_PACKAGES)

test-deps:
	@Tests/Servers/apt-install $(TEST_PACKAGES)
