/* Convolutions. */
#include "exact.h"
#include "extents.h"
#include "window.h"

#include <string.h>

/* Number of spatial axes from the data or the weights; -1 where neither rank is known. */
static int spatial_axes(struct onnx_node *n, struct onnx_value data, struct onnx_value weights)
{
    int rank = onnx_rank(n, data);

    rank = rank < 0 ? onnx_rank(n, weights) : rank;
    return rank < 0 ? -1 : rank - 2;
}

static int64_t groups(struct onnx_node *n)
{
    int64_t group = onnx_attr_i(n, "group", 1);

    if (group < 1 || group > INT32_MAX) {
        onnx_fail(n, VT_E_INVALID, "attribute group: %lld is out of range", (long long)group);
        return 1;
    }
    return group;
}

/* Weights [a, b, ...] as [group, a / group, b, ...]. */
static struct onnx_value grouped(struct onnx_node *n, struct onnx_value weights, int64_t group)
{
    int rank = onnx_need_rank(n, weights);
    int64_t dims[VT_MAX_RANK] = {group, -1};
    bool known = true;

    if (rank < 3 || rank >= VT_MAX_RANK) {
        onnx_fail(n, VT_E_SHAPE, "the weights have %d axes", rank);
        return ONNX_ABSENT;
    }
    for (int i = 1; i < rank; i++) {
        dims[i + 1] = onnx_dim(n, weights, i);
        known &= dims[i + 1] >= 0;
    }
    if (onnx_dim(n, weights, 0) >= 0 && onnx_dim(n, weights, 0) % group) {
        onnx_fail(n, VT_E_SHAPE, "%lld channels of the weights do not make %lld groups",
                  (long long)onnx_dim(n, weights, 0), (long long)group);
        return ONNX_ABSENT;
    }
    if (known) {
        return onnx_reshape(n, weights, dims, rank + 1, false);
    }
    return onnx_op(
        n, "Reshape", 1,
        ONNX_IN(weights, onnx_concat(n,
                                     ONNX_IN(ONNX_I64S(n, group, -1),
                                             onnx_slice_axis(n, onnx_shape_of(n, weights), 0, 1, rank)),
                                     0)),
        "special_zero=false");
}

/* One number for each channel, shaped to be added to [N, C, ...]. */
static struct onnx_value per_channel(struct onnx_node *n, struct onnx_value v, int spatial)
{
    int64_t dims[2 + ONNX_MAX_SPATIAL] = {1, -1, 1, 1, 1};

    return onnx_reshape(n, v, dims, 2 + spatial, false);
}

static struct onnx_value with_bias(struct onnx_node *n, struct onnx_value v, int input, int spatial)
{
    return onnx_has_in(n, input) ? onnx_add(n, v, per_channel(n, onnx_in(n, input), spatial)) : v;
}

struct onnx_value onnx_convolve(struct onnx_node *n, struct onnx_value data, struct onnx_value weights,
                                const struct onnx_window *w)
{
    int64_t group = groups(n);

    if (group == 1) {
        return onnx_op(n, "Convolution", 1, ONNX_IN(data, weights), "%s", onnx_window_attrs(n, w, true));
    }
    return onnx_op(n, "GroupConvolution", 1, ONNX_IN(data, grouped(n, weights, group)), "%s",
                   onnx_window_attrs(n, w, true));
}

int onnx_conv(struct onnx_node *n)
{
    struct onnx_value data = onnx_in(n, 0), weights = onnx_in(n, 1);
    struct onnx_window w;

    if (onnx_window_read(n, spatial_axes(n, data, weights), &w)) {
        return onnx_status(n);
    }
    return onnx_out(n, 0, with_bias(n, onnx_convolve(n, data, weights, &w), 2, w.spatial));
}

/* ---- transposed */

/* The extents that the file asks for, or NULL; some files count batch and channels too. */
static const int64_t *wanted_extents(struct onnx_node *n, int spatial)
{
    int count = 0;
    const int64_t *v = onnx_attr_is(n, "output_shape", &count);

    if (!v || count == 0) {
        return NULL;
    }
    if (count != spatial && count != spatial + 2) {
        onnx_fail(n, VT_E_INVALID, "attribute output_shape has %d numbers for %d spatial axes", count,
                  spatial);
        return NULL;
    }
    return v + (count - spatial);
}

/* Pads and the extra elements at the end that give axis `i` an extent, `in` being the input's and `total`
 * what is to be cut off. ONNX cuts more from the front, unless auto_pad is SAME_UPPER. */
static void cut(struct onnx_window *w, int i, int64_t total, int64_t *extra)
{
    if (total < 0) {
        *extra -= total;
        total = 0;
    }
    w->begin[i] = strcmp(w->auto_pad, "same_upper") == 0 ? total / 2 : total - total / 2;
    w->end[i] = total - w->begin[i];
}

