/* Products with, and rows of, weights of few bits: MatMulNBits, MatMulBnb4, GatherBlockQuantized,
 * DynamicQuantizeLSTM.
 *
 * Weights become Constant -> Convert -> Subtract -> Multiply -> Reshape, the form in which devices find
 * compressed weights; their bytes stay where the model's file has them. */
#include "quantize.h"
#include "recurrent.h"

static enum vt_type code_type(struct onnx_node *n, int64_t bits)
{
    switch (bits) {
    case 2: return VT_U2;
    case 4: return VT_U4;
    case 8: return VT_U8;
    default: onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: weights of %lld bits", (long long)bits);
    }
    return VT_DYNAMIC;
}

/* Codes that were packed row by row into bytes, as u8, one for each element: [rows, columns, 1]. */
static struct onnx_value unpack_rows(struct onnx_node *n, const struct vt_tensor *t, int64_t rows,
                                     int64_t columns, int64_t bits)
{
    int64_t stride = (columns * bits + 7) / 8;
    const unsigned char *bytes = t->data;
    struct vt_tensor out;
    unsigned char *codes;

    if (!vt_tensor_describe(&out, VT_U8, 3, (const int64_t[]){rows, columns, 1}) ||
        (int64_t)t->bytes != rows * stride) {
        onnx_fail(n, VT_E_SHAPE, "%zu bytes of zero points for %lld rows of %lld", t->bytes, (long long)rows,
                  (long long)columns);
        return ONNX_ABSENT;
    }
    codes = out.data = onnx_alloc(n, out.bytes);
    for (int64_t i = 0; codes && i < rows * columns; i++) {
        int64_t bit = i % columns * bits;

        codes[i] = (unsigned char)(bytes[i / columns * stride + bit / 8] >> bit % 8 & ((1 << bits) - 1));
    }
    return codes ? onnx_constant(n, &out) : ONNX_ABSENT;
}

/* Zero points of [rows, blocks] as [rows, blocks, 1]: given as numbers, or as codes packed row by row. */
static struct onnx_value zero_points(struct onnx_node *n, struct onnx_value zero, int64_t rows,
                                     int64_t blocks, int64_t bits)
{
    enum vt_type type = code_type(n, bits);
    const struct vt_tensor *t = onnx_tensor_of(n, zero);
    int64_t dims[3] = {rows, blocks, 1};

    if (!zero.node) {
        return onnx_status(n) ? ONNX_ABSENT : onnx_number(n, type, (double)(1 << (bits - 1)));
    }
    if (vt_type_info(onnx_type(n, zero))->is_float) {
        return onnx_with_shape(n, zero, dims, 3);
    }
    if (!t) {
        if (bits == 8) {
            return onnx_reshape(n, zero, dims, 3, false);
        }
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: packed zero points that are not constant");
        return ONNX_ABSENT;
    }
    if (blocks * bits % 8) {
        return unpack_rows(n, t, rows, blocks, bits);
    }
    return onnx_constant_as(n, zero, type, dims, 3);
}

/* ---- MatMulNBits */

struct block_weights {
    int64_t rows, columns, block, blocks, bits; /* N, K, ... */
};

static int read_sizes(struct onnx_node *n, struct block_weights *w)
{
    w->rows = onnx_attr_i(n, "N", 0);
    w->columns = onnx_attr_i(n, "K", 0);
    w->block = onnx_attr_i(n, "block_size", 0);
    w->bits = onnx_attr_i(n, "bits", 4);
    if (w->rows < 1 || w->columns < 1 || w->block < 1 || w->rows > INT32_MAX || w->columns > INT32_MAX ||
        w->block > INT32_MAX || w->block * w->bits % 8) {
        return onnx_fail(n, VT_E_INVALID, "N %lld, K %lld, block_size %lld, bits %lld", (long long)w->rows,
                         (long long)w->columns, (long long)w->block, (long long)w->bits);
    }
    w->blocks = (w->columns + w->block - 1) / w->block;
    return onnx_status(n);
}

/* [N, blocks, block] of codes as [N, K] of numbers of `type`. */
static struct onnx_value decompress(struct onnx_node *n, const struct block_weights *w, enum vt_type type)
{
    int64_t dims[3] = {w->rows, w->blocks, w->block}, each[3] = {w->rows, w->blocks, 1};
    struct onnx_value codes = onnx_in(n, 1),
                      zero = zero_points(n, onnx_in_opt(n, 3), w->rows, w->blocks, w->bits);
    struct onnx_value y;

    if (onnx_tensor_of(n, codes)) {
        codes = onnx_constant_as(n, codes, code_type(n, w->bits), dims, 3);
    } else if (w->bits == 8) {
        codes = onnx_reshape(n, codes, dims, 3, false);
    } else {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: packed weights that are not constant");
    }
    y = onnx_sub(n, onnx_convert(n, codes, type), onnx_convert(n, zero, type));
    y = onnx_mul(n, y, onnx_convert(n, onnx_with_shape(n, onnx_in(n, 2), each, 3), type));
    y = onnx_reshape(n, y, (const int64_t[]){w->rows, w->blocks * w->block}, 2, false);
    return w->blocks * w->block == w->columns ? y : onnx_slice_axis(n, y, 1, 0, w->columns);
}

