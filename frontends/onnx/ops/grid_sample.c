/* GridSample: two spatial axes are an operation, other numbers are written out. */
#include "extents.h"

#include <string.h>

static bool is(const char *text, const char *word)
{
    return strcmp(text, word) == 0;
}

struct sampler {
    int axes;
    bool corners, zeros, border;
    int taps; /* of one axis: 1 nearest, 2 linear, 4 cubic */
    struct onnx_value data, extent[3];
};

static struct onnx_value number(struct onnx_node *n, double v)
{
    return onnx_number(n, VT_F32, v);
}

static struct onnx_value clamped(struct onnx_node *n, struct onnx_value v, struct onnx_value low,
                                 struct onnx_value high)
{
    return onnx_binary(n, "Minimum", 1, onnx_binary(n, "Maximum", 1, v, low), high);
}

/* From -1..1 to elements. */
static struct onnx_value element_of(struct onnx_node *n, const struct sampler *s, struct onnx_value v,
                                    struct onnx_value extent)
{
    v = onnx_add(n, v, number(n, 1));
    v = onnx_mul(n, v, onnx_sub(n, extent, number(n, s->corners ? 1 : 0)));
    v = onnx_mul(n, v, number(n, 0.5));
    return s->corners ? v : onnx_sub(n, v, number(n, 0.5));
}

/* Back and forth between the outer centres, or the outer borders. */
static struct onnx_value reflected(struct onnx_node *n, const struct sampler *s, struct onnx_value v,
                                   struct onnx_value extent)
{
    struct onnx_value low = number(n, s->corners ? 0 : -0.5), range, twice;

    range = s->corners ? onnx_sub(n, extent, number(n, 1)) : extent;
    twice = onnx_mul(n, range, number(n, 2));
    twice = onnx_binary(n, "Maximum", 1, twice, number(n, 1e-30));
    v = onnx_unary(n, "Abs", 1, onnx_sub(n, v, low));
    v = onnx_binary(n, "FloorMod", 1, v, twice);
    v = onnx_binary(n, "Minimum", 1, v, onnx_sub(n, twice, v));
    return onnx_add(n, v, low);
}

/* Places of one axis and the weights of its taps, all [N, points]. */
struct axis_taps {
    struct onnx_value at[4], weight[4], inside[4];
};

static struct onnx_value cubic_weight(struct onnx_node *n, struct onnx_value distance)
{
    const double a = -0.75;
    struct onnx_value d = onnx_unary(n, "Abs", 1, distance), near, far;

    near = onnx_sub(n, onnx_mul(n, d, number(n, a + 2)), number(n, a + 3));
    near = onnx_add(n, onnx_mul(n, onnx_mul(n, near, d), d), number(n, 1));
    far = onnx_sub(n, onnx_mul(n, d, number(n, a)), number(n, 5 * a));
    far = onnx_add(n, onnx_mul(n, far, d), number(n, 8 * a));
    far = onnx_sub(n, onnx_mul(n, far, d), number(n, 4 * a));
    return onnx_op(n, "Select", 1, ONNX_IN(onnx_binary(n, "LessEqual", 1, d, number(n, 1)), near, far), NULL);
}

static void make_taps(struct onnx_node *n, const struct sampler *s, struct onnx_value x, int axis,
                      struct axis_taps *t)
{
    struct onnx_value extent = s->extent[axis], last = onnx_sub(n, extent, number(n, 1)), first;

    x = element_of(n, s, x, extent);
    if (s->taps < 4 && !s->zeros) {
        x = s->border ? x : reflected(n, s, x, extent);
        x = clamped(n, x, number(n, 0), last);
    }
    first =
        s->taps == 1 ? onnx_op(n, "Round", 5, ONNX_IN(x), "mode=half_to_even") : onnx_unary(n, "Floor", 1, x);
    first = s->taps == 4 ? onnx_sub(n, first, number(n, 1)) : first;
    for (int i = 0; i < s->taps; i++) {
        struct onnx_value at = i ? onnx_add(n, first, number(n, i)) : first, d = onnx_sub(n, x, at);

        t->weight[i] = s->taps == 1   ? ONNX_ABSENT
                       : s->taps == 4 ? cubic_weight(n, d)
                                      : onnx_sub(n, number(n, 1), onnx_unary(n, "Abs", 1, d));
        if (s->taps == 4 && !s->zeros) {
            at = s->border ? at : reflected(n, s, at, extent);
        }
        t->at[i] = clamped(n, at, number(n, 0), last);
        t->inside[i] = s->zeros ? onnx_binary(n, "Equal", 1, at, t->at[i]) : ONNX_ABSENT;
    }
}