/* auto_pad as explicit pads. False where the extents of the output have to be said by an input. */
static bool resolve(struct onnx_node *n, struct onnx_value data, struct onnx_value weights,
                    struct onnx_window *w, const int64_t *wanted, int64_t *extra)
{
    bool same = strncmp(w->auto_pad, "same", 4) == 0;
    struct onnx_window cut_out = *w;
    int64_t more[ONNX_MAX_SPATIAL];
    int count = 0;
    const int64_t *listed = onnx_attr_is(n, "kernel_shape", &count);

    memcpy(more, extra, sizeof(more));
    for (int i = 0; i < w->spatial && (same || wanted); i++) {
        int64_t kernel = onnx_dim(n, weights, 2 + i), in = onnx_dim(n, data, 2 + i), total;

        kernel = kernel < 0 && count == w->spatial && listed[i] > 0 ? listed[i] : kernel;
        if (kernel < 0 || (in < 0 && wanted)) {
            return false;
        }
        total = extra[i] + (kernel - 1) * w->dilation[i] + 1;
        total += wanted ? w->stride[i] * (in - 1) - wanted[i] : -w->stride[i];
        cut(&cut_out, i, total, &more[i]);
    }
    *w = cut_out;
    w->auto_pad = "explicit";
    memcpy(extra, more, sizeof(more));
    return true;
}

static struct onnx_value transposed(struct onnx_node *n, struct onnx_value data, struct onnx_value weights,
                                    struct onnx_window *w)
{
    const int64_t *wanted = wanted_extents(n, w->spatial);
    int64_t group = groups(n), extra[ONNX_MAX_SPATIAL] = {0};
    struct onnx_value in[3] = {data, weights, ONNX_ABSENT};
    int n_in = 2;

    if (onnx_spatial_list(n, "output_padding", w->spatial, 0, extra)) {
        return ONNX_ABSENT;
    }
    if (!resolve(n, data, weights, w, wanted, extra)) {
        /* The operation distributes a total over both sides the other way round. */
        in[n_in++] = wanted ? onnx_i64s(n, wanted, w->spatial)
                            : onnx_mul(n, onnx_extents(n, data, 2, 2 + w->spatial),
                                       onnx_i64s(n, w->stride, w->spatial));
        w->auto_pad = strcmp(w->auto_pad, "same_upper") == 0 ? "same_lower" : "same_upper";
        for (int i = 0; i < w->spatial; i++) {
            w->begin[i] = w->end[i] = 0;
        }
    }
    in[1] = group == 1 ? weights : grouped(n, weights, group);
    return onnx_op(n, group == 1 ? "ConvolutionBackpropData" : "GroupConvolutionBackpropData", 1, in, n_in,
                   "%s;output_padding=%s", onnx_window_attrs(n, w, true), onnx_list(n, extra, w->spatial));
}

int onnx_conv_transpose(struct onnx_node *n)
{
    struct onnx_value data = onnx_in(n, 0), weights = onnx_in(n, 1);
    struct onnx_window w;

    if (onnx_window_read(n, spatial_axes(n, data, weights), &w)) {
        return onnx_status(n);
    }
    return onnx_out(n, 0, with_bias(n, transposed(n, data, weights, &w), 2, w.spatial));
}

/* ---- others */

int onnx_deform_conv(struct onnx_node *n)
{
    struct onnx_value data = onnx_in(n, 0), weights = onnx_in(n, 1), offset = onnx_in(n, 2), out;
    struct onnx_value in[4] = {data, offset, weights, onnx_in_opt(n, 4)};
    struct onnx_window w;

    if (onnx_window_read(n, spatial_axes(n, data, weights), &w)) {
        return onnx_status(n);
    }
    if (w.spatial != 2) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: %d spatial axes, only 2", w.spatial);
    }
    out = onnx_op(n, "DeformableConvolution", 8, in, in[3].node ? 4 : 3,
                  "%s;group=%lld;deformable_group=%lld;bilinear_interpolation_pad=true",
                  onnx_window_attrs(n, &w, true), (long long)groups(n),
                  (long long)onnx_attr_i(n, "offset_group", 1));
    return onnx_out(n, 0, with_bias(n, out, 3, 2));
}

/* ---- whole numbers */

/* Elements of the weights that belong to one output channel, -1 where that is open. */
static int64_t taps_of(struct onnx_node *n, struct onnx_value weights, int spatial)
{
    int64_t taps = 1;

    for (int i = 1; i < 2 + spatial; i++) {
        int64_t d = onnx_dim(n, weights, i);

        if (d < 0 || d > (1 << 20) || taps > (1 << 20)) {
            return -1;
        }
        taps *= d;
    }
    return taps;
}

/* The zero point of the weights, one or one for each output channel. */
static struct onnx_value without_zero(struct onnx_node *n, struct onnx_value weights, int spatial)
{
    int64_t dims[2 + ONNX_MAX_SPATIAL] = {-1, 1, 1, 1, 1};
    struct onnx_value zero = onnx_in_opt(n, 3);

