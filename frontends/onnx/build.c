/* Building nodes, constants and the steps that many operators take. */
#include "translate.h"

#include "vt/half.h"

#include <math.h>
#include <string.h>

const char *onnx_fresh_name(struct onnx_node *n, const char *op)
{
    const char *base = n->def->n_out && *n->def->out[0] ? n->def->out[0] : n->def->name, *name;

    if (n->status) {
        return NULL;
    }
    name = onnx_arena_printf(&n->t->m->arena, "%s%s/%s_%d", n->scope->prefix, base, op, n->counter++);
    if (!name) {
        onnx_fail(n, VT_E_NOMEM, "out of memory");
    }
    return name;
}

int onnx_count_node(struct onnx_node *n)
{
    if (!n->status && ++n->t->n_nodes > ONNX_MAX_NODES) {
        onnx_fail(n, VT_E_RANGE, "the model becomes more than %d nodes", ONNX_MAX_NODES);
    }
    return n->status;
}

/* "name=value;name=value", which is changed. */
static int set_attrs(struct onnx_node *n, struct vt_node *node, char *text)
{
    char *next;

    for (char *pair = text; *pair; pair = next) {
        char *equals = strchr(pair, '=');
        int status;

        next = pair + strcspn(pair, ";");
        if (*next) {
            *next++ = 0;
        }
        if (!equals) {
            return onnx_fail(n, VT_E_INTERNAL, "attribute without a value: \"%s\"", pair);
        }
        *equals = 0;
        status = n->t->host->node_set_attr(node, pair, equals + 1, n->t->err);
        if (status) {
            vt_fail(n->t->err, status, "%s has no attribute '%s'", n->t->host->node_op(node), pair);
            return onnx_host_failed(n, status);
        }
    }
    return VT_OK;
}

static struct vt_node *build(struct onnx_node *n, const char *op, int opset, int n_out,
                             const struct onnx_value *in, int n_in, char *attrs)
{
    const struct vt_host *host = n->t->host;
    const char *name = onnx_fresh_name(n, op);
    struct vt_node *node;
    int status = VT_OK;

    if (!name) {
        return NULL;
    }
    while (n_in && !in[n_in - 1].node) {
        n_in--;
    }
    if (onnx_count_node(n)) {
        return NULL;
    }
    node = host->node_create(n->graph, op, opset, name, n_in, n_out, n->t->err);
    for (int i = 0; node && i < n_in && !status; i++) {
        if (in[i].node) {
            status = host->node_connect(node, i, in[i].node, in[i].port, n->t->err);
        }
    }
    if (!node || status) {
        onnx_host_failed(n, status ? status : n->t->err->code);
        return NULL;
    }
    if (attrs && set_attrs(n, node, attrs)) {
        return NULL;
    }
    status = host->node_infer(node, n->t->err);
    if (status) {
        onnx_host_failed(n, status);
        return NULL;
    }
    return node;
}

static struct onnx_value vbuild(struct onnx_node *n, const char *op, int opset, int n_out,
                                const struct onnx_value *in, int n_in, const char *attrs, va_list ap)
{
    char *text = NULL;
    va_list again;
    int length;

    if (n->status) {
        return ONNX_ABSENT;
    }
    if (attrs) {
        va_copy(again, ap);
        length = vsnprintf(NULL, 0, attrs, again);
        va_end(again);
        text = onnx_alloc(n, (size_t)(length < 0 ? 0 : length) + 1);
        if (!text) {
            return ONNX_ABSENT;
        }
        vsnprintf(text, (size_t)(length < 0 ? 0 : length) + 1, attrs, ap);
    }
    return (struct onnx_value){build(n, op, opset, n_out, in, n_in, text), 0};
}

struct onnx_value onnx_op(struct onnx_node *n, const char *op, int opset, const struct onnx_value *in,
                          int n_in, const char *attrs, ...)
{
    struct onnx_value v;
    va_list ap;

    va_start(ap, attrs);
    v = vbuild(n, op, opset, 1, in, n_in, attrs, ap);
    va_end(ap);
    return v;
}

struct onnx_value onnx_op_outs(struct onnx_node *n, const char *op, int opset, int n_out,
                               const struct onnx_value *in, int n_in, const char *attrs, ...)
{
    struct onnx_value v;
    va_list ap;

    va_start(ap, attrs);
    v = vbuild(n, op, opset, n_out, in, n_in, attrs, ap);
    va_end(ap);
    return v;
}

