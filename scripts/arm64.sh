#!/bin/sh
# What a build for arm64 needs beyond the cross compiler: the libraries, unpacked from Debian's arm64
# packages into FOLDER, and FOLDER/cross.ini for meson setup --cross-file. The system's own list of
# architectures and its packages stay as they are.
#
#   arm64.sh FOLDER
set -eu

development="libisal-dev libdeflate-dev libssl-dev libjansson-dev libjpeg62-turbo-dev libpng-dev zlib1g-dev
    libcharls-dev libopenjp2-7-dev libflac-dev libcurl4-openssl-dev libcairo2-dev"
shared="libisal2 libdeflate0 libssl3 libjansson4 libjpeg62-turbo libpng16-16 zlib1g libcharls2 libopenjp2-7
    libflac12 libcurl4 libcairo2"

mkdir -p "$1"
root=$(cd "$1" && pwd)
wanted=$(echo "# $development $shared" | tr -s ' \n' ' ')
head -n 1 "$root/cross.ini" 2>/dev/null | grep -qxF "$wanted" && exit 0
[ ! -f "$root/cross.ini" ] || rm -rf "$root/cross.ini" "${root:?}/usr" "${root:?}/etc"

apt="apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=
    -o Dir::State=$root/apt -o Dir::State::status=/dev/null -o Dir::Cache=$root/apt
    -o Acquire::Languages=none"
mkdir -p "$root/apt/lists/partial" "$root/apt/archives/partial"
# Shared libraries with all that they need in turn; of what is no library (debconf, fonts) nothing. What
# -dev packages need in turn is for linking statically.
# shellcheck disable=SC2046,SC2086
(cd "$root/apt" && $apt update &&
    $apt download $development $($apt -s install --no-install-recommends $shared |
        sed -n 's/^Inst \(lib[^ ]*\|zlib1g\) .*/\1/p')) >&2

# The C library is the cross compiler's; that one has no character sets (iconv).
libraries=$root/usr/lib/aarch64-linux-gnu
dpkg-deb -x "$root"/apt/libc6_*.deb "$root/apt/libc6"
rm -rf "$root/gconv"
mv "$root/apt/libc6/usr/lib/aarch64-linux-gnu/gconv" "$root"
rm "$root"/apt/libc6_*.deb
for package in "$root"/apt/*.deb; do
    dpkg-deb -x "$package" "$root"
done
rm -r "$root/apt"
# Some libraries lie in /lib, and the links for the linker go there by an absolute path.
cp -a "$root"/lib/aarch64-linux-gnu/. "$libraries"
rm -r "${root:?}/lib"
find "$libraries" -type l -lname '/lib/aarch64-linux-gnu/*' | while read -r link; do
    ln -sf "$(basename "$(readlink "$link")")" "$link"
done
sed -i '/^Requires.private/d' "$libraries"/pkgconfig/*.pc

cat > "$root/cross.ini.part" <<END
$wanted
[binaries]
c = 'aarch64-linux-gnu-gcc'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu', '-E', 'LD_LIBRARY_PATH=$libraries',
    '-E', 'GCONV_PATH=$root/gconv']

[properties]
sys_root = '$root'
pkg_config_libdir = '$libraries/pkgconfig'

[built-in options]
c_args = ['-isystem', '$root/usr/include', '-isystem', '$root/usr/include/aarch64-linux-gnu']
c_link_args = ['-L$libraries', '-Wl,-rpath-link,$libraries']

[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
mv "$root/cross.ini.part" "$root/cross.ini"
