/* Normalisations that ONNX Runtime fuses, with what is added before them. */
#include "layout.h"

/* (x - mean) / sqrt(variance + epsilon) along the last axis, times gamma plus beta. */
static struct onnx_value layer_norm(struct onnx_node *n, struct onnx_value x, struct onnx_value gamma,
                                    struct onnx_value beta)
{
    float epsilon = onnx_attr_f(n, "epsilon", 1e-12f);
    struct onnx_value y = onnx_op(n, "MVN", 6, ONNX_IN(x, ONNX_I64S(n, -1)),
                                  "normalize_variance=true;eps=%.9g;eps_mode=inside_sqrt", (double)epsilon);

    y = onnx_mul(n, y, onnx_convert_like(n, gamma, x));
    return beta.node ? onnx_add(n, y, onnx_convert_like(n, beta, x)) : y;
}

/* 1 / sqrt(mean(x^2) + epsilon) along axes from `axis` on. */
static struct onnx_value inverse_rms(struct onnx_node *n, struct onnx_value x, int64_t axis, float epsilon)
{
    struct onnx_value mean, axes = ONNX_I64S(n, -1);
    int64_t list[VT_MAX_RANK];

    if (axis != -1) {
        int rank = onnx_need_rank(n, x), count = 0;

        for (axis = onnx_axis(n, axis, rank); axis < rank && count < VT_MAX_RANK; axis++) {
            list[count++] = axis;
        }
        axes = onnx_i64s(n, list, count);
    }
    mean = onnx_op(n, "ReduceMean", 1,
                   ONNX_IN(onnx_binary(n, "Power", 1, x, onnx_number_like(n, x, 2)), axes), "keep_dims=true");
    mean = onnx_unary(n, "Sqrt", 1, onnx_add(n, mean, onnx_number_like(n, mean, (double)epsilon)));
    return onnx_div(n, onnx_number_like(n, mean, 1), mean);
}

/* f16 and bf16 are squared in f32, as ONNX Runtime does. */
static struct onnx_value wide(struct onnx_node *n, struct onnx_value x)
{
    enum vt_type type = onnx_type(n, x);

    return type == VT_F16 || type == VT_BF16 ? onnx_convert(n, x, VT_F32) : x;
}

static struct onnx_value rms_norm(struct onnx_node *n, struct onnx_value x, struct onnx_value gamma,
                                  int64_t axis, struct onnx_value *inverse)
{
    struct onnx_value y = wide(n, x);

    *inverse = inverse_rms(n, y, axis, onnx_attr_f(n, "epsilon", 1e-5f));
    y = onnx_convert_like(n, onnx_mul(n, y, *inverse), gamma);
    return onnx_mul(n, y, gamma);
}

int onnx_simplified_layer_normalization(struct onnx_node *n)
{
    struct onnx_value inverse = ONNX_ABSENT;

    onnx_out(n, 0, rms_norm(n, onnx_in(n, 0), onnx_in(n, 1), onnx_attr_i(n, "axis", -1), &inverse));
    return onnx_out(n, 1, inverse);
}

/* ---- with a residual before them */

static struct onnx_value residual(struct onnx_node *n, int bias)
{
    struct onnx_value sum = onnx_add(n, onnx_in(n, 0), onnx_in(n, 1));

    return onnx_has_in(n, bias) ? onnx_add(n, sum, onnx_in(n, bias)) : sum;
}

/* Mean and inverse deviation are for training alone. */
static int refuse_statistics(struct onnx_node *n)
{
    if (onnx_has_out(n, 1) || onnx_has_out(n, 2)) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: the outputs mean and inv_std_var");
    }
    return onnx_status(n);
}

int onnx_ms_skip_layer_normalization(struct onnx_node *n)
{
    struct onnx_value sum = residual(n, 4);

    if (refuse_statistics(n)) {
        return onnx_status(n);
    }
    onnx_out(n, 3, sum);
    return onnx_out(n, 0, layer_norm(n, sum, onnx_in(n, 2), onnx_in_opt(n, 3)));
}

