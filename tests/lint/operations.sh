#!/bin/sh
# operations.sh ROOT [fix]: in docs/OPERATIONS.md an operation is bold when, and only when, plugins/cpu/impls.def has
# a row for it. With "fix" the page is changed accordingly.
set -eu
page="$1/docs/OPERATIONS.md"
rows=$(sed -n 's/^CPU_IMPL("\([A-Za-z0-9]*\)".*/\1/p' "$1/plugins/cpu/impls.def" | sort -u)
[ -n "$rows" ] && [ -s "$page" ] || { echo "operations: no rows or no page under $1"; exit 1; }
bad=0
names=$(grep -E ' · ' "$page" | sed 's/ · /\n/g' | sed -n 's/^\(\**\)\([A-Z][A-Za-z0-9]*\)\(\**\) ([0-9, ]*).*/\1\2/p')
[ -n "$names" ] || { echo "operations: the page lists none"; exit 1; }
for entry in $names; do
    name=${entry#\*\*}
    bold=no; [ "$entry" = "$name" ] || bold=yes
    row=no; echo "$rows" | grep -qx "$name" && row=yes
    [ $bold = $row ] && continue
    if [ "${2:-}" = fix ]; then
        if [ $row = yes ]; then
            sed -i "s/\(^\|· \)$name (/\1**$name** (/" "$page"
        else
            sed -i "s/\(^\|· \)\*\*$name\*\* (/\1$name (/" "$page"
        fi
    else
        echo "docs/OPERATIONS.md: $name has $([ $row = yes ] && echo "an implementation on the CPU but is not bold" \
            || echo "no implementation on the CPU but is bold")"
        bad=1
    fi
done
[ $bad = 0 ] || { echo "operations: tests/lint/operations.sh . fix puts it right"; exit 1; }
