#!/bin/sh
# includes.sh [ROOT]: every #include of the project's own headers stays within the boundaries of the architecture.
#
#   runtime: capi -> core -> graph, ops -> base, all of them -> include/vt
#   plugins/X, frontends/X: include/vt and their own folder; kernels: their own folder, vt/post.h and vt/half.h
#   genai, samples: their own folder and the public headers; the public headers: one another
#   openvino/c/ and vintner.h: only runtime/capi, genai, samples and tests; vintner_extension.h: runtime/graph and core, too
#
# A name is looked up beside the file, then anywhere in the tree; system and generated headers are not judged.
set -u
cd "${1:-$(dirname "$0")/../..}" || exit 2

list() {
    find . \( -name '.git' -o -path './build*' -o -path './subprojects' -o -path './tests/data' \) -prune \
        -o -type f \( -name '*.c' -o -name '*.h' -o -name '*.inc' -o -name '*.def' -o -name '*.cpp' \) -print |
        sed 's,^\./,,' | LC_ALL=C sort
}

list | awk '
# The module a file belongs to.
function module(path, part) {
    split(path, part, "/")
    if (path ~ /^runtime\/include\/vt\//) return "vt"
    if (path ~ /^runtime\/include\//) return "public"
    if (path ~ /^runtime\//) return part[2]
    if (path ~ /^plugins\/[^\/]+\/kernels\//) return "kernels:" part[2]
    if (path ~ /^(plugins|frontends)\/[^\/]+\//) return part[1] ":" part[2]
    if (path ~ /^tests\/refdev\//) return "refdev"
    return part[1]
}

# Whether a file of module `from` may include the file `to` of module `mto`.
function allowed(from, mto, to, name) {
    if (from == mto) return 1
    if (from == "tests") return 1
    if (to == "runtime/include/vintner_extension.h" && (from == "graph" || from == "core")) return 1
    if (mto == "public") return from == "capi" || from == "genai" || from == "samples"
    if (from == "vt" || from == "public" || from == "genai" || from == "samples") return 0
    if (from ~ /^kernels:/) return to == "runtime/include/vt/post.h" || to == "runtime/include/vt/half.h"
    if (mto == "vt") return 1
    if (from ~ /^plugins:/) { name = substr(from, 9); return mto == "kernels:" name }
    if (from ~ /^frontends:/ || from == "refdev") return 0
    if (mto == "base") return from in level
    if (mto == "graph" || mto == "ops") return level[from] >= 2
    if (mto == "core") return from == "capi"
    return 0
}

# a/b/../c -> a/c
function normal(path, n, i, k, part, out, kept) {
    n = split(path, part, "/")
    k = 0
    for (i = 1; i <= n; i++) {
        if (part[i] == "." || part[i] == "") continue
        if (part[i] == ".." && k > 0) { k--; continue }
        kept[++k] = part[i]
    }
    out = kept[1]
    for (i = 2; i <= k; i++) out = out "/" kept[i]
    return out
}

# Every file that `name` may stand for, as seen from `file`: the one beside it, else all that end with the name.
function candidates(file, name, dir, beside, i, n, base) {
    dir = file
    if (!sub(/\/[^\/]*$/, "", dir)) dir = "."
    beside = normal(dir "/" name)
    if (beside in known) { found[1] = beside; return 1 }
    if (name ~ /^\.\./) return 0
    n = 0
    base = name
    sub(/.*\//, "", base)
    for (i = 1; i <= same[base]; i++) {
        if (("/" with[base, i]) ~ "/" escape(name) "$") found[++n] = with[base, i]
    }
    return n
}

function escape(text) { gsub(/[.+]/, "[&]", text); return text }

function check(file, line, name, n, i, ok, to) {
    n = candidates(file, name)
    ok = n == 0
    for (i = 1; i <= n && !ok; i++) ok = allowed(module(file), module(found[i]), found[i])
    if (!ok) {
        to = found[1]
        printf "%s:%d: %s must not include \"%s\" (%s)\n", file, line, module(file), name, to
        bad = 1
    }
}

BEGIN { level["base"] = 1; level["graph"] = 2; level["ops"] = 2; level["core"] = 3; level["capi"] = 4 }
{
    files[++count] = $0
    known[$0] = 1
    base = $0
    sub(/.*\//, "", base)
    with[base, ++same[base]] = $0
}
END {
    for (f = 1; f <= count; f++) {
        line = 0
        while ((getline text < files[f]) > 0) {
            line++
            if (text !~ /^[ \t]*#[ \t]*include[ \t]*["<]/) continue
            angle = text ~ /include[ \t]*</
            sub(/^[^"<]*["<]/, "", text)
            sub(/[">].*/, "", text)
            # In angle brackets only the headers with a folder of ours are meant.
            if (angle && text !~ /^(vt|openvino\/c)\// && text !~ /^vintner(_extension)?\.h$/) continue
            check(files[f], line, text)
        }
        close(files[f])
    }
    exit bad
}'