int onnx_ms_skip_simplified_layer_normalization(struct onnx_node *n)
{
    struct onnx_value sum = residual(n, 3), inverse = ONNX_ABSENT;

    if (refuse_statistics(n)) {
        return onnx_status(n);
    }
    onnx_out(n, 3, sum);
    return onnx_out(n, 0, rms_norm(n, sum, onnx_in(n, 2), -1, &inverse));
}

/* Word, position and segment embeddings, their sum normalised, and how long each sequence is. */
int onnx_ms_embed_layer_normalization(struct onnx_node *n)
{
    struct onnx_value ids = onnx_in(n, 0), sum = onnx_gather_axis(n, onnx_in(n, 2), ids, 0), rows, count;

    if (onnx_has_in(n, 8)) {
        rows = onnx_gather_axis(n, onnx_in(n, 3), onnx_in(n, 8), 0);
    } else {
        struct onnx_value length = onnx_dim_of(n, ids, 1);

        rows =
            onnx_op(n, "Slice", 8,
                    ONNX_IN(onnx_in(n, 3), ONNX_I64S(n, 0), length, ONNX_I64S(n, 1), ONNX_I64S(n, 0)), NULL);
    }
    sum = onnx_add(n, sum, rows);
    if (onnx_has_in(n, 1) && onnx_has_in(n, 4)) {
        sum = onnx_add(n, sum, onnx_gather_axis(n, onnx_in(n, 4), onnx_in(n, 1), 0));
    }
    if (onnx_has_out(n, 1)) {
        struct onnx_value mask = onnx_in_opt(n, 7);

        mask = mask.node ? onnx_convert(n, mask, VT_I32)
                         : onnx_mul(n, onnx_convert(n, ids, VT_I32), onnx_number(n, VT_I32, 0));
        count = onnx_op(n, "ReduceSum", 1, ONNX_IN(mask, ONNX_I64S(n, 1)), "keep_dims=false");
        onnx_out(n, 1, count);
    }
    onnx_out(n, 2, sum);
    return onnx_out(n, 0, layer_norm(n, sum, onnx_in(n, 5), onnx_in(n, 6)));
}

/* ---- groups of channels */

static struct onnx_value group_norm(struct onnx_node *n, struct onnx_value x)
{
    bool last = onnx_attr_i(n, "channels_last", 1) != 0;
    struct onnx_value y = last ? onnx_move_channels(n, x, false) : x;

    y = onnx_op(n, "GroupNormalization", 12,
                ONNX_IN(y, onnx_convert_like(n, onnx_in(n, 1), x), onnx_convert_like(n, onnx_in(n, 2), x)),
                "num_groups=%lld;epsilon=%.9g", (long long)onnx_attr_i(n, "groups", 1),
                (double)onnx_attr_f(n, "epsilon", 1e-5f));
    if (onnx_attr_i(n, "activation", 0)) {
        y = onnx_unary(n, "Swish", 4, y);
    }
    return last ? onnx_move_channels(n, y, true) : y;
}

int onnx_ms_group_norm(struct onnx_node *n)
{
    return onnx_out(n, 0, group_norm(n, onnx_in(n, 0)));
}

int onnx_ms_skip_group_norm(struct onnx_node *n)
{
    bool last = onnx_attr_i(n, "channels_last", 1) != 0;
    struct onnx_value x = onnx_in(n, 0), skip = onnx_in(n, 3), sum;
    int64_t spatial[2] = {last ? 1 : 2, last ? 2 : 3};

    if (onnx_need_rank(n, skip) == 2) {
        skip = onnx_unsqueeze(n, skip, spatial, 2);
    }
    sum = onnx_add(n, x, skip);
    if (onnx_has_in(n, 4)) {
        struct onnx_value bias = onnx_in(n, 4);

        sum = onnx_add(n, sum, last ? bias : onnx_reshape(n, bias, (const int64_t[]){1, -1, 1, 1}, 4, false));
    }
    onnx_out(n, 1, sum);
    return onnx_out(n, 0, group_norm(n, sum));
}
