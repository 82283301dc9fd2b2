/* Normalisations. */
#include "extents.h"

#include <string.h>

/* One number for each channel, shaped to go with [N, C, ...]. */
static struct onnx_value per_channel(struct onnx_node *n, struct onnx_value v, struct onnx_value data)
{
    int64_t dims[VT_MAX_RANK] = {1, -1};
    int rank = onnx_need_rank(n, data);

    for (int i = 2; i < rank; i++) {
        dims[i] = 1;
    }
    return onnx_reshape(n, v, dims, rank < 2 ? 1 : rank, false);
}

/* The result of f32 arithmetic in the type that the data had. */
static struct onnx_value narrow(struct onnx_node *n, struct onnx_value v, enum vt_type type)
{
    return type == VT_DYNAMIC ? v : onnx_convert(n, v, type);
}

static struct onnx_value reduce_mean(struct onnx_node *n, struct onnx_value v, struct onnx_value axes)
{
    return onnx_op(n, "ReduceMean", 1, ONNX_IN(v, axes), "keep_dims=true");
}

static struct onnx_value mvn(struct onnx_node *n, struct onnx_value v, struct onnx_value axes, float eps)
{
    return onnx_op(n, "MVN", 6, ONNX_IN(v, axes), "normalize_variance=true;eps=%.9g;eps_mode=inside_sqrt",
                   eps);
}

/* ---- batches */

/* Outputs 1 and 2 of training: the old statistics and those of this batch, mixed. */
static void running(struct onnx_node *n, int output, struct onnx_value before, struct onnx_value now,
                    float momentum)
{
    struct onnx_value old = onnx_mul(n, before, onnx_number_like(n, before, momentum));

    now = onnx_convert_like(n, now, before);
    onnx_out(n, output, onnx_add(n, old, onnx_mul(n, now, onnx_number_like(n, now, 1.0 - (double)momentum))));
}

static int train_batch_norm(struct onnx_node *n, float eps)
{
    struct onnx_value x = onnx_widen(n, onnx_in(n, 0)), axes, mean, variance, centred, y;
    float momentum = onnx_attr_f(n, "momentum", 0.9f);

    axes = onnx_concat(n, ONNX_IN(ONNX_I64S(n, 0), onnx_axes_from(n, x, 2)), 0);
    mean = reduce_mean(n, x, axes);
    centred = onnx_sub(n, x, mean);
    variance = reduce_mean(n, onnx_mul(n, centred, centred), axes);
    y = onnx_unary(n, "Sqrt", 1, onnx_add(n, variance, onnx_number_like(n, variance, eps)));
    y = onnx_div(n, centred, y);
    y = onnx_mul(n, y, onnx_convert_like(n, per_channel(n, onnx_in(n, 1), x), y));
    y = onnx_add(n, y, onnx_convert_like(n, per_channel(n, onnx_in(n, 2), x), y));
    onnx_out(n, 0, narrow(n, y, onnx_type(n, onnx_in(n, 0))));
    mean = onnx_reshape(n, mean, (const int64_t[]){-1}, 1, false);
    variance = onnx_reshape(n, variance, (const int64_t[]){-1}, 1, false);
    running(n, 1, onnx_in(n, 3), mean, momentum);
    running(n, 2, onnx_in(n, 4), variance, momentum);
    onnx_out(n, 3, mean); /* before version 14: what the backward pass wants */
    return onnx_out(n, 4, variance);
}

