/* Parts of tensors: slices, splits, joins, borders. */
#include "parts.h"

int onnx_concat_op(struct onnx_node *n)
{
    int count = onnx_n_in(n);
    struct onnx_value *in = onnx_alloc(n, ((size_t)count + 1) * sizeof(*in));

    for (int i = 0; in && i < count; i++) {
        in[i] = onnx_in(n, i);
    }
    if (count == 1 && in) {
        return onnx_out(n, 0, in[0]);
    }
    return onnx_out(n, 0, onnx_concat(n, in, count, onnx_attr_i(n, "axis", 1)));
}

/* ---- Slice */

static struct onnx_value ones_like(struct onnx_node *n, struct onnx_value list)
{
    return onnx_broadcast(n, onnx_i64(n, 1), onnx_shape_of(n, list), "numpy");
}

static struct onnx_value slice(struct onnx_node *n, struct onnx_value x, struct onnx_value begin,
                               struct onnx_value end, struct onnx_value step, struct onnx_value axes)
{
    begin = onnx_convert(n, begin, VT_I64);
    end = onnx_convert(n, end, VT_I64);
    step = step.node ? onnx_convert(n, step, VT_I64) : ones_like(n, begin);
    if (!axes.node) {
        return onnx_op(n, "Slice", 8, ONNX_IN(x, begin, end, step), NULL);
    }
    return onnx_op(n, "Slice", 8, ONNX_IN(x, begin, end, step, onnx_convert(n, axes, VT_I64)), NULL);
}

static struct onnx_value attr_list(struct onnx_node *n, const char *name)
{
    int count = 0;
    const int64_t *values = onnx_attr_is(n, name, &count);

    return values ? onnx_i64s(n, values, count) : ONNX_ABSENT;
}

int onnx_slice_op(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);

    if (onnx_opset(n) >= 10) {
        return onnx_out(n, 0,
                        slice(n, x, onnx_in(n, 1), onnx_in(n, 2), onnx_in_opt(n, 4), onnx_in_opt(n, 3)));
    }
    if (!onnx_has_attr(n, "starts") || !onnx_has_attr(n, "ends")) {
        return onnx_fail(n, VT_E_INVALID, "attributes starts and ends are missing");
    }
    return onnx_out(
        n, 0, slice(n, x, attr_list(n, "starts"), attr_list(n, "ends"), ONNX_ABSENT, attr_list(n, "axes")));
}

/* ---- Split */

/* Parts of ceil(dim / count) elements, the last one takes what is left. Absent where equal parts come out. */
static struct onnx_value uneven(struct onnx_node *n, struct onnx_value x, int64_t axis, int count)
{
    int64_t dim = onnx_dim(n, x, (int)axis), minus = -1;
    struct onnx_value part, parts;

    if (onnx_opset(n) < 18 || (dim >= 0 && count > 0 && dim % count == 0)) {
        return ONNX_ABSENT;
    }
    part = onnx_add(n, onnx_dim_value(n, x, axis), onnx_i64(n, count - 1));
    part = onnx_div(n, part, onnx_i64(n, count));
    parts = onnx_broadcast(n, part, ONNX_I64S(n, count - 1), "numpy");
    return onnx_concat(n, ONNX_IN(parts, onnx_i64s(n, &minus, 1)), 0);
}

int onnx_split(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), lengths, v;
    int64_t axis = onnx_attr_i(n, "axis", 0);
    int count = (int)onnx_attr_i(n, "num_outputs", onnx_n_out(n));

    lengths = onnx_opset(n) >= 13 ? onnx_in_opt(n, 1) : attr_list(n, "split");
    if (count < onnx_n_out(n)) {
        return onnx_fail(n, VT_E_INVALID, "num_outputs is %d, the node has %d outputs", count, onnx_n_out(n));
    }
    lengths = lengths.node ? lengths : uneven(n, x, axis, count);
    if (lengths.node) {
        v = onnx_op_outs(n, "VariadicSplit", 1, count, ONNX_IN(x, onnx_i64(n, axis), lengths), NULL);
    } else {
        v = onnx_op_outs(n, "Split", 1, count, ONNX_IN(x, onnx_i64(n, axis)), "num_splits=%d", count);
    }
    for (int i = 0; i < count && i < onnx_n_out(n); i++) {
        onnx_out(n, i, onnx_port(v, i));
    }
    return onnx_status(n);
}

/* ---- Compress */

