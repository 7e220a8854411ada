#!/bin/sh
# Fuzz every parser of outside bytes: scripts/fuzz.sh [SECONDS [TARGET...]]
#
# Builds each tests/fuzz/fuzz_*.c with libFuzzer, AddressSanitizer and UBSan against all library
# sources, runs it for SECONDS (default 60) on a corpus that starts from tests/data and is kept in
# fuzz-work/corpus, and prints one line a target. Exit 1 when something was found: the input lies in
# fuzz-work/findings/TARGET; fixed, it belongs into tests/data/faults/TARGET.
set -eu

cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
case $seconds in
'' | *[!0-9]*)
    echo "usage: scripts/fuzz.sh [SECONDS [TARGET...]]" >&2
    exit 2
    ;;
esac

CC=${FUZZ_CC:-clang}
command -v "$CC" >/dev/null || {
    echo "scripts/fuzz.sh: $CC is not installed (apt-get install clang)" >&2
    exit 5
}
work=fuzz-work
sanitize=address,undefined
pkgs="libisal libdeflate libcrypto jansson libjpeg libpng zlib charls libopenjp2 flac libcurl cairo"
flags="-std=gnu11 -O1 -g -fno-omit-frame-pointer -ffp-contract=off -fno-strict-aliasing
  -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -include src/base/banned.h -Iinclude -Isrc -I$work/generated
  $(pkg-config --cflags $pkgs) -fno-sanitize-recover=undefined"
libs="$(pkg-config --libs $pkgs) -lm -lpthread"
mkdir -p $work/obj $work/bin $work/generated/format/dicom

# The one header that the build makes.
table=$work/generated/format/dicom/dictionary_table.h
for source in scripts/make_dicom_dictionary.py src/format/dicom/dictionary.tsv; do
    [ "$table" -nt $source ] || scripts/make_dicom_dictionary.py src/format/dicom/dictionary.tsv $table
done

# The library once, instrumented; a file is compiled again when it or any header is newer.
newest_header=$(find src include -name '*.h' -newer $work/.headers 2>/dev/null | head -n 1 || true)
[ -e $work/.headers ] && [ -z "$newest_header" ] || rm -f $work/obj/*.o
touch $work/.headers
failed=0
for source in $(find src -name '*.c' ! -path 'src/app/*' | LC_ALL=C sort); do
    object=$work/obj/$(echo "$source" | tr / _).o
    [ "$object" -nt "$source" ] && continue
    isa=
    case $source in
    *_avx2.c) isa="-mavx2 -mbmi -mbmi2 -mlzcnt -mpopcnt" ;;
    *_avx512.c) isa="-mavx2 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mbmi -mbmi2 -mlzcnt -mpopcnt" ;;
    *_neon.c) case $(uname -m) in aarch64 | arm64) ;; *) continue ;; esac ;;
    esac
    case $source:$(uname -m) in
    *_avx2.c:x86_64 | *_avx512.c:x86_64) ;;
    *_avx2.c:* | *_avx512.c:*) continue ;;
    esac
    # shellcheck disable=SC2086
    "$CC" $flags $isa -fsanitize=fuzzer-no-link,$sanitize -c "$source" -o "$object" || failed=1
done
[ $failed -eq 0 ] || {
    echo "scripts/fuzz.sh: the library does not compile" >&2
    exit 70
}
rm -f $work/libhilum.a
ar rc $work/libhilum.a $work/obj/*.o

# Seeds of a target: the folders that its line in tests/fuzz/meson.build names.
seeds_of() {
    for folder in $(sed -n "s/^  '$1': \[\(.*\)\],\$/\1/p" tests/fuzz/meson.build | tr -d "',"); do
        find "tests/data/$folder" -type f
    done
    find "tests/data/faults/$1" -type f 2>/dev/null
}

[ $# -gt 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's,.*/fuzz_,,; s,\.c$,,')
status=0
for target in "$@"; do
    corpus=$work/corpus/$target
    findings=$work/findings/$target
    log=$work/$target.log
    mkdir -p "$corpus" "$findings"
    seeds_of "$target" | while read -r seed; do
        cp "$seed" "$corpus/seed-$(echo "$seed" | tr / _)"
    done
    # shellcheck disable=SC2086
    "$CC" $flags -fsanitize=fuzzer,$sanitize "tests/fuzz/fuzz_$target.c" $work/libhilum.a $libs \
        -o "$work/bin/$target"
    dictionary=
    [ -e "tests/fuzz/$target.dict" ] && dictionary="-dict=tests/fuzz/$target.dict"
    verdict=clean
    # shellcheck disable=SC2086
    "$work/bin/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -malloc_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$findings/" $dictionary \
        "$corpus" >"$log" 2>&1 || verdict=FINDING
    execs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    printf '%-12s %10s execs  %5s edges  %5s inputs  %s\n' "$target" "${execs:-?}" "${coverage:-?}" \
        "$(find "$corpus" -type f | wc -l)" "$verdict"
    if [ $verdict != clean ]; then
        status=1
        grep -m 1 -E '^SUMMARY|ERROR: |assertion|hl_assert' "$log" | sed 's/^/    /' || true
        find "$findings" -type f -newer "$work/bin/$target" | sed 's/^/    /'
    fi
done
exit $status