int onnx_ms_matmul_nbits(struct onnx_node *n)
{
    struct onnx_value a = onnx_in(n, 0), y;
    struct block_weights w = {0};

    if (read_sizes(n, &w)) {
        return onnx_status(n);
    }
    if (onnx_has_in(n, 4)) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: the input g_idx");
    }
    if (onnx_attr_i(n, "weight_prepacked", 0)) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: weights packed for another runtime");
    }
    y = onnx_op(n, "MatMul", 1, ONNX_IN(a, decompress(n, &w, onnx_type(n, a))),
                "transpose_a=false;transpose_b=true");
    return onnx_out(n, 0, onnx_has_in(n, 5) ? onnx_add(n, y, onnx_in(n, 5)) : y);
}

/* ---- MatMulBnb4: NormalFloat in blocks of the flattened weights, the first of two in the upper half of a
 * byte */

/* The weights as [rows, blocks, block] of nf4, whose lower half is the first. */
static struct onnx_value normal_floats(struct onnx_node *n, const struct block_weights *w)
{
    const struct vt_tensor *t = onnx_tensor_of(n, onnx_in(n, 1));
    int64_t dims[3] = {w->rows, w->blocks, w->block};
    struct vt_tensor out;
    uint8_t *bytes;

    if (!t || !vt_tensor_describe(&out, VT_NF4, 3, dims) || out.bytes != t->bytes) {
        onnx_fail(n, t ? VT_E_SHAPE : VT_E_UNSUPPORTED,
                  t ? "the weights have %zu bytes, not those of N times K"
                    : "not implemented: weights that are not "
                      "constant",
                  t ? t->bytes : (size_t)0);
        return ONNX_ABSENT;
    }
    bytes = out.data = onnx_alloc(n, out.bytes);
    for (size_t i = 0; bytes && i < out.bytes; i++) {
        unsigned b = ((const uint8_t *)t->data)[i];

        bytes[i] = (uint8_t)(b >> 4 | b << 4);
    }
    return bytes ? onnx_constant(n, &out) : ONNX_ABSENT;
}

int onnx_ms_matmul_bnb4(struct onnx_node *n)
{
    struct onnx_value a = onnx_in(n, 0), scale, y;
    enum vt_type type = onnx_type(n, a);
    struct block_weights w = {0};

    if (read_sizes(n, &w)) {
        return onnx_status(n);
    }
    if (onnx_attr_i(n, "quant_type", 1) != 1) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: weights in FP4");
    }
    if (w.columns % w.block) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: blocks of %lld in rows of %lld",
                         (long long)w.block, (long long)w.columns);
    }
    scale = onnx_with_shape(n, onnx_in(n, 2), (const int64_t[]){w.rows, w.blocks, 1}, 3);
    y = onnx_mul(n, onnx_convert(n, normal_floats(n, &w), type), onnx_convert(n, scale, type));
    y = onnx_reshape(n, y, (const int64_t[]){w.rows, w.columns}, 2, false);
    return onnx_out(n, 0,
                    onnx_op(n, "MatMul", 1, ONNX_IN(a, y), "transpose_a=false;transpose_b=%s",
                            onnx_attr_i(n, "transB", 1) ? "true" : "false"));
}

/* ---- GatherBlockQuantized */

struct block_table {
    struct onnx_value codes, scale,
        zero; /* codes grouped: one more axis behind `quantize`; the others 1 there */
    int rank, gather, quantize;
    int64_t dims[VT_MAX_RANK]; /* unpacked */
    int64_t block;
};

static int table_shape(struct onnx_node *n, const struct vt_tensor *t, struct block_table *b, int64_t bits)
{
    int packed = t->type == VT_U8 && bits < 8 ? (int)(8 / bits) : 1;

    b->rank = t->rank;
    b->block = onnx_attr_i(n, "block_size", 128);
    b->gather = (int)onnx_axis(n, onnx_attr_i(n, "gather_axis", 0), t->rank);
    b->quantize = (int)onnx_axis(n, onnx_attr_i(n, "quantize_axis", 1), t->rank);
    if (onnx_status(n) || t->rank < 1 || t->rank >= VT_MAX_RANK) {
        return onnx_fail(n, VT_E_SHAPE, "input 0 has %d axes", t->rank);
    }
    for (int i = 0; i < t->rank; i++) {
        b->dims[i] = t->dims[i] * (i == t->rank - 1 ? packed : 1);
    }
    b->block = b->block ? b->block : b->dims[b->quantize];
    if (b->block < 1 || b->dims[b->quantize] % b->block) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: %lld elements in blocks of %lld",
                         (long long)b->dims[b->quantize], (long long)b->block);
    }
    if (b->gather == b->quantize) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: gather_axis and quantize_axis that are one");
    }
    return onnx_status(n);
}

