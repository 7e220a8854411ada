#!/bin/sh
# Install the Debian packages that building and testing need, when they are missing.
#
#   install-deps.sh [build] [fuzz] [arm64] [bench] [scale] [wave]
#
# scale is for tests/scale, wave for tests of records beside other programs; both skip what is not
# there. Debian may start its daemons once they are installed; the tests have their own, on ports and
# sockets of their own.
#
# As root (or through sudo) they are installed; otherwise the command to do so is printed. With all of
# them there nothing happens, quickly. On a system without dpkg nothing is done: see the names below.
set -eu

build="make meson ninja-build gcc libc6-dev pkg-config libisal-dev libdeflate-dev libssl-dev libjansson-dev
    libjpeg62-turbo-dev libpng-dev zlib1g-dev libcharls-dev libopenjp2-7-dev libflac-dev libcairo2-dev libcurl4-openssl-dev python3"
fuzz="clang libclang-rt-14-dev"
bench="isal dcmtk python3-venv"
scale="slurmctld slurmd slurm-client munge parallel openmpi-bin"
wave="nginx-light flac dictzip"
arm64="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"

wanted=
for group in "${@:-build}"; do
    case $group in
    build) wanted="$wanted $build" ;;
    fuzz) wanted="$wanted $fuzz" ;;
    arm64) wanted="$wanted $arm64" ;;
    bench) wanted="$wanted $bench" ;;
    scale) wanted="$wanted $scale" ;;
    wave) wanted="$wanted $wave" ;;
    *) echo "install-deps.sh: no group '$group'; there are build, fuzz, arm64, bench, scale, wave" >&2; exit 2 ;;
    esac
done

command -v dpkg-query >/dev/null 2>&1 || exit 0
# shellcheck disable=SC2086  # a list of names
there=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p')
missing=
for package in $wanted; do
    case "
$there
" in
    *"
$package
"*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

install="env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    sudo=sudo
else
    printf 'Packages are missing. Install them, then run make again:\n\n    sudo apt-get install%s\n\n' "$missing" >&2
    exit 1
fi
echo "installing:$missing" >&2
# The list of packages may be old or absent: fetch it when installing fails without.
# shellcheck disable=SC2086
$sudo $install >/dev/null 2>&1 || { $sudo apt-get update -q && $sudo $install; } >&2
