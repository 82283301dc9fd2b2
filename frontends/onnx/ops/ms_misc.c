/* Operators of com.microsoft that move, crop or count. */
#include "attend.h"
#include "layout.h"

#include <string.h>

static struct onnx_value scalar(struct onnx_node *n, struct onnx_value v)
{
    return onnx_rank(n, v) == 0 ? v : onnx_reshape(n, v, NULL, 0, false);
}

int onnx_ms_range(struct onnx_node *n)
{
    struct onnx_value first = scalar(n, onnx_in(n, 0)), end = scalar(n, onnx_in(n, 1));
    struct onnx_value by = onnx_has_in(n, 2) ? scalar(n, onnx_in(n, 2)) : onnx_number_like(n, first, 1);

    return onnx_out(n, 0,
                    onnx_op(n, "Range", 4, ONNX_IN(first, end, by), "output_type=%s",
                            vt_type_info(onnx_type(n, first))->name));
}

int onnx_ms_inverse(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_op(n, "Inverse", 14, ONNX_IN(onnx_in(n, 0)), "adjoint=false"));
}

int onnx_ms_expand_dims(struct onnx_node *n)
{
    struct onnx_value axis = onnx_reshape(n, onnx_in(n, 1), (const int64_t[]){1}, 1, false);

    return onnx_out(n, 0, onnx_op(n, "Unsqueeze", 1, ONNX_IN(onnx_in(n, 0), axis), NULL));
}

int onnx_ms_pad(struct onnx_node *n)
{
    static const char *const modes[] = {"constant", "reflect", "edge"};
    struct onnx_value x = onnx_in(n, 0),
                      pads = onnx_reshape(n, onnx_in(n, 1), (const int64_t[]){-1}, 1, false);
    const char *mode = onnx_attr_s(n, "mode", "constant");
    struct onnx_value ends, value;

    for (int i = 0; i < 3 && mode; i++) {
        if (strcmp(mode, modes[i]) == 0) {
            ends = onnx_op_outs(n, "Split", 1, 2, ONNX_IN(pads, onnx_i64(n, 0)), "num_splits=2");
            value = onnx_has_in(n, 2) ? scalar(n, onnx_in(n, 2)) : onnx_number_like(n, x, 0);
            return onnx_out(
                n, 0,
                onnx_op(n, "Pad", 12, ONNX_IN(x, ends, onnx_port(ends, 1), value), "pad_mode=%s", modes[i]));
        }
    }
    return onnx_fail(n, VT_E_INVALID, "there is no mode \"%s\"", mode ? mode : "");
}

/* Values in the order in which they come first, where each input element is among them, and how often they
 * come. */
int onnx_ms_unique(struct onnx_node *n)
{
    struct onnx_value v = onnx_op(n, "Unique", 10, ONNX_IN(onnx_in(n, 0)),
                                  "sorted=false;index_element_type=i64;count_element_type=i64");

    onnx_out(n, 0, v);
    onnx_out(n, 1, onnx_port(v, 2));
    return onnx_out(n, 2, onnx_port(v, 3));
}

int onnx_ms_cdist(struct onnx_node *n)
{
    const char *metric = onnx_attr_s(n, "metric", "sqeuclidean");
    bool root = metric && strcmp(metric, "euclidean") == 0;
    int64_t middle = 1, front = 0;
    struct onnx_value d;

    if (!root && (!metric || strcmp(metric, "sqeuclidean"))) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: the metric %s", metric ? metric : "");
    }
    d = onnx_binary(n, "SquaredDifference", 1, onnx_unsqueeze(n, onnx_in(n, 0), &middle, 1),
                    onnx_unsqueeze(n, onnx_in(n, 1), &front, 1));
    d = onnx_op(n, "ReduceSum", 1, ONNX_IN(d, ONNX_I64S(n, 2)), "keep_dims=false");
    return onnx_out(n, 0, root ? onnx_unary(n, "Sqrt", 1, d) : d);
}

/* Whether there is no NaN and no infinity in any input. */
int onnx_ms_is_all_finite(struct onnx_node *n)
{
    const char *op = onnx_attr_i(n, "isinf_only", 0)   ? "IsInf"
                     : onnx_attr_i(n, "isnan_only", 0) ? "IsNaN"
                                                       : "IsFinite";
    bool good = strcmp(op, "IsFinite") == 0;
    struct onnx_value all = ONNX_ABSENT;
    int i = 0;

    do {
        struct onnx_value v =
            onnx_unary(n, op, 10, onnx_reshape(n, onnx_in(n, i), (const int64_t[]){-1}, 1, false));

        v = good ? v : onnx_unary(n, "LogicalNot", 1, v);
        v = onnx_op(n, "ReduceLogicalAnd", 1, ONNX_IN(v, ONNX_I64S(n, 0)), "keep_dims=false");
        all = all.node ? onnx_binary(n, "LogicalAnd", 1, all, v) : v;
    } while (++i < onnx_n_in(n));
    return onnx_out(n, 0, all);
}

