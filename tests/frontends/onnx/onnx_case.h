/* Models of one node from a line of text, run by the references: what tests of operators share.
 *
 *     {"Softmax", 13, "axis=0", {"f32[2] 0 0"}, {"f32[2] 0.5 0.5"}, 1e-6}
 *
 * An operator of another domain is "DOMAIN/OPERATOR", in version `opset` of that domain.
 * Attributes are "axis=1;perm=1,0,;alpha=0.5;mode='wrap';value=f32[1] 7": a number is an int, with a point or
 * an exponent a float; a comma makes a list, also after one number; 'a','b' is a list of texts. Tensors are
 * "TYPE[DIMS] VALUES", one number for all elements; texts are divided by '|'. An input that begins with '='
 * is always an initializer, an empty one is left out. An expected output without values is checked for type
 * and shape alone
 * ("f32[2,3]").
 *
 * Each case runs with inputs of fixed shapes, of open dimensions, as initializers, and of unknown rank, the
 * last one not when the operator needs the rank. Also with inputs of other shapes that are reshaped, where
 * the operator takes these: each extent, or that of axis 0 alone, is one more in the model. */
#ifndef ONNX_CASE_H
#define ONNX_CASE_H

#include "../../ops/op_test.h"
#include "onnx_test.h"
#include "state.h"
#include "vt/strings.h"

#define CASE_MAX 8

struct onnx_case {
    const char *op;
    int opset;
    const char *attrs;
    const char *in[CASE_MAX], *out[CASE_MAX];
    double tolerance;
    bool needs_rank;
};

enum form { FORM_FIXED, FORM_OPEN, FORM_CONSTANT, FORM_RANKLESS, FORM_LONGER, FORM_LONGER_FIRST, FORMS };

/* TensorProto.DataType */
static UNUSED int case_type(enum vt_type type)
{
    static const int numbers[VT_TYPE_COUNT] = {
        [VT_F32] = 1,     [VT_U8] = 2,   [VT_I8] = 3,     [VT_U16] = 4,     [VT_I16] = 5,
        [VT_I32] = 6,     [VT_I64] = 7,  [VT_STRING] = 8, [VT_BOOLEAN] = 9, [VT_F16] = 10,
        [VT_F64] = 11,    [VT_U32] = 12, [VT_U64] = 13,   [VT_BF16] = 16,   [VT_F8E4M3] = 17,
        [VT_F8E5M2] = 19, [VT_U4] = 21,  [VT_I4] = 22,    [VT_F4E2M1] = 23, [VT_F8E8M0] = 24};

    return numbers[type];
}

/* Elements that view the parts of a text that stays. */
static UNUSED struct vt_tensor case_texts(const char *dims, const char *text)
{
    struct vt_tensor x = op_tensor("u8", dims, "0"), t;

    assert_true(vt_tensor_describe(&t, VT_STRING, x.rank, x.dims));
    assert_int_equal(vt_tensor_alloc(&t, NULL), VT_OK);
    for (int64_t i = 0; i < vt_tensor_count(&t); i++) {
        size_t n = strcspn(text, "|");

        vt_string_set(&t, i, text, n);
        text += n + (text[n] == '|');
    }
    vt_tensor_free(&x);
    return t;
}

/* The tensor of "f32[2,3] VALUES"; *shape_only when there are no values for its elements. */
static UNUSED struct vt_tensor case_tensor(const char *text, bool *shape_only)
{
    const char *open = strchr(text, '['), *close = strchr(text, ']'), *values;
    char type[16], dims[64];
    bool empty;

    if (!open || !close || open - text >= (int)sizeof(type) || close - open > (int)sizeof(dims)) {
        fail_msg("no tensor: %s", text);
    }
    snprintf(type, sizeof(type), "%.*s", (int)(open - text), text);
    snprintf(dims, sizeof(dims), "%.*s", (int)(close - open - 1), open + 1);
    values = close + 1 + strspn(close + 1, " ");
    if (strcmp(type, "string") == 0) {
        *shape_only = false;
        return case_texts(dims, close[1] == ' ' ? close + 2 : close + 1);
    }
    empty = strcmp(dims, "0") == 0 || strncmp(dims, "0,", 2) == 0 || strstr(dims, ",0");
    *shape_only = !*values && !empty;
    return op_tensor(type, dims, *shape_only ? "0" : values);
}

static UNUSED void case_dims(const struct vt_tensor *t, enum form form, char *text, size_t size)
{
    size_t n = 0;

    text[0] = 0;
    for (int i = 0; i < t->rank && n < size; i++) {
        int more = form == FORM_LONGER || (form == FORM_LONGER_FIRST && i == 0);

        n += form == FORM_OPEN
                 ? (size_t)snprintf(text + n, size - n, "%sd%d", i ? "," : "", i)
                 : (size_t)snprintf(text + n, size - n, "%s%lld", i ? "," : "", (long long)t->dims[i] + more);
    }
}