const char *onnx_list(struct onnx_node *n, const int64_t *values, int count)
{
    size_t room = (size_t)(count > 0 ? count : 0) * 22 + 1, at = 0;
    char *text = onnx_alloc(n, room);

    for (int i = 0; text && i < count; i++) {
        at += (size_t)snprintf(text + at, room - at, "%s%lld", i ? "," : "", (long long)values[i]);
    }
    return text ? text : "";
}

/* ---- constants */

struct onnx_value onnx_constant(struct onnx_node *n, const struct vt_tensor *t)
{
    const char *name = onnx_fresh_name(n, "Constant");
    struct onnx_value v = ONNX_ABSENT;

    if (name && onnx_count_node(n) == VT_OK) {
        v.node = n->t->host->constant_create(n->graph, name, t, NULL, n->t->err);
        if (!v.node) {
            onnx_host_failed(n, n->t->err->code);
        }
    }
    return v;
}

struct onnx_value onnx_constant_as(struct onnx_node *n, struct onnx_value v, enum vt_type type,
                                   const int64_t *dims, int count)
{
    const struct vt_tensor *t = onnx_tensor_of(n, v);
    struct vt_tensor view;
    const char *name;
    uint64_t offset;

    if (n->status) {
        return ONNX_ABSENT;
    }
    if (!t || !vt_tensor_describe(&view, type, count, dims) || view.bytes != t->bytes) {
        onnx_fail(n, VT_E_SHAPE, "a constant of %zu bytes cannot be taken for one of another shape",
                  t ? t->bytes : (size_t)0);
        return ONNX_ABSENT;
    }
    view.data = t->data;
    name = onnx_fresh_name(n, "Constant");
    if (name) {
        const struct vt_blob *blob = n->t->host->node_constant_blob(v.node, &offset);

        /* The new constant takes a reference, which does not change what the blob holds. */
        v.node =
            n->t->host->constant_create(n->graph, name, &view, (struct vt_blob *)(uintptr_t)blob, n->t->err);
        v.port = 0;
        if (!v.node) {
            onnx_host_failed(n, n->t->err->code);
        }
    }
    return v;
}

struct onnx_value onnx_i64(struct onnx_node *n, int64_t value)
{
    struct vt_tensor t;

    vt_tensor_describe(&t, VT_I64, 0, NULL);
    t.data = &value;
    return onnx_constant(n, &t);
}

struct onnx_value onnx_i64s(struct onnx_node *n, const int64_t *values, int count)
{
    struct vt_tensor t;
    int64_t length = count;

    if (!vt_tensor_describe(&t, VT_I64, 1, &length)) {
        onnx_fail(n, VT_E_INTERNAL, "a list of %d numbers", count);
        return ONNX_ABSENT;
    }
    t.data = count ? (void *)(uintptr_t)values : NULL;
    return onnx_constant(n, &t);
}

static int64_t to_i64(double value)
{
    return value >= 9223372036854775807.0    ? INT64_MAX
           : value <= -9223372036854775808.0 ? INT64_MIN
                                             : (int64_t)value;
}

/* The bits of a number as an element type has them. */
static bool encode(enum vt_type type, double value, uint64_t *bits)
{
    float f = (float)value;

    switch (type) {
    case VT_F32: *bits = vt_f32_bits(f); return true;
    case VT_F64: memcpy(bits, &value, sizeof(value)); return true;
    case VT_F16: *bits = vt_f32_to_f16(f); return true;
    case VT_BF16: *bits = vt_f32_to_bf16(f); return true;
    case VT_F8E4M3: *bits = vt_f32_to_f8e4m3(f); return true;
    case VT_F8E5M2: *bits = vt_f32_to_f8e5m2(f); return true;
    case VT_F8E8M0: *bits = vt_f32_to_f8e8m0(f); return true;
    case VT_F4E2M1: *bits = vt_f32_to_f4e2m1(f); return true;
    case VT_NF4: *bits = vt_f32_to_nf4(f); return true;
    case VT_BOOLEAN: *bits = value != 0; return true;
    case VT_U64:
        *bits = value >= 9223372036854775808.0 ? (uint64_t)value : (uint64_t)to_i64(value);
        return true;
    case VT_DYNAMIC:
    case VT_STRING: return false;
    default: *bits = isnan(value) ? 0 : (uint64_t)to_i64(value); return true;
    }
}

struct onnx_value onnx_number(struct onnx_node *n, enum vt_type type, double value)
{
    struct vt_tensor t;
    uint64_t bits = 0;

