/* Elements by their places: gather, scatter, one-hot, the order of elements. */
#include "parts.h"

int onnx_gather(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);

    return onnx_out(n, 0, onnx_gather_axis(n, x, onnx_in(n, 1), onnx_attr_i(n, "axis", 0)));
}

/* Whether the index can have fewer rows, columns and so on than the data; GatherElements wants as many. */
static bool may_be_fewer(const struct onnx_node *n, struct onnx_value x, struct onnx_value index,
                         int64_t axis)
{
    int rank = onnx_rank(n, x);

    axis += axis < 0 ? rank : 0;
    for (int i = 0; i < rank; i++) {
        if (i != axis && (onnx_dim(n, x, i) < 0 || onnx_dim(n, x, i) != onnx_dim(n, index, i))) {
            return true;
        }
    }
    return rank < 0;
}

int onnx_gather_elements(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), index = onnx_in(n, 1), zero = onnx_i64(n, 0), end, shape;
    int64_t axis = onnx_attr_i(n, "axis", 0);

    if (may_be_fewer(n, x, index, axis)) {
        shape = onnx_shape_of(n, index);
        end = onnx_op(n, "ScatterElementsUpdate", 12,
                      ONNX_IN(shape, onnx_i64s(n, &axis, 1), ONNX_I64S(n, INT64_MAX), zero), NULL);
        shape = onnx_shape_of(n, shape);
        x = onnx_op(n, "Slice", 8,
                    ONNX_IN(x, onnx_broadcast(n, zero, shape, "numpy"), end,
                            onnx_broadcast(n, onnx_i64(n, 1), shape, "numpy")),
                    NULL);
    }
    return onnx_out(n, 0, onnx_op(n, "GatherElements", 6, ONNX_IN(x, index), "axis=%lld", (long long)axis));
}

int onnx_gather_nd(struct onnx_node *n)
{
    return onnx_out(n, 0,
                    onnx_op(n, "GatherND", 8, ONNX_IN(onnx_in(n, 0), onnx_in(n, 1)), "batch_dims=%lld",
                            (long long)onnx_attr_i(n, "batch_dims", 0)));
}

/* ---- scatter */

static const char *reduction_of(struct onnx_node *n)
{
    static const char *const words[][2] = {
        {"none", "none"}, {"add", "sum"}, {"mul", "prod"}, {"max", "max"}, {"min", "min"}};
    const char *word = onnx_attr_s(n, "reduction", "none");

    for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    onnx_fail(n, VT_E_INVALID, "attribute reduction is \"%s\"", word ? word : "");
    return "none";
}

int onnx_scatter_elements(struct onnx_node *n)
{
    struct onnx_value axis = onnx_i64(n, onnx_attr_i(n, "axis", 0));

    return onnx_out(n, 0,
                    onnx_op(n, "ScatterElementsUpdate", 12,
                            ONNX_IN(onnx_in(n, 0), onnx_in(n, 1), onnx_in(n, 2), axis), "reduction=%s",
                            reduction_of(n)));
}

int onnx_scatter_nd(struct onnx_node *n)
{
    return onnx_out(n, 0,
                    onnx_op(n, "ScatterNDUpdate", 15, ONNX_IN(onnx_in(n, 0), onnx_in(n, 1), onnx_in(n, 2)),
                            "reduction=%s", reduction_of(n)));
}

/* A list as a tensor of the rank of v, all of it along `axis`. */
static struct onnx_value along(struct onnx_node *n, struct onnx_value v, struct onnx_value list, int64_t axis)
{
    struct onnx_value rank = onnx_unsqueeze(n, onnx_rank_of(n, v), (const int64_t[]){0}, 1),
                      dims = onnx_broadcast(n, onnx_i64(n, 1), rank, "numpy");

    dims = onnx_op(n, "ScatterElementsUpdate", 12,
                   ONNX_IN(dims, onnx_i64s(n, &axis, 1), ONNX_I64S(n, -1), onnx_i64(n, 0)), NULL);
    return onnx_op(n, "Reshape", 1, ONNX_IN(list, dims), "special_zero=false");
}