/* Codes, scales and zero points with an axis for the elements of a block. */
static void group_table(struct onnx_node *n, struct block_table *b, const struct vt_tensor *t, int64_t bits)
{
    int64_t grouped[VT_MAX_RANK + 1], each[VT_MAX_RANK + 1], columns;
    struct onnx_value zero = onnx_in_opt(n, 3);
    enum vt_type type = t->type == VT_U8 ? code_type(n, bits) : t->type;

    for (int i = 0; i <= b->rank; i++) {
        int from = i > b->quantize ? i - 1 : i;

        grouped[i] = i == b->quantize       ? b->dims[from] / b->block
                     : i == b->quantize + 1 ? b->block
                                            : b->dims[from];
        each[i] = i == b->quantize + 1 ? 1 : grouped[i];
    }
    b->codes = onnx_constant_as(n, onnx_in(n, 0), type, grouped, b->rank + 1);
    b->scale = onnx_with_shape(n, onnx_in(n, 2), each, b->rank + 1);
    columns = each[b->rank - 1];
    if (!zero.node) {
        b->zero = t->type == VT_U8 ? onnx_number(n, type, (double)(1 << (bits - 1))) : ONNX_ABSENT;
    } else if (t->type != VT_U8 || bits == 8) {
        b->zero = onnx_constant_as(n, zero, type, each, b->rank + 1);
    } else if (b->quantize != b->rank - 1) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: packed zero points but along the last axis");
    } else {
        int64_t rows = 1;

        for (int i = 0; i < b->rank - 1; i++) {
            rows *= b->dims[i];
        }
        b->zero = zero_points(n, zero, rows, columns, bits);
        b->zero = onnx_with_shape(n, b->zero, each, b->rank + 1);
    }
}

/* Rows are looked up as codes, and only they are decompressed. */
int onnx_ms_gather_block_quantized(struct onnx_node *n)
{
    struct onnx_value table = onnx_in(n, 0), index = onnx_in(n, 1), y, shape;
    const struct vt_tensor *t = onnx_tensor_of(n, table);
    int64_t bits = onnx_attr_i(n, "bits", 4);
    enum vt_type type = onnx_type(n, onnx_in(n, 2));
    struct block_table b = {0};
    int axis, last, index_rank;

    if (!t) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: a table that is not constant");
    }
    if (table_shape(n, t, &b, bits)) {
        return onnx_status(n);
    }
    group_table(n, &b, t, bits);
    axis = b.gather > b.quantize ? b.gather + 1 : b.gather;
    y = onnx_convert(n, onnx_gather_axis(n, b.codes, index, axis), type);
    if (b.zero.node) {
        struct onnx_value zero = onnx_rank(n, b.zero) ? onnx_gather_axis(n, b.zero, index, axis) : b.zero;

        y = onnx_sub(n, y, onnx_convert(n, zero, type));
    }
    y = onnx_mul(n, y, onnx_gather_axis(n, b.scale, index, axis));
    /* The axes of a block become one. */
    index_rank = onnx_need_rank(n, index);
    last = b.quantize + (b.quantize > b.gather ? index_rank - 1 : 0);
    shape = onnx_shape_of(n, y);
    shape = onnx_concat(n,
                        ONNX_IN(onnx_slice_axis(n, shape, 0, 0, last), ONNX_I64S(n, b.dims[b.quantize]),
                                onnx_slice_axis(n, shape, 0, last + 2, INT64_MAX)),
                        0);
    return onnx_out(n, 0, onnx_op(n, "Reshape", 1, ONNX_IN(y, shape), "special_zero=false"));
}

/* ---- DynamicQuantizeLSTM */

/* A parameter of whole directions [D], or of their columns [D, 4 hidden], beside weights [D, input, 4
 * hidden]. */
static struct onnx_value of_directions(struct onnx_node *n, struct onnx_value v)
{
    int rank = onnx_need_rank(n, v);
    int64_t places[2] = {1, 2};

    return onnx_unsqueeze(n, v, places, rank == 1 ? 2 : 1);
}

/* Weights [D, input, 4 hidden] of codes as [D, 4 hidden, input] of numbers. */
static struct onnx_value lstm_weights(struct onnx_node *n, int codes, int scale)
{
    struct quantization q = {.scale = of_directions(n, onnx_in(n, scale)),
                             .zero = of_directions(n, onnx_in(n, scale + 1))};

    return onnx_transpose(n, onnx_dequantize(n, onnx_in(n, codes), &q), (const int64_t[]){0, 2, 1}, 3);
}

/* Weights alone are rounded to eight bits here; ONNX Runtime rounds what they are multiplied with, too. */
int onnx_ms_dynamic_quantize_lstm(struct onnx_node *n)
{
    struct onnx_value w = lstm_weights(n, 1, 8), r = lstm_weights(n, 2, 10);

    return onnx_lstm_of(n, w, r);
}