int onnx_compress(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), condition = onnx_in(n, 1), places;
    int64_t axis = 0;

    places = onnx_op(n, "NonZero", 3, ONNX_IN(condition), "output_type=i64");
    places = onnx_reshape(n, places, (const int64_t[]){-1}, 1, false);
    if (onnx_has_attr(n, "axis")) {
        axis = onnx_attr_i(n, "axis", 0);
    } else {
        x = onnx_reshape(n, x, (const int64_t[]){-1}, 1, false);
    }
    return onnx_out(n, 0, onnx_gather_axis(n, x, places, axis));
}

/* ---- CenterCropPad: to the middle of `want` elements, axis by axis, all of it in the order of `axes` */

/* A list with an element for each of `axes` as one with an element for each axis of x, 0 for the others. */
static struct onnx_value spread(struct onnx_node *n, struct onnx_value x, struct onnx_value list,
                                struct onnx_value axes)
{
    struct onnx_value rank = onnx_unsqueeze(n, onnx_rank_of(n, x), (const int64_t[]){0}, 1),
                      zeros = onnx_broadcast(n, onnx_i64(n, 0), rank, "numpy");

    return onnx_op(n, "ScatterElementsUpdate", 12, ONNX_IN(zeros, axes, list, onnx_i64(n, 0)), NULL);
}

int onnx_center_crop_pad(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), want = onnx_convert(n, onnx_in(n, 1), VT_I64),
                      axes = attr_list(n, "axes"), zero = onnx_i64(n, 0), two = onnx_i64(n, 2), have, first,
                      more, before;

    axes = axes.node ? axes : onnx_all_axes(n, x);
    have = onnx_gather_axis(n, onnx_shape_of(n, x), axes, 0);
    first = onnx_binary(n, "Maximum", 1, onnx_sub(n, have, want), zero);
    first = onnx_div(n, first, two);
    more = onnx_binary(n, "Maximum", 1, onnx_sub(n, want, have), zero);
    before = onnx_div(n, more, two);
    x = slice(n, x, first, onnx_add(n, first, onnx_binary(n, "Minimum", 1, have, want)), ONNX_ABSENT, axes);
    x = onnx_op(n, "Pad", 12,
                ONNX_IN(x, spread(n, x, before, axes), spread(n, x, onnx_sub(n, more, before), axes),
                        onnx_nothing_like(n, x)),
                "pad_mode=constant");
    return onnx_out(n, 0, x);
}

/* ---- Pad */

struct pads {
    struct onnx_value begin, end; /* i64, an element an axis */
    int rank;                     /* of x, -1: not known */
    bool known;
    int64_t begins[VT_MAX_RANK], ends[VT_MAX_RANK]; /* if known and the rank is known */
};

/* Known pads for known axes (NULL: all) of a known rank. */
static int place_known(struct onnx_node *n, struct pads *p, const int64_t *values, int64_t count,
                       const int64_t *axes, int64_t n_axes)
{
    if (count != 2 * n_axes || (!axes && n_axes != p->rank)) {
        return onnx_fail(n, VT_E_INVALID, "pads has %lld elements, there are %lld axes", (long long)count,
                         (long long)n_axes);
    }
    for (int64_t i = 0; i < n_axes; i++) {
        int64_t axis = axes ? onnx_axis(n, axes[i], p->rank) : i;

        if (onnx_status(n)) {
            return onnx_status(n);
        }
        p->begins[axis] = values[i];
        p->ends[axis] = values[n_axes + i];
    }
    p->known = true;
    p->begin = onnx_i64s(n, p->begins, p->rank);
    p->end = onnx_i64s(n, p->ends, p->rank);
    return VT_OK;
}

static void read_pads(struct onnx_node *n, struct onnx_value x, struct pads *p)
{
    bool by_input = onnx_opset(n) >= 11;
    struct onnx_value list = by_input ? onnx_convert(n, onnx_in(n, 1), VT_I64)
                                      : attr_list(n, onnx_opset(n) < 2 ? "paddings" : "pads"),
                      axes = onnx_opset(n) >= 18 ? onnx_in_opt(n, 3) : ONNX_ABSENT;
    int64_t count = 0, n_axes = 0;
    const int64_t *values, *places = NULL;

    if (!list.node) {
        onnx_fail(n, VT_E_INVALID, "pads are missing");
        return;
    }
    *p = (struct pads){.rank = onnx_rank(n, x)};
    values = onnx_known(n, list, &count);
    places = axes.node ? onnx_known(n, axes, &n_axes) : NULL;
    if (values && p->rank >= 0 && (!axes.node || places)) {
        place_known(n, p, values, count, places, axes.node ? n_axes : count / 2);
        return;
    }
    list = onnx_op_outs(n, "Split", 1, 2, ONNX_IN(list, onnx_i64(n, 0)), "num_splits=2");
    p->begin = onnx_port(list, 0);
    p->end = onnx_port(list, 1);
    if (axes.node) {
        axes = onnx_convert(n, axes, VT_I64);
        p->begin = spread(n, x, p->begin, axes);
        p->end = spread(n, x, p->end, axes);
    }
}