/* Versions before 14 trained when outputs beyond the first had names. */
int onnx_batch_normalization(struct onnx_node *n)
{
    float eps = onnx_attr_f(n, "epsilon", 1e-5f);
    struct onnx_value x = onnx_in(n, 0), in[5];
    enum vt_type type = onnx_type(n, x);
    bool mixed = false;

    if (onnx_opset(n) < 9 && onnx_attr_i(n, "spatial", 1) != 1) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: attribute spatial 0");
    }
    if (onnx_opset(n) >= 14 ? onnx_attr_i(n, "training_mode", 0) != 0
                            : onnx_has_out(n, 1) || onnx_has_out(n, 2)) {
        return train_batch_norm(n, eps);
    }
    in[0] = x;
    for (int i = 1; i < 5; i++) {
        in[i] = onnx_in(n, i);
        mixed |= onnx_type(n, in[i]) != type;
    }
    for (int i = 0; mixed && type != VT_F64 && i < 5; i++) {
        in[i] = onnx_convert(n, in[i], VT_F32);
    }
    for (int i = 1; mixed && type == VT_F64 && i < 5; i++) {
        in[i] = onnx_convert(n, in[i], VT_F64);
    }
    x = onnx_op(n, "BatchNormInference", 5, in, 5, "epsilon=%.9g", eps);
    return onnx_out(n, 0, mixed ? narrow(n, x, type) : x);
}

/* ---- instances, groups, layers */

int onnx_instance_normalization(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), scale = onnx_in(n, 1), bias = onnx_in(n, 2), y;

    y = mvn(n, x, onnx_axes_from(n, x, 2), onnx_attr_f(n, "epsilon", 1e-5f));
    y = onnx_mul(n, y, per_channel(n, scale, x));
    return onnx_out(n, 0, onnx_add(n, y, per_channel(n, bias, x)));
}

/* Whether the normalisation itself has to be done in f32 for data of another type. */
static struct onnx_value stash(struct onnx_node *n, struct onnx_value x)
{
    return onnx_attr_i(n, "stash_type", 1) == 1 ? onnx_widen(n, x) : x;
}

/* Groups become one axis. Scale and bias belong to groups before version 21, to channels since. */
int onnx_group_normalization(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), scale = onnx_in(n, 1), bias = onnx_in(n, 2), y;
    int64_t groups = onnx_attr_i(n, "num_groups", 0);
    enum vt_type type = onnx_type(n, x);

    if (groups < 1) {
        return onnx_fail(n, VT_E_INVALID, "attribute num_groups is %lld", (long long)groups);
    }
    y = onnx_reshape(n, stash(n, x), (const int64_t[]){0, groups, -1}, 3, true);
    y = mvn(n, y, ONNX_I64S(n, 2), onnx_attr_f(n, "epsilon", 1e-5f));
    if (onnx_opset(n) < 21) {
        y = onnx_mul(n, narrow(n, y, type), per_channel(n, scale, y));
        y = onnx_add(n, y, per_channel(n, bias, y));
        return onnx_out(n, 0, onnx_reshape_to(n, y, onnx_extents(n, x, 0, 0)));
    }
    y = narrow(n, onnx_reshape_to(n, y, onnx_extents(n, x, 0, 0)), type);
    y = onnx_mul(n, y, per_channel(n, scale, x));
    return onnx_out(n, 0, onnx_add(n, y, per_channel(n, bias, x)));
}

/* The axes that attribute `axis` begins. */
static struct onnx_value last_axes(struct onnx_node *n, struct onnx_value x)
{
    int64_t axis = onnx_attr_i(n, "axis", -1), axes[VT_MAX_RANK];
    int rank = onnx_rank(n, x);

    if (rank < 0 && axis < 0 && axis >= -VT_MAX_RANK) {
        for (int i = 0; i < -axis; i++) {
            axes[i] = axis + i;
        }
        return onnx_i64s(n, axes, (int)-axis);
    }
    rank = onnx_need_rank(n, x);
    return onnx_axes_from(n, x, (int)onnx_axis(n, axis, rank));
}

