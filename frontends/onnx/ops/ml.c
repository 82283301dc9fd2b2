/* ai.onnx.ml: features one by one, and linear models. */
#include "ml.h"

#include "vt/strings.h"

#include <math.h>
#include <string.h>

struct onnx_value onnx_ml_floats(struct onnx_node *n, const char *name)
{
    int count = 0;
    const float *v = onnx_attr_fs(n, name, &count);
    struct vt_tensor t = {0};

    if (!v || !vt_tensor_describe(&t, VT_F32, 1, (const int64_t[]){count})) {
        return ONNX_ABSENT;
    }
    t.data = (void *)(uintptr_t)v;
    return onnx_constant(n, &t);
}

struct onnx_value onnx_ml_ints(struct onnx_node *n, const char *name)
{
    int count = 0;
    const int64_t *v = onnx_attr_is(n, name, &count);

    return v ? onnx_i64s(n, v, count) : ONNX_ABSENT;
}

struct onnx_value onnx_ml_texts(struct onnx_node *n, const char *name)
{
    int count = 0;
    const char *const *texts = onnx_attr_ss(n, name, &count);
    struct vt_tensor t = {0};

    if (!texts || !vt_tensor_describe(&t, VT_STRING, 1, (const int64_t[]){count})) {
        return ONNX_ABSENT;
    }
    t.data = count ? onnx_alloc(n, t.bytes) : NULL;
    for (int i = 0; t.data && i < count; i++) {
        vt_string_set(&t, i, texts[i], strlen(texts[i]));
    }
    return onnx_constant(n, &t);
}

struct onnx_value onnx_ml_text(struct onnx_node *n, const char *s, int rank)
{
    struct vt_tensor t = {0};

    vt_tensor_describe(&t, VT_STRING, rank, (const int64_t[]){1});
    t.data = onnx_alloc(n, t.bytes);
    if (!t.data || !s) {
        return ONNX_ABSENT;
    }
    vt_string_set(&t, 0, s, strlen(s));
    return onnx_constant(n, &t);
}

struct onnx_value onnx_ml_no_texts(struct onnx_node *n)
{
    struct vt_tensor t = {0};

    vt_tensor_describe(&t, VT_STRING, 1, (const int64_t[]){0});
    return onnx_constant(n, &t);
}

/* ---- features */

int onnx_binarizer(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);
    struct onnx_value limit = onnx_number_like(n, x, (double)onnx_attr_f(n, "threshold", 0));

    return onnx_out(n, 0, onnx_convert_like(n, onnx_binary(n, "Greater", 1, x, limit), x));
}

int onnx_array_feature_extractor(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0),
                      index = onnx_reshape(n, onnx_in(n, 1), (const int64_t[]){-1}, 1, false);
    int64_t front = 0;
    struct onnx_value y = onnx_gather_axis(n, x, index, -1);

    return onnx_out(n, 0, onnx_need_rank(n, x) == 1 ? onnx_unsqueeze(n, y, &front, 1) : y);
}

/* Rows over their largest element, or sum or root of the sum of squares; rows of zeros stay as they are. */
int onnx_normalizer(struct onnx_node *n)
{
    static const char *const rows[][2] = {{"MAX", "ReduceMax"}, {"L1", "ReduceL1"}, {"L2", "ReduceL2"}};
    const char *norm = onnx_attr_s(n, "norm", "MAX");
    struct onnx_value x = onnx_convert(n, onnx_in(n, 0), VT_F32), by, none;

    for (int i = 0; i < 3 && norm; i++) {
        if (strcmp(norm, rows[i][0]) == 0) {
            by = onnx_op(n, rows[i][1], i ? 4 : 1, ONNX_IN(x, ONNX_I64S(n, -1)), "keep_dims=true");
            none = onnx_binary(n, "Equal", 1, by, onnx_number(n, VT_F32, 0));
            by = onnx_op(n, "Select", 1, ONNX_IN(none, onnx_number(n, VT_F32, 1), by), NULL);
            return onnx_out(n, 0, onnx_div(n, x, by));
        }
    }
    return onnx_fail(n, VT_E_INVALID, "there is no norm \"%s\"", norm ? norm : "");
}