static UNUSED struct msg *case_proto(const char *name, const struct vt_tensor *t)
{
    char dims[128];

    case_dims(t, FORM_FIXED, dims, sizeof(dims));
    if (t->type == VT_STRING) {
        struct msg *m = tensor(name, STRING, dims);

        for (int64_t i = 0; i < vt_tensor_count(t); i++) {
            struct vt_string text = vt_string_get(t, i);

            put_bytes(m, 6, text.text, text.length);
        }
        return m;
    }
    return tensor_raw(name, case_type(t->type), dims, t->data, t->bytes);
}

/* ---- attributes */

static UNUSED struct msg *case_list(const char *name, const char *text)
{
    bool real = strpbrk(text, ".e") != NULL;
    struct msg *m = attr(name, real ? 6 : 7);

    while (*text) {
        char *end;

        if (real) {
            put_float(m, 7, strtof(text, &end));
        } else {
            put_int(m, 8, strtoll(text, &end, 10));
        }
        assert_ptr_not_equal(end, text);
        text = end + (*end == ',');
    }
    return m;
}

static UNUSED struct msg *case_attr(const char *name, char *value)
{
    struct msg *m;

    if (*value == '\'' && strstr(value, "','")) {
        m = attr(name, 8);
        for (char *save = NULL, *part = strtok_r(value, "',", &save); part;
             part = strtok_r(NULL, "',", &save)) {
            put_text(m, 9, part);
        }
        return m;
    }
    if (*value == '\'') {
        value[strlen(value) - 1] = 0;
        m = attr(name, 3);
        put_text(m, 4, value + 1);
        return m;
    }
    if (strchr(value, '[')) {
        bool shape_only;
        struct vt_tensor t = case_tensor(value, &shape_only);

        m = attr_tensor(name, case_proto("", &t));
        vt_tensor_free(&t);
        return m;
    }
    if (strchr(value, ',')) {
        return case_list(name, value);
    }
    if (strpbrk(value, ".e")) {
        m = attr(name, 1);
        put_float(m, 2, strtof(value, NULL));
        return m;
    }
    return attr_int(name, strtoll(value, NULL, 10));
}

static UNUSED void case_attrs(struct msg *node, const char *attrs)
{
    char *text = strdup(attrs), *save = NULL;

    assert_non_null(text);
    for (char *part = strtok_r(text, ";", &save); part; part = strtok_r(NULL, ";", &save)) {
        char *value = strchr(part, '=');

        assert_non_null(value);
        *value++ = 0;
        put(node, 5, case_attr(part, value));
    }
    free(text);
}

/* ---- the model */

struct case_run {
    struct vt_tensor in[CASE_MAX], out[CASE_MAX]; /* of the graph */
    int n_in, n_out;
};

/* Input i of the case, as an initializer or an input of the graph. */
static UNUSED void case_input(struct msg *g, struct case_run *r, const char *text, int i, enum form form)
{
    char name[16], dims[128];
    bool shape_only;
    struct vt_tensor t = case_tensor(text + (*text == '='), &shape_only);

    snprintf(name, sizeof(name), "x%d", i);
    if (*text == '=' || form == FORM_CONSTANT) {
        put(g, 5, case_proto(name, &t));
        vt_tensor_free(&t);
        return;
    }
    case_dims(&t, form, dims, sizeof(dims));
    put(g, 11, info(name, case_type(t.type), form == FORM_RANKLESS ? NULL : dims));
    r->in[r->n_in++] = t;
}

static UNUSED struct msg *case_model(const struct onnx_case *c, struct case_run *r, enum form form)
{
    const char *slash = strchr(c->op, '/');
    char in[64] = "", out[64] = "", domain[64] = "";
    struct msg *n, *g, *m;

    for (int i = 0; i < CASE_MAX && c->in[i]; i++) {
        snprintf(in + strlen(in), sizeof(in) - strlen(in), "%s", i ? "," : "");
        if (*c->in[i]) {
            snprintf(in + strlen(in), sizeof(in) - strlen(in), "x%d", i);
        }
    }
    for (; r->n_out < CASE_MAX && c->out[r->n_out]; r->n_out++) {
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%sy%d", r->n_out ? "," : "", r->n_out);
    }
    if (slash) {
        snprintf(domain, sizeof(domain), "%.*s", (int)(slash - c->op), c->op);
    }
    n = node_in(domain, slash ? slash + 1 : c->op, "n", in, out);
    case_attrs(n, c->attrs ? c->attrs : "");
    g = graph_of(n);
    for (int i = 0; i < CASE_MAX && c->in[i]; i++) {
        if (*c->in[i]) {
            case_input(g, r, c->in[i], i, form);
        }
    }
    for (int i = 0; i < r->n_out; i++) {
        char name[16];

        snprintf(name, sizeof(name), "y%d", i);
        put(g, 12, info(name, 0, NULL));
    }
    m = model(g, slash ? 21 : c->opset);
    if (slash) {
        add_import(m, 8, domain, c->opset);
    }
    return m;
}

