#!/bin/sh
# version.sh HEADER VERSION: the version macros of vintner.h and the project's version in meson.build are one number.
set -u
got=$(awk '$1 == "#define" && $2 ~ /^VT_VERSION_(MAJOR|MINOR|PATCH)$/ { printf "%s%s", sep, $3; sep = "." }' "$1")
if [ "$got" != "$2" ]; then
    echo "$1: version is $got, meson.build says $2" >&2
    exit 1
fi