int onnx_scaler(struct onnx_node *n)
{
    struct onnx_value x = onnx_convert(n, onnx_in(n, 0), VT_F32);
    struct onnx_value offset = onnx_ml_floats(n, "offset"), scale = onnx_ml_floats(n, "scale");

    x = offset.node ? onnx_sub(n, x, offset) : x;
    return onnx_out(n, 0, scale.node ? onnx_mul(n, x, scale) : x);
}

int onnx_imputer(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), with, missing;
    float replaced = onnx_attr_f(n, "replaced_value_float", 0);

    if (vt_type_info(onnx_type(n, x))->is_float) {
        with = onnx_convert_like(n, onnx_ml_floats(n, "imputed_value_floats"), x);
        missing = isnan(replaced) ? onnx_unary(n, "IsNaN", 10, x)
                                  : onnx_binary(n, "Equal", 1, x, onnx_number_like(n, x, (double)replaced));
    } else {
        with = onnx_convert_like(n, onnx_ml_ints(n, "imputed_value_int64s"), x);
        missing =
            onnx_binary(n, "Equal", 1, x,
                        onnx_convert_like(n, onnx_i64(n, onnx_attr_i(n, "replaced_value_int64", 0)), x));
    }
    return onnx_out(n, 0, onnx_op(n, "Select", 1, ONNX_IN(missing, with, x), NULL));
}

/* Columns of all inputs beside each other, as many of each as is said. */
int onnx_feature_vectorizer(struct onnx_node *n)
{
    int count = onnx_n_in(n), sizes = 0;
    const int64_t *size = onnx_attr_is(n, "inputdimensions", &sizes);
    struct onnx_value *parts = onnx_alloc(n, ((size_t)count + 1) * sizeof(*parts));
    int64_t front = 0;

    if (size && sizes != count) {
        return onnx_fail(n, VT_E_INVALID, "inputdimensions has %d numbers for %d inputs", sizes, count);
    }
    for (int i = 0; parts && i < count; i++) {
        parts[i] = onnx_convert(n, onnx_in(n, i), VT_F32);
        if (onnx_need_rank(n, parts[i]) == 1) {
            parts[i] = onnx_unsqueeze(n, parts[i], &front, 1);
        }
        if (size && onnx_dim(n, parts[i], 1) != size[i]) {
            parts[i] = onnx_slice_axis(n, parts[i], 1, 0, size[i]);
        }
    }
    return onnx_out(n, 0, onnx_concat(n, parts, parts ? count : 0, 1));
}

/* ---- one of many */

struct onnx_value onnx_ml_matches(struct onnx_node *n, struct onnx_value x, struct onnx_value keys)
{
    int64_t last = -1;
    const struct vt_tensor *t = onnx_tensor_of(n, keys);
    struct onnx_value wide = onnx_unsqueeze(n, x, &last, 1), same = onnx_binary(n, "Equal", 1, wide, keys);

    /* Version 4 of LabelEncoder made NaN a key like others. */
    if (t && onnx_opset(n) >= 4 && (t->type == VT_F32 || t->type == VT_F64)) {
        struct onnx_value both = onnx_binary(n, "LogicalAnd", 1, onnx_unary(n, "IsNaN", 10, wide),
                                             onnx_unary(n, "IsNaN", 10, keys));

        same = onnx_binary(n, "LogicalOr", 1, same, both);
    }
    return same;
}

