#!/bin/sh
# embed_text.sh NAME HEADER < FILE > FILE.c - a C file that holds FILE as the NUL-terminated array
# `const char NAME[]`, which HEADER declares.
set -eu
printf '/* Made by scripts/embed_text.sh. */\n#include "%s"\n\nconst char %s[] = {\n' "$2" "$1"
od -An -v -tx1 | sed "s/ \(..\)/'\\\\x\1',/g"
printf '0};\n'
