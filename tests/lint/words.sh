#!/bin/sh
# words.sh [ROOT]: no tabs, trailing blanks, leftovers, dead code or paths of somebody's machine in any text of the tree.
set -u
cd "${1:-$(dirname "$0")/../..}" || exit 2
bad=0
tab=$(printf '\t')

# check WHAT PATTERN
check() {
    if find . \( -name '.git' -o -path './build*' -o -path './subprojects' -o -path './tests/data' \
            -o -path './tests/lint/words.sh' -o -name LICENSE \) -prune -o -type f -print0 |
        xargs -0 grep -nIE -e "$2" /dev/null; then
        echo "^ $1"
        bad=1
    fi
}

check 'tab' "$tab"
check 'trailing blank' ' +$'
check 'carriage return' "$(printf '\r')"
check 'leftover' '\b(TODO|FIXME|XXX)\b'
check 'dead code' '^[[:space:]]*#[[:space:]]*if[[:space:]]+0\b'
check 'merge conflict' '^(<<<<<<<|>>>>>>>) '
check 'path of one machine' '(^|[^A-Za-z0-9_.)}*/-])/(work|home|root)(/|[^A-Za-z0-9_-]|$)'
exit $bad