/* The update goes to places write_indices[batch] + 0, 1, 2, ... of the sequence axis. */
int onnx_tensor_scatter(struct onnx_node *n)
{
    struct onnx_value cache = onnx_in(n, 0), update = onnx_in(n, 1), at;
    const char *mode = onnx_attr_s(n, "mode", "linear");
    int64_t axis = onnx_attr_i(n, "axis", -2);

    if (!mode || (strcmp(mode, "linear") != 0 && strcmp(mode, "circular") != 0)) {
        return onnx_fail(n, VT_E_INVALID, "attribute mode is \"%s\"", mode ? mode : "");
    }
    at = along(n, update, onnx_iota(n, onnx_dim_value(n, update, axis), 1, 0), axis);
    if (onnx_has_in(n, 2)) {
        at = onnx_add(n, at, along(n, update, onnx_convert(n, onnx_in(n, 2), VT_I64), 0));
    }
    if (mode[0] == 'c') {
        at = onnx_binary(n, "FloorMod", 1, at, onnx_dim_value(n, cache, axis));
    }
    at = onnx_broadcast(n, at, onnx_shape_of(n, update), "numpy");
    return onnx_out(
        n, 0, onnx_op(n, "ScatterElementsUpdate", 12, ONNX_IN(cache, at, update, onnx_i64(n, axis)), NULL));
}

/* Indices and depth may be of any type; values are [off, on]. */
int onnx_one_hot(struct onnx_node *n)
{
    struct onnx_value index = onnx_convert(n, onnx_in(n, 0), VT_I64), values = onnx_in(n, 2),
                      off = onnx_gather_axis(n, values, onnx_i64(n, 0), 0),
                      on = onnx_gather_axis(n, values, onnx_i64(n, 1), 0);

    return onnx_out(n, 0,
                    onnx_op(n, "OneHot", 16, ONNX_IN(index, onnx_scalar_in(n, 1), on, off),
                            "axis=%lld;negative_indices_mode=normalize",
                            (long long)onnx_attr_i(n, "axis", -1)));
}

int onnx_reverse_sequence(struct onnx_node *n)
{
    return onnx_out(n, 0,
                    onnx_op(n, "ReverseSequence", 1, ONNX_IN(onnx_in(n, 0), onnx_in(n, 1)),
                            "batch_axis=%lld;seq_axis=%lld", (long long)onnx_attr_i(n, "batch_axis", 1),
                            (long long)onnx_attr_i(n, "time_axis", 0)));
}

/* ---- order */

int onnx_top_k(struct onnx_node *n)
{
    struct onnx_value k = onnx_opset(n) >= 10 ? onnx_scalar_in(n, 1) : onnx_i64(n, onnx_attr_i(n, "k", 0));
    struct onnx_value v =
        onnx_op(n, "TopK", 11, ONNX_IN(onnx_in(n, 0), k),
                "axis=%lld;mode=%s;sort=%s;stable=%s;index_element_type=i64",
                (long long)onnx_attr_i(n, "axis", -1), onnx_attr_i(n, "largest", 1) ? "max" : "min",
                onnx_attr_i(n, "sorted", 1) ? "value" : "none", onnx_bool(onnx_attr_i(n, "sorted", 1)));

    onnx_out(n, 0, v);
    return onnx_out(n, 1, onnx_port(v, 1));
}

int onnx_unique(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), axis = ONNX_ABSENT, v;
    const char *sorted = onnx_bool(onnx_attr_i(n, "sorted", 1));

    if (onnx_has_attr(n, "axis")) {
        axis = onnx_i64(n, onnx_attr_i(n, "axis", 0));
    }
    v = onnx_op(n, "Unique", 10, (const struct onnx_value[]){x, axis}, axis.node ? 2 : 1, "sorted=%s",
                sorted);
    for (int i = 0; i < onnx_n_out(n); i++) {
        onnx_out(n, i, onnx_port(v, i));
    }
    return onnx_status(n);
}

/* A scalar has no axis to name: it counts as one element of rank 1. */
int onnx_non_zero(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);

    x = onnx_rank(n, x) == 0 ? onnx_reshape(n, x, (const int64_t[]){1}, 1, false) : x;
    return onnx_out(n, 0, onnx_op(n, "NonZero", 3, ONNX_IN(x), "output_type=i64"));
}
