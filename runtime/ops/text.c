/* What is computed with strings (internal): operations that ONNX has and OpenVINO has not.
 *
 * StringConcat: the texts of two tensors, one behind the other, with NumPy's broadcasting.
 * StringSplit: each text divided at a delimiter, a scalar, at most `maxsplit` times (-1: as often as it
 * comes); an empty delimiter stands for any run of white space, which is left out at both ends, too. Output 0
 * has one more axis, as long as the most parts, and empty texts in the place of missing ones; output 1 (i64)
 * says how many parts there are. StringNormalizer: [C] or [1, C] without the texts that are among those of
 * input 1, compared with or without regard to case, in lower or upper case. Where nothing is left there is
 * one empty text. RegexFullMatch: whether texts match a pattern, a scalar, from end to end (regex.h). */
#include "text.h"

#include "regex.h"
#include "shape.h"
#include "vt/strings.h"

static int need_strings(struct vt_infer *c, int input)
{
    enum vt_type type = c->in[input]->type;

    return type == VT_STRING || type == VT_DYNAMIC
               ? VT_OK
               : vt_fail(c->err, VT_E_TYPE, "input %d must be strings, not %s", input,
                         vt_type_info(type)->name);
}

static int need_rank(struct vt_infer *c, int input, int rank)
{
    int have = c->in[input]->shape.rank;

    return have == rank || have < 0
               ? VT_OK
               : vt_fail(c->err, VT_E_SHAPE, "input %d has %d axes, not %d", input, have, rank);
}

static int infer_concat(struct vt_infer *c)
{
    struct vt_pshape both = c->in[0]->shape;
    int status = need_strings(c, 0);
    char a[200], b[200];

    status = status ? status : need_strings(c, 1);
    if (status == VT_OK && !vt_pshape_broadcast(&both, &c->in[1]->shape)) {
        status = vt_fail(c->err, VT_E_SHAPE, "shapes %s and %s do not broadcast",
                         vt_pshape_text(&c->in[0]->shape, a, sizeof(a)),
                         vt_pshape_text(&c->in[1]->shape, b, sizeof(b)));
    }
    vt_infer_set(c, 0, VT_STRING, &both);
    return status;
}

static int infer_split(struct vt_infer *c)
{
    struct vt_pshape parts = c->in[0]->shape;
    int status = need_strings(c, 0);

    status = status ? status : need_strings(c, 1);
    status = status ? status : need_rank(c, 1, 0);
    if (status == VT_OK && parts.rank == VT_MAX_RANK) {
        status = vt_fail(c->err, VT_E_SHAPE, "input 0 has %d axes, too many for one more", VT_MAX_RANK);
    }
    if (parts.rank >= 0 && status == VT_OK) {
        parts.dims[parts.rank++] = vt_dim_any();
    }
    vt_infer_set(c, 0, VT_STRING, &parts);
    vt_infer_set(c, 1, VT_I64, &c->in[0]->shape);
    return status;
}

static int infer_normalizer(struct vt_infer *c)
{
    struct vt_pshape out = c->in[0]->shape;
    int status = need_strings(c, 0);

    status = status ? status : need_strings(c, 1);
    status = status ? status : need_rank(c, 1, 1);
    if (status == VT_OK && out.rank >= 0 &&
        (out.rank < 1 || out.rank > 2 || (out.rank == 2 && (out.dims[0].min > 1 || !out.dims[0].max)))) {
        status = vt_fail(c->err, VT_E_SHAPE, "input 0 must be [C] or [1, C]");
    }
    if (out.rank > 0 && status == VT_OK) {
        int64_t most = out.dims[out.rank - 1].max;

        out.dims[0] = vt_dim_fixed(1);
        out.dims[out.rank - 1] = (struct vt_dim){1, most == 0 ? 1 : most};
    }
    vt_infer_set(c, 0, VT_STRING, &out);
    return status;
}

/* A pattern that is known is looked at right away, so that its errors come when the model is read. */
static int infer_match(struct vt_infer *c)
{
    const struct vt_tensor *pattern = c->in[1]->constant;
    int status = need_strings(c, 0);
    struct vt_regex *regex;

    status = status ? status : need_strings(c, 1);
    status = status ? status : need_rank(c, 1, 0);
    if (status == VT_OK && pattern && pattern->data && !c->at_run) {
        struct vt_string s = vt_string_get(pattern, 0);

        status = vt_regex_compile(s.text, s.length, &regex, c->err);
        if (status == VT_OK) {
            vt_regex_destroy(regex);
        }
    }
    vt_infer_set(c, 0, VT_BOOLEAN, &c->in[0]->shape);
    return status;
}

static const struct vt_attr_def split_attrs[] = {
    {"maxsplit", VT_ATTR_I64, .def.i = -1, .min = -1, .max = INT64_MAX},
    {NULL},
};

static const struct vt_attr_def normalizer_attrs[] = {
    {"case_change", VT_ATTR_STR, .def.s = "none", .allowed = "none|lower|upper"},
    {"case_sensitive", VT_ATTR_BOOL},
    {NULL},
};

#define ROW(op_name, inputs, outputs, more_flags, attr_rows, infer_fn, ref)                                  \
    {                                                                                                        \
        .name = op_name, .opset = 0, .min_in = inputs, .max_in = inputs, .n_out = outputs,                   \
        .flags = VT_OP_STRINGS | (more_flags), .attrs = attr_rows, .infer = infer_fn, .eval = ref            \
    }

const struct vt_op_def vt_op_text[] = {
    ROW("StringConcat", 2, 1, 0, NULL, infer_concat, vt_string_concat_ref),
    ROW("StringSplit", 2, 2, VT_OP_DATA_SHAPE, split_attrs, infer_split, vt_string_split_ref),
    ROW("StringNormalizer", 2, 1, VT_OP_DATA_SHAPE, normalizer_attrs, infer_normalizer,
        vt_string_normalizer_ref),
    ROW("RegexFullMatch", 2, 1, 0, NULL, infer_match, vt_regex_full_match_ref),
    {0},
};
