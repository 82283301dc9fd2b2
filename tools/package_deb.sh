#!/bin/bash
# Builds the Debian packages of this machine's architecture, with Debian's own tools:
#   libvintner0        the library
#   vintner-plugins    devices and file formats, without which the library can do nothing
#   libvintner-dev     headers, libraries to link to (shared and static), pkg-config, documentation
#   vintner-tools      benchmark_app and the other programs, and the model that is shipped
#   vintner-openvino   the names under which programs linked to OpenVINO's C library find this one
# Use: tools/package_deb.sh [--try] [FOLDER]     (FOLDER: where they go, build-deb/packages by default)
# --try, as root: makes a small Debian with debootstrap, installs them there and runs the programs.
set -euo pipefail
cd "$(dirname "$0")/.."

try=
[ "${1:-}" != --try ] || { try=1; shift; }
case ${1:-} in -*) sed -n '2,9s/^# \?//p' "$0" >&2; exit 2 ;; esac
out=$(realpath -m "${1:-build-deb/packages}")

for tool in dpkg-deb dpkg-shlibdeps dpkg-architecture meson ninja strip; do
    command -v $tool >/dev/null || { echo "$tool is missing: apt-get install dpkg-dev meson ninja-build binutils" >&2; exit 1; }
done

upstream=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build | head -n 1)
version=$upstream-1
architecture=$(dpkg-architecture -qDEB_HOST_ARCH)
lib=usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
maintainer="${DEBFULLNAME:-Vintner} <${DEBEMAIL:-vintner@localhost}>"
# Times within the packages: the same sources give the same packages.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y NEWS.md)}
export SOURCE_DATE_EPOCH

work=build-deb
rm -rf $work/installed $work/tree $work/debian
mkdir -p "$out" $work/debian

# build KIND ARGUMENTS...: into $work/KIND, installed under $work/installed.
build() {
    local dir=$work/$1
    shift
    [ -f $dir/build.ninja ] ||
        CFLAGS="-ffile-prefix-map=$PWD=." LDFLAGS="-Wl,-z,relro -Wl,-z,now" \
            meson setup $dir --prefix=/usr --libdir="${lib#usr/}" --buildtype=release -Dtests=disabled -Donednn=disabled "$@" >/dev/null
    ninja -C $dir >/dev/null
    DESTDIR=$PWD/$work/installed meson install -C $dir --no-rebuild --quiet
}
# The static build comes second: its description for pkg-config is right for both.
build shared
build static -Ddefault_library=static -Dsamples=false

# take PACKAGE PATTERN...: files of the installation, which must be there.
take() {
    local package=$1 file
    shift
    for file in "$@"; do
        (cd $work/installed && find $file -prune | grep -q . && cp -a --parents $file ../tree/"$package"/)
    done
}

# depends PACKAGE: what its programs and libraries need.
depends() {
    local files
    files=$(find "$PWD/$work/tree/$1" -type f \( -name '*.so*' -o -path '*/bin/*' \) -printf '-e%p ')
    # shellcheck disable=SC2086 # a list of words
    [ -z "$files" ] || (cd $work && dpkg-shlibdeps -O --ignore-missing-info -l"$PWD/installed/$lib" $files 2>/dev/null) |
        sed -n 's/^shlibs:Depends=//p'
}

