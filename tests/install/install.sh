#!/bin/sh
# install.sh BUILD shared|static: installs a build into a folder of its own, compiles the program of README.md with what
# pkg-config says of it, and runs that. Needs nothing but the folder: neither the sources' headers nor the build's libraries.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
kind=$2
cc=${CC:-cc}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

DESTDIR=$tmp/root meson install -C "$build" --no-rebuild --quiet

export PKG_CONFIG_SYSROOT_DIR="$tmp/root"
PKG_CONFIG_PATH=$(dirname "$(find "$tmp/root" -name vintner.pc)")
export PKG_CONFIG_PATH
# The folders that the compiler knows by itself are not its own here.
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1

# The block of C under "Ten lines of C".
awk '/^```c$/ { on = 1; next } on && /^```$/ { exit } on' "$root/README.md" > "$tmp/main.c"
grep -q 'int main' "$tmp/main.c"

libs=$(dirname "$PKG_CONFIG_PATH")
mkdir "$tmp/models"
cp -r "$(find "$tmp/root" -type d -path '*/vintner/models/digits')" "$tmp/models/"
case $kind in
shared)
    # shellcheck disable=SC2046 # a list of words
    $cc "$tmp/main.c" -o "$tmp/main" $(pkg-config --cflags --libs vintner)
    # Programs that were linked to OpenVINO's library find ours; OpenVINO's name works for new ones, too.
    # shellcheck disable=SC2046
    [ ! -e "$libs/libopenvino_c.so" ] ||
        $cc "$tmp/main.c" -o "$tmp/named" $(pkg-config --cflags vintner) -L"$libs" -lopenvino_c
    [ ! -e "$libs/libopenvino_c.so" ] || cmp "$libs/libopenvino_c.so.2641" "$libs/libvintner.so.0"
    ;;
static)
    # shellcheck disable=SC2046
    $cc "$tmp/main.c" -o "$tmp/main" $(pkg-config --cflags --libs --static vintner)
    if readelf -d "$tmp/main" | grep -q vintner; then
        echo "the program still needs the shared library"
        exit 1
    fi
    ;;
*) echo "use: install.sh BUILD shared|static" >&2; exit 2 ;;
esac

# Each one that is there says that a vertical stroke is a one. Run from elsewhere, with nothing in the environment.
for program in "$tmp/main" "$tmp/named"; do
    [ -e "$program" ] || continue
    (cd "$tmp" && env -i LD_LIBRARY_PATH="$libs" "$program") > "$tmp/out"
    cat "$tmp/out"
    [ "$(sort -t: -k2 -g -r "$tmp/out" | head -n 1 | cut -d: -f1)" = 1 ]
done