int onnx_layer_normalization(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), wide = stash(n, x), axes = last_axes(n, x), y, mean, centred;
    float eps = onnx_attr_f(n, "epsilon", 1e-5f);

    y = narrow(n, mvn(n, wide, axes, eps), onnx_type(n, x));
    y = onnx_mul(n, y, onnx_in(n, 1));
    y = onnx_has_in(n, 2) ? onnx_add(n, y, onnx_in(n, 2)) : y;
    onnx_out(n, 0, y);
    if (onnx_has_out(n, 1) || onnx_has_out(n, 2)) {
        mean = reduce_mean(n, wide, axes);
        onnx_out(n, 1, mean);
        centred = onnx_sub(n, wide, mean);
        y = reduce_mean(n, onnx_mul(n, centred, centred), axes);
        y = onnx_unary(n, "Sqrt", 1, onnx_add(n, y, onnx_number_like(n, y, eps)));
        onnx_out(n, 2, onnx_div(n, onnx_number_like(n, y, 1), y));
    }
    return onnx_status(n);
}

int onnx_rms_normalization(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), scale = onnx_in(n, 1), wide = stash(n, x), y;

    y = reduce_mean(n, onnx_mul(n, wide, wide), last_axes(n, x));
    y = onnx_add(n, y, onnx_number_like(n, y, onnx_attr_f(n, "epsilon", 1e-5f)));
    y = onnx_div(n, wide, onnx_unary(n, "Sqrt", 1, y));
    return onnx_out(n, 0, onnx_mul(n, narrow(n, y, onnx_type(n, scale)), scale));
}

/* ---- sums of neighbours, norms, moments */

int onnx_lrn(struct onnx_node *n)
{
    if (!onnx_has_attr(n, "size")) {
        return onnx_fail(n, VT_E_FORMAT, "attribute size is missing");
    }
    return onnx_out(n, 0,
                    onnx_op(n, "LRN", 1, ONNX_IN(onnx_in(n, 0), ONNX_I64S(n, 1)),
                            "alpha=%.9g;beta=%.9g;bias=%.9g;size=%lld", onnx_attr_f(n, "alpha", 1e-4f),
                            onnx_attr_f(n, "beta", 0.75f), onnx_attr_f(n, "bias", 1),
                            (long long)onnx_attr_i(n, "size", 1)));
}

/* Where the norm is 0 all elements are, and stay. */
int onnx_lp_normalization(struct onnx_node *n)
{
    int64_t p = onnx_attr_i(n, "p", 2), axis = onnx_attr_i(n, "axis", -1);
    struct onnx_value x = onnx_in(n, 0), norm, one, zero;

    if (p != 1 && p != 2) {
        return onnx_fail(n, VT_E_INVALID, "attribute p must be 1 or 2, not %lld", (long long)p);
    }
    if (p == 2 && onnx_type(n, x) == VT_F32) {
        return onnx_out(
            n, 0,
            onnx_op(n, "NormalizeL2", 1, ONNX_IN(x, ONNX_I64S(n, axis)), "eps=1.17549435e-38;eps_mode=max"));
    }
    norm = onnx_op(n, p == 1 ? "ReduceL1" : "ReduceL2", 4, ONNX_IN(x, ONNX_I64S(n, axis)), "keep_dims=true");
    one = onnx_number_like(n, norm, 1);
    zero = onnx_binary(n, "Equal", 1, norm, onnx_number_like(n, norm, 0));
    norm = onnx_op(n, "Select", 1, ONNX_IN(zero, one, norm), NULL);
    return onnx_out(n, 0, onnx_div(n, x, norm));
}

int onnx_mean_variance_normalization(struct onnx_node *n)
{
    static const int64_t usual[] = {0, 2, 3};
    int count = 0;
    const int64_t *axes = onnx_attr_is(n, "axes", &count);

    return onnx_out(n, 0,
                    onnx_op(n, "MVN", 6,
                            ONNX_IN(onnx_in(n, 0), axes ? onnx_i64s(n, axes, count) : onnx_i64s(n, usual, 3)),
                            "normalize_variance=true;eps=1e-9;eps_mode=outside_sqrt"));
}