    if (n->status) {
        return ONNX_ABSENT;
    }
    if (!encode(type, value, &bits) || !vt_tensor_describe(&t, type, 0, NULL)) {
        onnx_fail(n, VT_E_TYPE, "a number of type %s is wanted", vt_type_info(type)->name);
        return ONNX_ABSENT;
    }
    if (vt_type_info(type)->bits < 8) {
        bits &= (1u << vt_type_info(type)->bits) - 1;
        bits <<= type == VT_U1 ? 7 : 0;
    }
    t.data = &bits;
    return onnx_constant(n, &t);
}

struct onnx_value onnx_number_like(struct onnx_node *n, struct onnx_value like, double value)
{
    enum vt_type type = onnx_type(n, like);

    if (type != VT_DYNAMIC) {
        return onnx_number(n, type, value);
    }
    return onnx_convert_like(n, onnx_number(n, VT_F32, value), like);
}

/* ---- common steps */

struct onnx_value onnx_convert(struct onnx_node *n, struct onnx_value v, enum vt_type type)
{
    if (onnx_type(n, v) == type) {
        return v;
    }
    return onnx_op(n, "Convert", 1, &v, 1, "destination_type=%s", vt_type_info(type)->name);
}

struct onnx_value onnx_convert_like(struct onnx_node *n, struct onnx_value v, struct onnx_value like)
{
    enum vt_type type = onnx_type(n, like);

    return type != VT_DYNAMIC ? onnx_convert(n, v, type)
                              : onnx_op(n, "ConvertLike", 1, ONNX_IN(v, like), NULL);
}

struct onnx_value onnx_shape_of(struct onnx_node *n, struct onnx_value v)
{
    return onnx_op(n, "ShapeOf", 3, &v, 1, "output_type=i64");
}

struct onnx_value onnx_rank_of(struct onnx_node *n, struct onnx_value v)
{
    int64_t zero = 0;
    int rank = onnx_rank(n, v);

    return rank >= 0 ? onnx_i64(n, rank) : onnx_squeeze(n, onnx_shape_of(n, onnx_shape_of(n, v)), &zero, 1);
}

struct onnx_value onnx_reshape(struct onnx_node *n, struct onnx_value v, const int64_t *dims, int count,
                               bool zero_keeps)
{
    return onnx_op(n, "Reshape", 1, ONNX_IN(v, onnx_i64s(n, dims, count)), "special_zero=%s",
                   zero_keeps ? "true" : "false");
}

struct onnx_value onnx_squeeze(struct onnx_node *n, struct onnx_value v, const int64_t *axes, int count)
{
    return count ? onnx_op(n, "Squeeze", 1, ONNX_IN(v, onnx_i64s(n, axes, count)), NULL)
                 : onnx_op(n, "Squeeze", 1, &v, 1, NULL);
}

struct onnx_value onnx_unsqueeze(struct onnx_node *n, struct onnx_value v, const int64_t *axes, int count)
{
    return onnx_op(n, "Unsqueeze", 1, ONNX_IN(v, onnx_i64s(n, axes, count)), NULL);
}

struct onnx_value onnx_transpose(struct onnx_node *n, struct onnx_value v, const int64_t *order, int count)
{
    return onnx_op(n, "Transpose", 1, ONNX_IN(v, onnx_i64s(n, order, count)), NULL);
}

struct onnx_value onnx_concat(struct onnx_node *n, const struct onnx_value *in, int n_in, int64_t axis)
{
    return onnx_op(n, "Concat", 1, in, n_in, "axis=%lld", (long long)axis);
}

struct onnx_value onnx_slice_axis(struct onnx_node *n, struct onnx_value v, int64_t axis, int64_t begin,
                                  int64_t end)
{
    return onnx_op(n, "Slice", 8,
                   ONNX_IN(v, ONNX_I64S(n, begin), ONNX_I64S(n, end), ONNX_I64S(n, 1), ONNX_I64S(n, axis)),
                   NULL);
}

struct onnx_value onnx_gather_axis(struct onnx_node *n, struct onnx_value v, struct onnx_value index,
                                   int64_t axis)
{
    return onnx_op(n, "Gather", 8, ONNX_IN(v, index, onnx_i64(n, axis)), NULL);
}

struct onnx_value onnx_binary(struct onnx_node *n, const char *op, int opset, struct onnx_value a,
                              struct onnx_value b)
{
    return onnx_op(n, op, opset, ONNX_IN(a, b), NULL);
}