/* One combination of taps: its elements times its weight, [N, points, C]. */
static struct onnx_value combination(struct onnx_node *n, const struct sampler *s, const struct axis_taps *t,
                                     int which)
{
    static const int64_t last = 2;
    struct onnx_value index = ONNX_ABSENT, weight = ONNX_ABSENT, v;

    for (int a = 0; a < s->axes; a++) {
        int tap = which % s->taps;
        struct onnx_value w = t[a].weight[tap];

        which /= s->taps;
        index = index.node ? onnx_add(n, onnx_mul(n, index, s->extent[a]), t[a].at[tap]) : t[a].at[tap];
        if (s->zeros) {
            struct onnx_value in = onnx_convert(n, t[a].inside[tap], VT_F32);

            w = w.node ? onnx_mul(n, w, in) : in;
        }
        weight = weight.node && w.node ? onnx_mul(n, weight, w) : w.node ? w : weight;
    }
    v = onnx_op(n, "Gather", 8, ONNX_IN(s->data, onnx_convert(n, index, VT_I64), onnx_i64(n, 1)),
                "batch_dims=1");
    return weight.node ? onnx_mul(n, v, onnx_unsqueeze(n, weight, &last, 1)) : v;
}

static struct onnx_value sample(struct onnx_node *n, struct sampler *s, struct onnx_value x,
                                struct onnx_value grid)
{
    static const int64_t to_last[] = {0, 2, 1};
    struct axis_taps t[3];
    struct onnx_value points, out = ONNX_ABSENT, shape;
    int count = 1;

    shape = onnx_concat(n, ONNX_IN(onnx_extents(n, x, 0, 2), onnx_extents(n, grid, 1, 1 + s->axes)), 0);
    s->data = onnx_transpose(
        n, onnx_convert(n, onnx_reshape(n, x, (const int64_t[]){0, 0, -1}, 3, true), VT_F32), to_last, 3);
    points = onnx_convert(
        n,
        onnx_reshape_to(n, grid,
                        onnx_concat(n, ONNX_IN(onnx_extent(n, grid, 0), ONNX_I64S(n, -1, s->axes)), 0)),
        VT_F32);
    for (int a = 0; a < s->axes; a++) {
        struct onnx_value p = onnx_slice_axis(n, points, 2, s->axes - 1 - a, s->axes - a);

        s->extent[a] = onnx_convert(n, onnx_extent(n, x, 2 + a), VT_F32);
        make_taps(n, s, onnx_squeeze(n, p, (const int64_t[]){2}, 1), a, &t[a]);
        count *= s->taps;
    }
    for (int i = 0; i < count; i++) {
        struct onnx_value v = combination(n, s, t, i);

        out = out.node ? onnx_add(n, out, v) : v;
    }
    return onnx_reshape_to(n, onnx_transpose(n, out, to_last, 3), shape);
}

int onnx_grid_sample(struct onnx_node *n)
{
    static const char *const words[][3] = {{"nearest", "nearest", "nearest"},
                                           {"linear", "bilinear", "bilinear"},
                                           {"cubic", "bicubic", "bicubic"}};
    const char *mode = onnx_attr_s(n, "mode", "linear"), *pad = onnx_attr_s(n, "padding_mode", "zeros");
    bool corners = onnx_attr_i(n, "align_corners", 0) != 0;
    struct onnx_value x = onnx_in(n, 0), grid = onnx_in(n, 1), v;
    int rank = onnx_rank(n, x), which = -1;
    struct sampler s;

    for (int i = 0; i < 3 && !onnx_status(n); i++) {
        which = is(mode, words[i][0]) || is(mode, words[i][1]) ? i : which;
    }
    if (onnx_status(n) || which < 0) {
        return onnx_fail(n, VT_E_INVALID, "attribute mode: there is no \"%s\"", mode ? mode : "");
    }
    rank = rank < 0 ? onnx_rank(n, grid) : rank;
    if (rank < 0 || rank == 4) {
        return onnx_out(n, 0,
                        onnx_op(n, "GridSample", 9, ONNX_IN(x, grid),
                                "align_corners=%s;mode=%s;padding_mode=%s", corners ? "true" : "false",
                                words[which][2], pad));
    }
    if (rank != 3 && rank != 5) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: data of %d axes", rank);
    }
    if (!is(pad, "zeros") && !is(pad, "border") && !is(pad, "reflection")) {
        return onnx_fail(n, VT_E_INVALID, "attribute padding_mode: there is no \"%s\"", pad);
    }
    s = (struct sampler){.axes = rank - 2,
                         .corners = corners,
                         .zeros = is(pad, "zeros"),
                         .border = is(pad, "border"),
                         .taps = 1 << which};
    v = sample(n, &s, x, grid);
    return onnx_out(n, 0, onnx_type(n, x) == VT_DYNAMIC ? v : onnx_convert(n, v, onnx_type(n, x)));
}
