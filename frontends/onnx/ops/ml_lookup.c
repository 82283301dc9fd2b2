/* ai.onnx.ml: LabelEncoder and CategoryMapper, tables from keys to values. */
#include "ml.h"

/* values[i] where x is keys[i], the last of them where a key comes twice, `otherwise` [1] where x is none. */
static struct onnx_value look_up(struct onnx_node *n, struct onnx_value x, struct onnx_value keys,
                                 struct onnx_value values, struct onnx_value otherwise)
{
    int64_t count = onnx_dim(n, keys, 0);
    struct onnx_value places, at;

    if (count != onnx_dim(n, values, 0)) {
        onnx_fail(n, VT_E_INVALID, "%lld keys for %lld values", (long long)count,
                  (long long)onnx_dim(n, values, 0));
        return ONNX_ABSENT;
    }
    places = onnx_op(n, "Range", 4, ONNX_IN(onnx_i64(n, 1), onnx_i64(n, count + 1), onnx_i64(n, 1)),
                     "output_type=i64");
    at = onnx_op(n, "Select", 1, ONNX_IN(onnx_ml_matches(n, x, keys), places, onnx_i64(n, 0)), NULL);
    at = onnx_op(n, "ReduceMax", 1, ONNX_IN(at, ONNX_I64S(n, -1)), "keep_dims=false");
    return onnx_gather_axis(n, onnx_concat(n, ONNX_IN(otherwise, values), 0), at, 0);
}

static struct onnx_value one(struct onnx_node *n, struct onnx_value v)
{
    return onnx_rank(n, v) == 1 ? v : onnx_reshape(n, v, (const int64_t[]){1}, 1, false);
}

/* Keys or values, whichever of the attributes KIND_strings, _int64s, _floats and _tensor there is. */
static struct onnx_value table(struct onnx_node *n, const char *texts, const char *ints, const char *floats,
                               const char *tensor)
{
    struct onnx_value v = onnx_attr_tensor(n, tensor);

    if (v.node) {
        return onnx_rank(n, v) == 1 ? v : onnx_reshape(n, v, (const int64_t[]){-1}, 1, false);
    }
    v = onnx_ml_texts(n, texts);
    v = v.node ? v : onnx_ml_ints(n, ints);
    v = v.node ? v : onnx_ml_floats(n, floats);
    if (!v.node) {
        onnx_fail(n, VT_E_INVALID, "there is none of the attributes %s, %s, %s and %s", texts, ints, floats,
                  tensor);
    }
    return v;
}

/* What an element is that is no key, of the type of the values. */
static struct onnx_value fallback(struct onnx_node *n, struct onnx_value values)
{
    struct onnx_value given = onnx_attr_tensor(n, "default_tensor");
    enum vt_type type = onnx_type(n, values);

    if (given.node) {
        return onnx_convert_like(n, one(n, given), values);
    }
    if (type == VT_STRING) {
        return onnx_ml_text(n, onnx_attr_s(n, "default_string", "_Unused"), 1);
    }
    if (vt_type_info(type)->is_float) {
        return one(n, onnx_number(n, type, (double)onnx_attr_f(n, "default_float", -0.0f)));
    }
    return one(n, onnx_convert(n, onnx_i64(n, onnx_attr_i(n, "default_int64", -1)), type));
}

/* The classes of version 1 are numbered; a text becomes its number, a number its text. */
static int numbered(struct onnx_node *n, struct onnx_value classes, struct onnx_value numbers)
{
    struct onnx_value x = onnx_in(n, 0);
    bool texts = onnx_type(n, x) == VT_STRING;
    struct onnx_value values = texts ? numbers : classes;

    if (!classes.node) {
        return onnx_fail(n, VT_E_INVALID, "the classes are missing");
    }
    return onnx_out(n, 0, look_up(n, x, texts ? classes : numbers, values, fallback(n, values)));
}

int onnx_label_encoder(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), keys, values;

    if (onnx_opset(n) < 2) {
        struct onnx_value classes = onnx_ml_texts(n, "classes_strings");

        return numbered(n, classes,
                        onnx_op(n, "Range", 4,
                                ONNX_IN(onnx_i64(n, 0), onnx_i64(n, onnx_dim(n, classes, 0)), onnx_i64(n, 1)),
                                "output_type=i64"));
    }
    keys = table(n, "keys_strings", "keys_int64s", "keys_floats", "keys_tensor");
    values = table(n, "values_strings", "values_int64s", "values_floats", "values_tensor");
    return onnx_out(n, 0, look_up(n, x, onnx_convert_like(n, keys, x), values, fallback(n, values)));
}

int onnx_category_mapper(struct onnx_node *n)
{
    return numbered(n, onnx_ml_texts(n, "cats_strings"), onnx_ml_ints(n, "cats_int64s"));
}
