#!/bin/sh
# includes.sh accepts a small tree that keeps the boundaries and names each line that breaks them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# put FILE INCLUDE...
put() {
    file=$tmp/$1
    shift
    mkdir -p "$(dirname "$file")"
    : > "$file"
    for name; do
        echo "#include \"$name\"" >> "$file"
    done
}

put runtime/include/openvino/c/ov_core.h
put runtime/include/vintner.h openvino/c/ov_core.h
put runtime/include/vt/tensor.h
put runtime/include/vt/post.h
put runtime/base/arena.h vt/tensor.h
put runtime/graph/node.h arena.h
put runtime/ops/add.c node.h arena.h
put runtime/core/core.h node.h arena.h
put runtime/capi/core.c core.h openvino/c/ov_core.h vintner.h stdio.h
put plugins/cpu/exec.h vt/tensor.h
put plugins/cpu/exec.c exec.h kernels/gemm.h
put plugins/cpu/ops/add.c exec.h ../kernels/gemm.h
put plugins/cpu/kernels/gemm.h vt/post.h
put plugins/gpu/exec.h
put plugins/gpu/ops/add.c exec.h
put frontends/ir/ir.c vt/tensor.h
put samples/hello/main.c vintner.h openvino/c/ov_core.h
put tests/core.c core.h openvino/c/ov_core.h
if ! "$here/includes.sh" "$tmp"; then
    echo "a good tree is refused"
    exit 1
fi

put runtime/base/log.c node.h
put runtime/graph/bad.c core.h
put runtime/core/bad.c openvino/c/ov_core.h
put plugins/cpu/kernels/bad.c vt/tensor.h
put plugins/gpu/bad.c arena.h kernels/gemm.h
put frontends/ir/bad.c arena.h
put frontends/onnx/bad.c vintner.h
put samples/hello/bad.c vt/tensor.h
put runtime/include/vt/bad.h arena.h
printf '\n#  include <openvino/c/ov_core.h>\n' > "$tmp/plugins/cpu/angle.c"
cat > "$tmp/wanted" << EOF
frontends/ir/bad.c:1:
frontends/onnx/bad.c:1:
plugins/cpu/angle.c:2:
plugins/cpu/kernels/bad.c:1:
plugins/gpu/bad.c:1:
plugins/gpu/bad.c:2:
runtime/base/log.c:1:
runtime/core/bad.c:1:
runtime/graph/bad.c:1:
runtime/include/vt/bad.h:1:
samples/hello/bad.c:1:
EOF
if "$here/includes.sh" "$tmp" > "$tmp/out"; then
    echo "a bad tree is accepted"
    exit 1
fi
cut -d ' ' -f 1 "$tmp/out" | LC_ALL=C sort > "$tmp/got"
diff "$tmp/wanted" "$tmp/got"
