#!/bin/sh
# What a build for arm64 needs beyond the cross compiler: the libraries, unpacked from Debian's arm64
# packages into FOLDER, and FOLDER/cross.ini for meson setup --cross-file. The system's own list of
# architectures and its packages stay as they are.
#
#   arm64.sh FOLDER
set -eu

packages="libisal-dev libisal2 libdeflate-dev libdeflate0 libssl-dev libssl3 libjansson-dev libjansson4
    libjpeg62-turbo-dev libjpeg62-turbo libpng-dev libpng16-16 zlib1g-dev zlib1g libcharls-dev libcharls2
    libopenjp2-7-dev libopenjp2-7 libstdc++6 libc6"

mkdir -p "$1"
root=$(cd "$1" && pwd)
[ -f "$root/cross.ini" ] && exit 0

apt="apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=
    -o Dir::State=$root/apt -o Dir::State::status=/dev/null -o Dir::Cache=$root/apt
    -o Acquire::Languages=none"
mkdir -p "$root/apt/lists/partial" "$root/apt/archives/partial"
# shellcheck disable=SC2086
(cd "$root/apt" && $apt update && $apt download $packages) >&2
for package in "$root"/apt/*.deb; do
    dpkg-deb -x "$package" "$root"
done
rm -r "$root/apt"

libraries=$root/usr/lib/aarch64-linux-gnu
# zlib lies in /lib, and its link for the linker goes there by an absolute path. The C library is the
# cross compiler's; that one has no character sets (iconv).
mv "$root"/lib/aarch64-linux-gnu/libz.so.* "$libraries"
ln -sf libz.so.1 "$libraries/libz.so"
mv "$libraries/gconv" "$root"
rm -r "$root/lib"

cat > "$root/cross.ini.part" <<END
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
