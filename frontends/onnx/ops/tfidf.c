/* TfIdfVectorizer: how often each n-gram of a pool comes in a row. All windows of a row are compared with all
 * n-grams of their length at once. */
#include "ml.h"

#include <string.h>

struct pool {
    struct onnx_value all; /* of all n-grams, one after another */
    int64_t total;         /* elements of it */
    const int64_t *begins; /* of the n-grams of each length, in elements */
    int lengths;
};

static int read_pool(struct onnx_node *n, struct pool *p)
{
    p->all = onnx_ml_texts(n, "pool_strings");
    p->all = p->all.node ? p->all : onnx_ml_ints(n, "pool_int64s");
    p->total = onnx_dim(n, p->all, 0);
    p->begins = onnx_attr_is(n, "ngram_counts", &p->lengths);
    if (onnx_status(n)) {
        return onnx_status(n);
    }
    if (!p->all.node || !p->begins) {
        return onnx_fail(n, VT_E_INVALID, "the pool or ngram_counts is missing");
    }
    for (int i = 0; i < p->lengths; i++) {
        int64_t end = i + 1 < p->lengths ? p->begins[i + 1] : p->total;

        if (p->begins[i] < 0 || end < p->begins[i] || end > p->total || (end - p->begins[i]) % (i + 1)) {
            return onnx_fail(n, VT_E_INVALID, "n-grams of length %d from %lld to %lld of %lld", i + 1,
                             (long long)p->begins[i], (long long)end, (long long)p->total);
        }
    }
    return VT_OK;
}

/* Boolean [rows, windows, 1, length] elements of x [rows, columns], each `step` behind the one before. */
static struct onnx_value windows(struct onnx_node *n, struct onnx_value x, int64_t length, int64_t step)
{
    int64_t last = 1, third = 2;
    struct onnx_value columns = onnx_gather_axis(n, onnx_shape_of(n, x), onnx_i64(n, 1), 0), first, offset;

    columns = onnx_sub(n, columns, onnx_i64(n, (length - 1) * step));
    columns = onnx_binary(n, "Maximum", 1, columns, onnx_i64(n, 0));
    first = onnx_op(n, "Range", 4, ONNX_IN(onnx_i64(n, 0), columns, onnx_i64(n, 1)), "output_type=i64");
    offset = onnx_op(n, "Range", 4, ONNX_IN(onnx_i64(n, 0), onnx_i64(n, length), onnx_i64(n, 1)),
                     "output_type=i64");
    first = onnx_add(n, onnx_unsqueeze(n, first, &last, 1), onnx_mul(n, offset, onnx_i64(n, step)));
    return onnx_unsqueeze(n, onnx_gather_axis(n, x, first, 1), &third, 1);
}

/* How often the n-grams of one length come: f32 [rows, n-grams]. */
static struct onnx_value count(struct onnx_node *n, const struct pool *p, struct onnx_value x, int64_t length,
                               int64_t skips)
{
    int64_t begin = p->begins[length - 1], end = length < p->lengths ? p->begins[length] : p->total;
    struct onnx_value grams = onnx_slice_axis(n, p->all, 0, begin, end), sum = ONNX_ABSENT;

    grams = onnx_reshape(n, grams, (const int64_t[]){(end - begin) / length, length}, 2, false);
    /* A single element has no gaps. */
    for (int64_t skip = 0; skip <= (length == 1 ? 0 : skips) && !onnx_status(n); skip++) {
        struct onnx_value same = onnx_binary(n, "Equal", 1, windows(n, x, length, skip + 1), grams);

        same = onnx_op(n, "ReduceLogicalAnd", 1, ONNX_IN(same, ONNX_I64S(n, 3)), "keep_dims=false");
        same = onnx_op(n, "ReduceSum", 1, ONNX_IN(onnx_convert(n, same, VT_F32), ONNX_I64S(n, 1)),
                       "keep_dims=false");
        sum = sum.node ? onnx_add(n, sum, same) : same;
    }
    return sum;
}

/* Counts [rows, all n-grams of the pool]; those of lengths out of range are 0. */
static struct onnx_value count_all(struct onnx_node *n, const struct pool *p, struct onnx_value x)
{
    int64_t min = onnx_attr_i(n, "min_gram_length", 1), max = onnx_attr_i(n, "max_gram_length", 1);
    int64_t skips = onnx_attr_i(n, "max_skip_count", 0);
    struct onnx_value *parts = onnx_alloc(n, ((size_t)p->lengths + 1) * sizeof(*parts));
    int used = 0;