int onnx_one_hot_encoder(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), keys = onnx_ml_ints(n, "cats_int64s");

    if (onnx_type(n, x) == VT_STRING) {
        keys = onnx_ml_texts(n, "cats_strings");
    } else {
        x = onnx_convert(n, x, VT_I64);
    }
    if (!keys.node) {
        return onnx_fail(n, VT_E_INVALID, "there are no categories for %s",
                         vt_type_info(onnx_type(n, x))->name);
    }
    return onnx_out(n, 0, onnx_convert(n, onnx_ml_matches(n, x, keys), VT_F32));
}

/* ---- linear models */

static struct onnx_value probit(struct onnx_node *n, struct onnx_value p)
{
    /* sqrt(2) erfinv(2p - 1) in Winitzki's approximation, which is ONNX Runtime's. */
    double a = 0.147, b = 2 / (3.14159265358979323846 * a);
    struct onnx_value one = onnx_number_like(n, p, 1);
    struct onnx_value x = onnx_sub(n, onnx_mul(n, p, onnx_number_like(n, p, 2)), one);
    struct onnx_value log = onnx_unary(n, "Log", 1, onnx_sub(n, one, onnx_mul(n, x, x)));
    struct onnx_value v =
        onnx_add(n, onnx_number_like(n, p, b), onnx_mul(n, log, onnx_number_like(n, p, 0.5)));
    struct onnx_value w = onnx_mul(n, log, onnx_number_like(n, p, 1 / a));

    w = onnx_sub(n, onnx_unary(n, "Sqrt", 1, onnx_sub(n, onnx_mul(n, v, v), w)), v);
    w = onnx_mul(n, onnx_unary(n, "Sign", 1, x), onnx_unary(n, "Sqrt", 1, w));
    return onnx_mul(n, w, onnx_number_like(n, p, 1.41421356237309504880));
}

/* Softmax of the scores that are not 0; those stay 0. */
static struct onnx_value softmax_zero(struct onnx_node *n, struct onnx_value x)
{
    struct onnx_value zero = onnx_number_like(n, x, 0), none = onnx_binary(n, "Equal", 1, x, zero), most, sum;

    most = onnx_op(n, "ReduceMax", 1, ONNX_IN(x, ONNX_I64S(n, -1)), "keep_dims=true");
    x = onnx_unary(n, "Exp", 1, onnx_sub(n, x, most));
    x = onnx_op(n, "Select", 1, ONNX_IN(none, zero, x), NULL);
    sum = onnx_op(n, "ReduceSum", 1, ONNX_IN(x, ONNX_I64S(n, -1)), "keep_dims=true");
    sum = onnx_op(n, "Select", 1,
                  ONNX_IN(onnx_binary(n, "Equal", 1, sum, zero), onnx_number_like(n, x, 1), sum), NULL);
    return onnx_div(n, x, sum);
}

struct onnx_value onnx_ml_post(struct onnx_node *n, struct onnx_value x, const char *transform)
{
    if (!transform || strcmp(transform, "NONE") == 0) {
        return x;
    }
    if (strcmp(transform, "SOFTMAX") == 0) {
        return onnx_op(n, "Softmax", 8, ONNX_IN(x), "axis=-1");
    }
    if (strcmp(transform, "SOFTMAX_ZERO") == 0) {
        return softmax_zero(n, x);
    }
    if (strcmp(transform, "LOGISTIC") == 0) {
        return onnx_unary(n, "Sigmoid", 1, x);
    }
    if (strcmp(transform, "PROBIT") == 0) {
        return probit(n, x);
    }
    onnx_fail(n, VT_E_INVALID, "there is no transform \"%s\"", transform);
    return ONNX_ABSENT;
}

/* X times coefficients [rows, features] transposed, plus intercepts. */
static struct onnx_value linear(struct onnx_node *n, int64_t rows)
{
    struct onnx_value x = onnx_convert(n, onnx_in(n, 0), VT_F32), weights = onnx_ml_floats(n, "coefficients");
    struct onnx_value intercepts = onnx_ml_floats(n, "intercepts"), y;
    int64_t count = onnx_dim(n, weights, 0), front = 0;

