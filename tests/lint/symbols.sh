#!/bin/sh
# symbols.sh LIBRARY: the library exports the functions of tests/headers/functions.txt, the variables of
# property-keys.txt (8-byte data: programs hold copies of them) and the vt_* functions of vintner.h, nothing else.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
lib=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

{
    sed 's/$/ function/' "$root/tests/headers/functions.txt"
    sed 's/ .*/ variable/' "$root/tests/headers/property-keys.txt"
    grep -o 'vt_[a-z0-9_]*(' "$root/runtime/include/vintner.h" | sed 's/($/ function/'
} | sort -u > "$tmp/wanted"

# nm -P prints name, type, value and size (hexadecimal); sanitizers add symbols of their own.
nm -D -P --defined-only "$lib" | awk '
    $1 ~ /^_*(odr_)?asan_/ { next }
    { sub(/@.*/, "", $1) }
    $2 == "T" { print $1, "function"; next }
    $2 ~ /^[BD]$/ && $4 ~ /^0*8$/ { print $1, "variable"; next }
    { print $1, "of type " $2 " and size 0x" $4 }' | sort -u > "$tmp/got"

if ! diff "$tmp/wanted" "$tmp/got" > "$tmp/diff"; then
    echo "$lib: < is missing, > is exported but should not be"
    grep '^[<>]' "$tmp/diff"
    exit 1
fi
echo "$(wc -l < "$tmp/got") symbols"