    if (!zero.node) {
        return weights;
    }
    zero = onnx_rank(n, zero) == 0 ? zero : onnx_reshape(n, zero, dims, 2 + spatial, false);
    return onnx_sub(n, weights, onnx_convert(n, zero, onnx_type(n, weights)));
}

int onnx_conv_integer(struct onnx_node *n)
{
    struct onnx_value data = onnx_in(n, 0), weights = onnx_in(n, 1), high, low;
    struct onnx_window w;
    enum onnx_exactly way;
    enum vt_type type;

    if (onnx_window_read(n, spatial_axes(n, data, weights), &w)) {
        return onnx_status(n);
    }
    way = onnx_exactly(onnx_largest_sum(n, weights, 3, true, taps_of(n, weights, w.spatial)));
    type = way == ONNX_AS_I32 ? VT_I32 : VT_F32;
    data = onnx_convert(n, data, type);
    weights = without_zero(n, onnx_convert(n, weights, type), w.spatial);
    if (onnx_has_in(n, 2)) {
        data = onnx_sub(n, data, onnx_convert(n, onnx_in(n, 2), type));
    }
    if (way != ONNX_HALVES) {
        return onnx_out(n, 0, onnx_convert(n, onnx_convolve(n, data, weights, &w), VT_I32));
    }
    onnx_split_digits(n, data, &high, &low);
    high = onnx_convert(n, onnx_convolve(n, high, weights, &w), VT_I32);
    low = onnx_convert(n, onnx_convolve(n, low, weights, &w), VT_I32);
    return onnx_out(n, 0, onnx_add(n, onnx_mul(n, high, onnx_number(n, VT_I32, 16)), low));
}

/* ---- columns back to an image */

/* How many places a block takes on each axis: (image + pads - (block - 1) dilation - 1) / stride + 1. */
static struct onnx_value places(struct onnx_node *n, struct onnx_value image, struct onnx_value block,
                                const struct onnx_window *w)
{
    int64_t pads[ONNX_MAX_SPATIAL];
    struct onnx_value reach = onnx_sub(n, block, ONNX_I64S(n, 1)),
                      stride = onnx_i64s(n, w->stride, w->spatial);

    for (int i = 0; i < w->spatial; i++) {
        pads[i] = w->begin[i] + w->end[i] - 1 + w->stride[i];
    }
    reach = onnx_mul(n, reach, onnx_i64s(n, w->dilation, w->spatial));
    image = onnx_add(n, onnx_sub(n, image, reach), onnx_i64s(n, pads, w->spatial));
    return onnx_div(n, image, stride);
}

/* A transposed convolution whose kernel moves each row of a block to its place and adds what overlaps. */
static struct onnx_value unfold(struct onnx_node *n, struct onnx_value data, struct onnx_value image,
                                struct onnx_value block, const struct onnx_window *w)
{
    struct onnx_value count = onnx_op(n, "ReduceProd", 1, ONNX_IN(block, ONNX_I64S(n, 0)), "keep_dims=true");
    struct onnx_value one = ONNX_I64S(n, 1), rows = onnx_squeeze(n, count, NULL, 0), eye, channels;

    channels = onnx_div(n, onnx_extent(n, data, 1), count);
    eye = onnx_op(n, "Eye", 9, ONNX_IN(rows, rows, onnx_i64(n, 0)), "output_type=f32");
    eye = onnx_reshape_to(n, onnx_convert_like(n, eye, data), onnx_concat(n, ONNX_IN(count, one, block), 0));
    data = onnx_concat(n, ONNX_IN(ONNX_I64S(n, -1), count, places(n, image, block, w)), 0);
    data = onnx_reshape_to(n, onnx_in(n, 0), data);
    data = onnx_op(n, "ConvolutionBackpropData", 1, ONNX_IN(data, eye, image), "%s",
                   onnx_window_attrs(n, w, true));
    return onnx_reshape_to(n, data,
                           onnx_concat(n, ONNX_IN(onnx_extent(n, onnx_in(n, 0), 0), channels, image), 0));
}

int onnx_col2im(struct onnx_node *n)
{
    struct onnx_value data = onnx_in(n, 0), image = onnx_in(n, 1), block = onnx_in(n, 2);
    int64_t spatial = onnx_dim(n, image, 0);
    struct onnx_window w;

    spatial = spatial < 0 ? onnx_dim(n, block, 0) : spatial;
    if (onnx_window_read(n, (int)spatial, &w)) {
        return onnx_status(n);
    }
    if (spatial == 2) {
        return onnx_out(n, 0,
                        onnx_op(n, "Col2Im", 15, ONNX_IN(data, image, block),
                                "strides=%s;dilations=%s;pads_begin=%s;pads_end=%s",
                                onnx_list(n, w.stride, 2), onnx_list(n, w.dilation, 2),
                                onnx_list(n, w.begin, 2), onnx_list(n, w.end, 2)));
    }
    return onnx_out(n, 0, unfold(n, data, image, block, &w));
}