    if (count < 1 || rows < 1 || count % rows) {
        onnx_fail(n, VT_E_INVALID, "%lld coefficients for %lld rows", (long long)count, (long long)rows);
        return ONNX_ABSENT;
    }
    if (onnx_need_rank(n, x) == 1) {
        x = onnx_unsqueeze(n, x, &front, 1);
    }
    weights = onnx_constant_as(n, weights, VT_F32, (const int64_t[]){rows, count / rows}, 2);
    y = onnx_op(n, "MatMul", 1, ONNX_IN(x, weights), "transpose_a=false;transpose_b=true");
    return intercepts.node ? onnx_add(n, y, intercepts) : y;
}

int onnx_linear_regressor(struct onnx_node *n)
{
    struct onnx_value y = linear(n, onnx_attr_i(n, "targets", 1));

    return onnx_out(n, 0, onnx_ml_post(n, y, onnx_attr_s(n, "post_transform", "NONE")));
}

struct onnx_value onnx_ml_labels(struct onnx_node *n, const char *ints)
{
    struct onnx_value labels = onnx_ml_texts(n, "classlabels_strings");

    labels = labels.node ? labels : onnx_ml_ints(n, ints);
    if (!labels.node) {
        onnx_fail(n, VT_E_INVALID, "there are no class labels");
    }
    return labels;
}

/* Of one score for two labels both; transforms other than LOGISTIC and PROBIT do nothing then. */
static struct onnx_value both_scores(struct onnx_node *n, struct onnx_value score, const char *transform,
                                     bool mirrored)
{
    bool logistic = transform && strcmp(transform, "LOGISTIC") == 0;
    struct onnx_value other;

    if (transform && strcmp(transform, "PROBIT") == 0) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: PROBIT of one score for two labels");
        return ONNX_ABSENT;
    }
    score = logistic ? onnx_unary(n, "Sigmoid", 1, score) : score;
    other = mirrored && !logistic ? onnx_unary(n, "Negative", 1, score)
                                  : onnx_sub(n, onnx_number_like(n, score, 1), score);
    return onnx_concat(n, ONNX_IN(other, score), 1);
}

int onnx_ml_classes(struct onnx_node *n, struct onnx_value scores, struct onnx_value labels,
                    const char *transform, double limit, bool mirrored)
{
    int64_t last = 1, count = onnx_dim(n, labels, 0);
    struct onnx_value best;

    if (onnx_dim(n, scores, 1) == 1 && count == 2) {
        best = onnx_binary(n, "Greater", 1, onnx_squeeze(n, scores, &last, 1),
                           onnx_number_like(n, scores, limit));
        best = onnx_convert(n, best, VT_I64);
        scores = both_scores(n, scores, transform, mirrored);
    } else {
        best = onnx_op_outs(n, "TopK", 11, 2, ONNX_IN(scores, onnx_i64(n, 1)),
                            "axis=1;mode=max;sort=value;index_element_type=i64;stable=true");
        best = onnx_squeeze(n, onnx_port(best, 1), &last, 1);
        scores = onnx_ml_post(n, scores, transform);
    }
    onnx_out(n, 0, onnx_gather_axis(n, labels, best, 0));
    return onnx_out(n, 1, scores);
}

int onnx_linear_classifier(struct onnx_node *n)
{
    struct onnx_value labels = onnx_ml_labels(n, "classlabels_ints"), intercepts;
    int64_t rows = onnx_dim(n, labels, 0);

    intercepts = onnx_ml_floats(n, "intercepts");
    if (rows == 2 && intercepts.node && onnx_dim(n, intercepts, 0) == 1) {
        rows = 1;
    }
    return onnx_ml_classes(n, linear(n, rows), labels, onnx_attr_s(n, "post_transform", "NONE"), 0, false);
}