/* ---- Fourier transforms of the last axes */

static struct onnx_value last_axes(struct onnx_node *n)
{
    int64_t count = onnx_attr_i(n, "signal_ndim", 1), axes[VT_MAX_RANK];

    if (!onnx_attr_i(n, "onesided", 1) || onnx_attr_i(n, "normalized", 0) || count < 1 || count > 3) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: onesided 0, normalized 1 or signal_ndim %lld",
                  (long long)count);
        return ONNX_ABSENT;
    }
    for (int i = 0; i < count; i++) {
        axes[i] = i - count;
    }
    return onnx_i64s(n, axes, (int)count);
}

int onnx_ms_rfft(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_op(n, "RDFT", 9, ONNX_IN(onnx_in(n, 0), last_axes(n)), NULL));
}

int onnx_ms_irfft(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_op(n, "IRDFT", 9, ONNX_IN(onnx_in(n, 0), last_axes(n)), NULL));
}

/* ---- CropAndResize */

/* Where `count` samples from corner `low` to corner `high` [R, 1] lie: [R, count], 0 to 1 being the picture.
 */
static struct onnx_value samples(struct onnx_node *n, struct onnx_value low, struct onnx_value high,
                                 int64_t count)
{
    struct onnx_value step;

    if (count == 1) {
        return onnx_mul(n, onnx_add(n, low, high), onnx_number_like(n, low, 0.5));
    }
    step = onnx_convert_like(n, onnx_count_up(n, ONNX_I64S(n, count)), low);
    step = onnx_div(n, step, onnx_number_like(n, low, (double)(count - 1)));
    return onnx_add(n, low, onnx_mul(n, onnx_sub(n, high, low), step));
}

static struct onnx_value inside(struct onnx_node *n, struct onnx_value t)
{
    return onnx_binary(n, "LogicalAnd", 1, onnx_binary(n, "GreaterEqual", 1, t, onnx_number_like(n, t, 0)),
                       onnx_binary(n, "LessEqual", 1, t, onnx_number_like(n, t, 1)));
}

/* Samples of rows and columns as a grid [R, height, width, 1] of one of the two. */
static struct onnx_value grid_part(struct onnx_node *n, struct onnx_value t, bool rows,
                                   struct onnx_value shape)
{
    int64_t places[2] = {rows ? 2 : 1, 3};

    return onnx_op(n, "Broadcast", 3, ONNX_IN(onnx_unsqueeze(n, t, places, 2), shape), "mode=bidirectional");
}

int onnx_ms_crop_and_resize(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), boxes = onnx_in(n, 1), corner[4], grid, y, shape, seen;
    const char *mode = onnx_attr_s(n, "mode", "bilinear");
    int64_t count = 0, places[2][2] = {{1, 3}, {1, 2}};
    const int64_t *size = onnx_need_known(n, onnx_in(n, 3), "crop_size", &count);

    if (!size || count != 2 || size[0] < 1 || size[1] < 1) {
        return onnx_fail(n, VT_E_INVALID, "crop_size does not say height and width");
    }
    for (int i = 0; i < 4; i++) {
        corner[i] = onnx_slice_axis(n, boxes, 1, i, i + 1);
    }
    y = samples(n, corner[0], corner[2], size[0]);
    x = onnx_gather_axis(n, x, onnx_in(n, 2), 0);
    grid = samples(n, corner[1], corner[3], size[1]);
    seen = onnx_binary(n, "LogicalAnd", 1, onnx_unsqueeze(n, inside(n, y), places[0], 2),
                       onnx_unsqueeze(n, inside(n, grid), places[1], 2));
    shape = onnx_concat(n, ONNX_IN(onnx_dim_of(n, boxes, 0), ONNX_I64S(n, size[0], size[1], 1)), 0);
    grid = onnx_concat(n, ONNX_IN(grid_part(n, grid, false, shape), grid_part(n, y, true, shape)), 3);
    grid = onnx_sub(n, onnx_mul(n, grid, onnx_number_like(n, grid, 2)), onnx_number_like(n, grid, 1));
    y = onnx_op(n, "GridSample", 9, ONNX_IN(x, grid), "align_corners=true;mode=%s;padding_mode=border",
                mode && strcmp(mode, "nearest") == 0 ? "nearest" : "bilinear");
    return onnx_out(
        n, 0,
        onnx_op(n, "Select", 1,
                ONNX_IN(seen, y, onnx_number_like(n, y, (double)onnx_attr_f(n, "extrapolation_value", 0))),
                NULL));
}