static UNUSED void case_compare(const struct onnx_case *c, enum form form, int port,
                                const struct vt_tensor *have)
{
    bool shape_only;
    struct vt_tensor want = case_tensor(c->out[port], &shape_only);
    char a[128], b[128];

    case_dims(have, FORM_FIXED, a, sizeof(a));
    case_dims(&want, FORM_FIXED, b, sizeof(b));
    if (have->type != want.type || strcmp(a, b) != 0 || have->rank != want.rank) {
        fail_msg("%s-%d form %d: output %d is %s[%s], not %s", c->op, c->opset, form, port,
                 vt_type_info(have->type)->name, a, c->out[port]);
    }
    for (int64_t i = 0; want.type == VT_STRING && i < vt_tensor_count(&want); i++) {
        struct vt_string x = vt_string_get(have, i), y = vt_string_get(&want, i);

        if (!vt_string_equal(x, y)) {
            fail_msg("%s-%d form %d: output %d: element %lld is '%.*s', not '%.*s'", c->op, c->opset, form,
                     port, (long long)i, (int)x.length, x.text, (int)y.length, y.text);
        }
    }
    for (int64_t i = 0; want.type != VT_STRING && !shape_only && i < vt_tensor_count(&want); i++) {
        double x = vt_get_f64(have, i), y = vt_get_f64(&want, i);
        bool same = vt_is_integral(want.type)
                        ? vt_get_i64(have, i) == vt_get_i64(&want, i)
                        : x == y || (isnan(x) && isnan(y)) || fabs(x - y) <= c->tolerance * fmax(1, fabs(y));

        if (!same) {
            fail_msg("%s-%d form %d: output %d: element %lld is %.9g, not %.9g", c->op, c->opset, form, port,
                     (long long)i, x, y);
        }
    }
    vt_tensor_free(&want);
}

static UNUSED bool case_reshape(const struct case_run *r, struct vt_graph *graph, struct vt_error *err)
{
    struct vt_pshape shapes[CASE_MAX];

    for (int i = 0; i < r->n_in; i++) {
        shapes[i] = vt_pshape_of(&r->in[i]);
    }
    return vt_core_host()->graph_reshape(graph, shapes, err) == VT_OK;
}

/* Whether the case can be run in this form: the operator may not take other shapes, and what it keeps cannot
 * be reshaped. */
static UNUSED bool case_read(const struct onnx_case *c, const struct case_run *r, const struct msg *m,
                             enum form form, struct vt_graph **graph)
{
    bool longer = form == FORM_LONGER || form == FORM_LONGER_FIRST;
    struct vt_error err = {0};

    if (read_bytes(m->data, m->n, graph, &err)) {
        if (!longer) {
            fail_msg("%s-%d form %d: %s", c->op, c->opset, form, err.text);
        }
        return false;
    }
    if (longer && !case_reshape(r, *graph, &err)) {
        if (err.code != VT_E_SHAPE || !strstr(err.text, "it has to fit")) {
            fail_msg("%s-%d form %d: %s", c->op, c->opset, form, err.text);
        }
        return false;
    }
    return true;
}

static UNUSED void case_form(const struct onnx_case *c, enum form form)
{
    struct case_run r = {0};
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};
    struct msg *m = case_model(c, &r, form);
    struct vt_state_store *states = vt_states_create(); /* keeps the texts of strings */

    assert_non_null(states);
    if (case_read(c, &r, m, form, &graph)) {
        if (vt_graph_eval(graph, r.in, r.out, states, &err)) {
            fail_msg("%s-%d form %d: %s", c->op, c->opset, form, err.text);
        }
        for (int i = 0; i < r.n_out; i++) {
            case_compare(c, form, i, &r.out[i]);
            vt_tensor_free(&r.out[i]);
        }
    }
    for (int i = 0; i < r.n_in; i++) {
        vt_tensor_free(&r.in[i]);
    }
    vt_states_destroy(states);
    vt_graph_destroy(graph);
    msg_free(m);
}

static UNUSED void run_cases(const struct onnx_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (int form = 0; form < FORMS; form++) {
            if (form != FORM_RANKLESS || !cases[i].needs_rank) {
                case_form(&cases[i], (enum form)form);
            }
        }
    }
}

#define RUN_CASES(cases) run_cases(cases, sizeof(cases) / sizeof((cases)[0]))

/* The model of a case, inputs of fixed shapes, is refused with this message. */
static UNUSED void case_fails(const struct onnx_case *c, int code, const char *part)
{
    struct case_run r = {0};

    read_fails(case_model(c, &r, FORM_FIXED), code, part);
    for (int i = 0; i < r.n_in; i++) {
        vt_tensor_free(&r.in[i]);
    }
}

#endif
