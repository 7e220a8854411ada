#!/bin/sh
# All figures: see run.py --help.
exec python3 "$(dirname "$0")/run.py" "$@"