# package NAME SECTION MULTI-ARCH DEPENDS SUMMARY <DESCRIPTION: what take() put there becomes a package.
package() {
    local name=$1 section=$2 multi=$3 needs=$4 summary=$5 tree=$work/tree/$1 found doc
    doc=$tree/usr/share/doc/$name
    mkdir -p "$doc" "$tree/DEBIAN"
    find "$tree" -type f \( -name '*.so.*' -o -name '*.so' -o -path '*/bin/*' \) -exec strip --strip-unneeded --remove-section=.comment {} +
    find "$tree" -type f -name '*.a' -exec strip --strip-debug --enable-deterministic-archives {} +
    cat >"$doc/copyright" <<TEXT
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: vintner

Files: *
Copyright: the authors of Vintner
License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.
TEXT
    printf 'vintner (%s) unstable; urgency=medium\n\n  * Release %s; NEWS.md says what is new.\n\n -- %s  %s\n' \
        "$version" "$upstream" "$maintainer" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.Debian.gz"
    found=$(depends "$name")
    needs=$needs${needs:+${found:+, }}$found
    {
        printf 'Package: %s\nSource: vintner\nVersion: %s\nArchitecture: %s\nMaintainer: %s\n' "$name" "$version" "$architecture" "$maintainer"
        printf 'Installed-Size: %s\nSection: %s\nPriority: optional\n' "$(du -k -s --apparent-size "$tree" | cut -f1)" "$section"
        [ -z "$multi" ] || printf 'Multi-Arch: %s\n' "$multi"
        [ -z "$needs" ] || printf 'Depends: %s\n' "$needs"
        printf 'Description: %s\n' "$summary"
        sed 's/^/ /'
    } >"$tree/DEBIAN/control"
    (cd "$tree" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    find "$tree" -type d -exec chmod 755 {} +
    find "$tree" -type f ! -path '*/bin/*' -exec chmod 644 {} +
    dpkg-deb --root-owner-group --build "$tree" "$out/${name}_${version}_$architecture.deb" >/dev/null
}

for name in libvintner0 vintner-plugins libvintner-dev vintner-tools vintner-openvino; do
    mkdir -p $work/tree/$name
done
# What dpkg-shlibdeps wants to find, and what it learns of our library there.
printf 'Source: vintner\n\nPackage: vintner-tools\nArchitecture: any\n' >$work/debian/control
echo "libvintner 0 libvintner0 (>= $upstream)" >$work/debian/shlibs.local

take libvintner0 "$lib/libvintner.so.*"
take vintner-plugins "$lib/vintner"
take libvintner-dev usr/include/vintner "$lib/libvintner.so" "$lib/*.a" "$lib/pkgconfig/vintner.pc"
take vintner-tools usr/bin usr/share/vintner
take vintner-openvino "$lib/libopenvino_c.so*"
mkdir -p $work/tree/libvintner0/DEBIAN $work/tree/libvintner-dev/usr/share/doc/libvintner-dev
cp -r README.md NEWS.md docs $work/tree/libvintner-dev/usr/share/doc/libvintner-dev/
echo "libvintner 0 libvintner0 (>= $upstream)" >$work/tree/libvintner0/DEBIAN/shlibs
echo "activate-noawait ldconfig" >$work/tree/libvintner0/DEBIAN/triggers

package libvintner0 libs same "vintner-plugins (>= $upstream)" "inference runtime with the C API of OpenVINO" <<'TEXT'
Loads trained models and runs them on the device at hand. The C API is compatible with that of OpenVINO, source and binary.
TEXT
package vintner-plugins libs same "" "devices and file formats of the Vintner inference runtime" <<'TEXT'
The CPU with kernels for AVX2, AVX-512 and any other processor, and the reader of OpenVINO IR files.
TEXT
package libvintner-dev libdevel same "libvintner0 (= $version), libxml2-dev, zlib1g-dev, liblzma-dev" "inference runtime with the C API of OpenVINO - development" <<'TEXT'
Headers (in a folder of their own: pkg-config vintner), shared and static libraries, documentation.
TEXT
package vintner-tools utils "" "libvintner0 (= $version)" "measuring and example programs of the Vintner inference runtime" <<'TEXT'
benchmark_app measures models on devices, hello_query_device lists devices and what they can do, hello_classification says what is in a
picture. With a model that knows handwritten digits.
TEXT
package vintner-openvino libs same "libvintner0 (= $version)" "Vintner under the names of OpenVINO's C library" <<'TEXT'
Links libopenvino_c.so and libopenvino_c.so.2641: programs that were linked to OpenVINO's C library run on Vintner.
TEXT
(cd "$out" && ls -l -- *_"$version"_"$architecture".deb)
[ -n "$try" ] || exit 0

# ---- a clean Debian

[ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null || { echo "--try needs root and debootstrap" >&2; exit 1; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
. /etc/os-release
mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb [^h]*\(http[^ ]*\).*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1 || true)
debootstrap --variant=minbase "$VERSION_CODENAME" "$root" "${mirror:-http://deb.debian.org/debian}" >"$work/debootstrap.log" 2>&1 ||
    { tail "$work/debootstrap.log"; exit 1; }
mkdir "$root/packages"
cp "$out"/*_"$version"_"$architecture".deb "$root/packages/"
inside() { DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$root" sh -euc "$1"; }
inside 'apt-get install -y -qq --no-install-recommends /packages/libvintner0_* /packages/vintner-plugins_* /packages/vintner-tools_* >/dev/null 2>&1'
inside 'hello_query_device | grep -q CPU'
inside 'hello_classification /usr/share/vintner/models/digits/digits.xml /usr/share/vintner/models/digits/images/digit3.png CPU' |
    awk '/^-------/ { getline; first = $1 } END { exit first != "3" }'
inside 'benchmark_app -m /usr/share/vintner/models/digits/digits.xml -d CPU -t 1' | grep -E 'Throughput|Median'
inside 'apt-get install -y -qq --no-install-recommends /packages/*.deb gcc libc6-dev pkgconf >/dev/null 2>&1'
awk '/^```c$/ { on = 1; next } on && /^```$/ { exit } on' README.md >"$root/main.c"
mkdir "$root/models"
cp -r models/digits "$root/models/"
for link in '$(pkg-config --libs vintner)' '-lopenvino_c' '$(pkg-config --libs --static vintner | sed s/-lvintner\ /-l:libvintner.a\ /)'; do
    inside "gcc main.c -o main \$(pkg-config --cflags vintner) $link && ./main | sort -t: -k2 -gr | head -n 1 | grep '^1:'"
done
inside 'dpkg --purge vintner-tools vintner-openvino libvintner-dev libvintner0 vintner-plugins >/dev/null && ! ls /usr/lib/*/*vintner* 2>/dev/null'
echo "the packages work in a clean $PRETTY_NAME"