/* Places of the source along an axis, in the order of the result: of a torus, or of a mirror without its
 * edges, 0 1 2 1 0 1 2 ... */
static struct onnx_value gather_border(struct onnx_node *n, struct onnx_value x, int64_t axis,
                                       struct onnx_value begin, struct onnx_value end, bool mirror)
{
    struct onnx_value dim = onnx_dim_value(n, x, axis), one = onnx_i64(n, 1), at;

    at = onnx_range(n, VT_I64, onnx_unary(n, "Negative", 1, begin), onnx_add(n, dim, end), one);
    if (mirror) {
        struct onnx_value last = onnx_sub(n, dim, one), turn = onnx_binary(n, "Maximum", 1, last, one);

        at = onnx_binary(n, "FloorMod", 1, at, onnx_mul(n, turn, onnx_i64(n, 2)));
        at = onnx_unary(n, "Abs", 1, onnx_sub(n, at, turn));
        at = onnx_binary(n, "Minimum", 1, onnx_sub(n, turn, at), last);
    } else {
        at = onnx_binary(n, "FloorMod", 1, at, dim);
    }
    return onnx_gather_axis(n, x, at, axis);
}

static struct onnx_value gather_borders(struct onnx_node *n, struct onnx_value x, const struct pads *p,
                                        bool mirror)
{
    int64_t rank = onnx_rank(n, x);

    rank = rank < 0 ? onnx_dim(n, p->begin, 0) : rank;
    rank = rank < 0 || rank > VT_MAX_RANK ? onnx_need_rank(n, x) : rank;
    for (int i = 0; i < rank; i++) {
        struct onnx_value at = onnx_i64(n, i);

        if (!p->known || p->begins[i] || p->ends[i]) {
            x = gather_border(n, x, i, onnx_gather_axis(n, p->begin, at, 0),
                              onnx_gather_axis(n, p->end, at, 0), mirror);
        }
    }
    return x;
}

/* Whether a border of a mirror is wider than what it mirrors, which Pad does not do. */
static bool wider(const struct onnx_node *n, struct onnx_value x, const struct pads *p)
{
    for (int i = 0; p->known && i < p->rank; i++) {
        int64_t dim = onnx_dim(n, x, i), pad = p->begins[i] > p->ends[i] ? p->begins[i] : p->ends[i];

        if (dim > 0 && pad > dim - 1) {
            return true;
        }
    }
    return false;
}

int onnx_pad(struct onnx_node *n)
{
    const char *mode = onnx_attr_s(n, "mode", "constant");
    struct onnx_value x = onnx_in(n, 0), value;
    struct pads p = {.rank = -1};

    read_pads(n, x, &p);
    if (onnx_status(n)) {
        return onnx_status(n);
    }
    if (strcmp(mode, "wrap") == 0 || (strcmp(mode, "reflect") == 0 && wider(n, x, &p))) {
        return onnx_out(n, 0, gather_borders(n, x, &p, mode[0] == 'r'));
    }
    if (strcmp(mode, "constant") != 0) {
        return onnx_out(n, 0, onnx_op(n, "Pad", 12, ONNX_IN(x, p.begin, p.end), "pad_mode=%s", mode));
    }
    if (onnx_opset(n) >= 11 && onnx_has_in(n, 2)) {
        value = onnx_convert_like(n, onnx_scalar(n, onnx_in(n, 2)), x);
    } else {
        value =
            onnx_opset(n) < 11 ? onnx_number_like(n, x, onnx_attr_f(n, "value", 0)) : onnx_nothing_like(n, x);
    }
    return onnx_out(n, 0, onnx_op(n, "Pad", 12, ONNX_IN(x, p.begin, p.end, value), "pad_mode=constant"));
}
