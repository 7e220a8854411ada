# What people type; what is built and how stands in meson.build. Missing Debian packages are installed.
#
#   make            build
#   make demo       a synthetic hospital, its data set and a scorecard, in demo/
#   make check      all tests, then all again under the address and undefined-behaviour sanitizers
#   make quick      the tests without sanitizers and slow cases
#   make bench      figures beside other programs'        make fuzz   look for input that breaks a parser
#   make check-arm64    build for arm64, run the unit tests in an emulator
#   make install [PREFIX=/usr/local] [DESTDIR=]

PREFIX ?= /usr/local
ARM64_ROOT = $(CURDIR)/build-arm64-root
ARM64_RUN = qemu-aarch64 -L /usr/aarch64-linux-gnu -E GCONV_PATH=$(ARM64_ROOT)/gconv \
    -E LD_LIBRARY_PATH=$(ARM64_ROOT)/usr/lib/aarch64-linux-gnu

.PHONY: all deps demo check quick bench fuzz check-arm64 install clean

all: deps build/build.ninja
	@ninja -C build --quiet

deps:
	@scripts/install-deps.sh build

build/build.ninja: | deps
	meson setup build
build-asan/build.ninja: | deps
	meson setup build-asan --buildtype=debugoptimized -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false

demo: all
	@rm -rf demo
	build/src/app/hilum demo --out demo

check: deps build/build.ninja build-asan/build.ninja
	@scripts/check.py build build-asan

quick: deps build/build.ninja
	@scripts/check.py --quick build

bench: all
	@scripts/install-deps.sh build bench wave
	bench/run.sh

fuzz:
	@scripts/install-deps.sh build fuzz
	scripts/fuzz.sh

check-arm64:
	@scripts/install-deps.sh build arm64
	@scripts/arm64.sh build-arm64-root
	@test -f build-arm64/build.ninja || meson setup build-arm64 --cross-file build-arm64-root/cross.ini
	@scripts/check.py --units --wrapper "$(ARM64_RUN)" build-arm64

install: deps build/build.ninja
	@meson configure build -Dprefix=$(abspath $(PREFIX))
	@ninja -C build --quiet
	@meson install -C build --no-rebuild --quiet
	@echo "hilum is in $(DESTDIR)$(abspath $(PREFIX))/bin"

clean:
	rm -rf build build-asan build-fuzz build-arm64 demo fuzz-work
