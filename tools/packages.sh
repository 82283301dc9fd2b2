#!/bin/sh
# Installs the Debian packages that are missing for building and testing. As root (or through sudo) on Debian 12 or later; elsewhere
# it only says what is missing. Use: tools/packages.sh build|check
set -eu

build="gcc meson ninja-build pkg-config libxml2-dev liblzma-dev libpng-dev libjpeg-dev libjansson-dev libdnnl-dev"
check="libcmocka-dev clang libclang-rt-14-dev clang-format qemu-user gcc-aarch64-linux-gnu g++ git"
arm64="libxml2-dev:arm64 libcmocka-dev:arm64"

case ${1:-build} in
build) wanted=$build ;;
check) wanted="$build $check $arm64" ;;
*) echo "use: tools/packages.sh build|check" >&2; exit 2 ;;
esac

missing=
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "no apt-get here; install the equivalents of:$missing" >&2
    exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "not root and no sudo; as root run: apt-get install$missing" >&2
        exit 1
    fi
    sudo=sudo
fi
echo "installing:$missing"
case $missing in *:arm64*) $sudo dpkg --add-architecture arm64 ;; esac
$sudo apt-get update -qq
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