    if (skips < 0 || skips > 1 << 10 || min < 1 || max < min) {
        onnx_fail(n, VT_E_INVALID, "n-grams of %lld to %lld with up to %lld left out", (long long)min,
                  (long long)max, (long long)skips);
    }
    for (int64_t length = 1; parts && length <= p->lengths && !onnx_status(n); length++) {
        int64_t end = length < p->lengths ? p->begins[length] : p->total;

        if (end == p->begins[length - 1]) {
            continue;
        }
        parts[used] = count(n, p, x, length, length < min || length > max ? 0 : skips);
        if (length < min || length > max) {
            parts[used] = onnx_mul(n, parts[used], onnx_number(n, VT_F32, 0));
        }
        used++;
    }
    if (!used && !onnx_status(n)) {
        onnx_fail(n, VT_E_INVALID, "the pool is empty");
    }
    return onnx_concat(n, parts, used, 1);
}

/* IDF and TFIDF weigh, and IDF counts what comes once or more as one. */
static struct onnx_value weigh(struct onnx_node *n, struct onnx_value counts)
{
    const char *mode = onnx_attr_s(n, "mode", "");
    struct onnx_value weights = onnx_ml_floats(n, "weights");

    if (mode && strcmp(mode, "TF") == 0) {
        return counts;
    }
    if (!mode || (strcmp(mode, "IDF") != 0 && strcmp(mode, "TFIDF") != 0)) {
        onnx_fail(n, VT_E_INVALID, "there is no mode \"%s\"", mode ? mode : "");
    } else if (strcmp(mode, "IDF") == 0) {
        counts = onnx_binary(n, "Minimum", 1, counts, onnx_number(n, VT_F32, 1));
    }
    return weights.node ? onnx_mul(n, counts, weights) : counts;
}

/* Column ngram_indexes[i] of the result is n-gram i; columns that no n-gram has are 0. */
static struct onnx_value arrange(struct onnx_node *n, struct onnx_value counts)
{
    int grams = 0;
    const int64_t *to = onnx_attr_is(n, "ngram_indexes", &grams);
    int64_t width = 0, *from, second[4] = {0, 0, 0, 1};

    for (int i = 0; i < grams; i++) {
        if (to[i] < 0 || to[i] > 1 << 26) {
            onnx_fail(n, VT_E_RANGE, "ngram_indexes has %lld", (long long)to[i]);
            return ONNX_ABSENT;
        }
        width = to[i] >= width ? to[i] + 1 : width;
    }
    if (grams != onnx_dim(n, counts, 1)) {
        onnx_fail(n, VT_E_INVALID, "%d ngram_indexes for %lld n-grams", grams,
                  (long long)onnx_dim(n, counts, 1));
        return ONNX_ABSENT;
    }
    from = onnx_alloc(n, ((size_t)width + 1) * sizeof(*from));
    for (int64_t i = 0; from && i < width; i++) {
        from[i] = grams;
    }
    for (int i = 0; from && i < grams; i++) {
        if (from[to[i]] != grams) {
            onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: two n-grams in column %lld", (long long)to[i]);
        }
        from[to[i]] = i;
    }
    counts = onnx_op(
        n, "Pad", 1,
        ONNX_IN(counts, onnx_i64s(n, second, 2), onnx_i64s(n, second + 2, 2), onnx_number(n, VT_F32, 0)),
        "pad_mode=constant");
    return onnx_gather_axis(n, counts, onnx_i64s(n, from, from ? (int)width : 0), 1);
}

int onnx_tf_idf_vectorizer(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);
    int rank = onnx_need_rank(n, x);
    int64_t front = 0;
    struct pool p = {0};

    if (onnx_status(n) || read_pool(n, &p)) {
        return onnx_status(n);
    }
    if (rank != 1 && rank != 2) {
        return onnx_fail(n, VT_E_SHAPE, "input 0 has %d axes, not 1 or 2", rank);
    }
    if (onnx_type(n, x) != VT_STRING) {
        x = onnx_convert(n, x, VT_I64);
    }
    x = rank == 1 ? onnx_unsqueeze(n, x, &front, 1) : x;
    x = arrange(n, weigh(n, count_all(n, &p, x)));
    return onnx_out(n, 0, rank == 1 ? onnx_squeeze(n, x, &front, 1) : x);
}
