#include "einsum.h"

#include "shape.h"

/* ---- equation */

static int label_of(char ch)
{
    return ch >= 'A' && ch <= 'Z' ? ch - 'A' : ch >= 'a' && ch <= 'z' ? 26 + ch - 'a' : -1;
}

/* A subscript as it is written: letters and the place of the ellipsis (-1: none). Ends at ',', '-' or the
 * end. */
struct raw {
    int n, ellipsis;
    int8_t labels[VT_MAX_RANK];
};

static int read_raw(const char **text, struct raw *r, struct vt_error *err)
{
    const char *p = *text;

    *r = (struct raw){.ellipsis = -1};
    while (*p && *p != ',' && *p != '-') {
        if (*p == ' ') {
            p++;
        } else if (strncmp(p, "...", 3) == 0 && r->ellipsis < 0) {
            r->ellipsis = r->n;
            p += 3;
        } else if (label_of(*p) < 0 || r->n == VT_MAX_RANK) {
            return vt_fail(err, VT_E_INVALID,
                           "equation: a subscript takes letters and one ellipsis, not \"%.12s\"", p);
        } else {
            r->labels[r->n++] = (int8_t)label_of(*p++);
        }
    }
    *text = p;
    return VT_OK;
}

/* Put the labels of an ellipsis of `width` dimensions (-1: not known) into its place. */
static int expand(const struct raw *r, int width, struct vt_einsum_term *term, struct vt_error *err)
{
    int wide = r->ellipsis >= 0 && width > 0 ? width : 0;

    *term = (struct vt_einsum_term){.ellipsis = r->ellipsis >= 0, .open = r->ellipsis >= 0 && width < 0};
    if (r->n + wide > VT_MAX_RANK) {
        return vt_fail(err, VT_E_SHAPE, "equation: a subscript has %d dimensions", r->n + wide);
    }
    for (int i = 0; i <= r->n; i++) {
        for (int k = 0; i == r->ellipsis && k < wide; k++) {
            term->labels[term->n++] = (int8_t)(VT_EINSUM_LABELS - wide + k);
        }
        if (i < r->n) {
            term->labels[term->n++] = r->labels[i];
        }
    }
    return VT_OK;
}

static int count_label(const struct raw *r, int label)
{
    int n = 0;

    for (int i = 0; i < r->n; i++) {
        n += r->labels[i] == label;
    }
    return n;
}

/* Without "->": an ellipsis first, then the labels that occur once, in their order. */
static int implicit_output(const struct raw *in, int n_in, struct raw *out, struct vt_error *err)
{
    *out = (struct raw){.ellipsis = -1};
    for (int i = 0; i < n_in; i++) {
        out->ellipsis = in[i].ellipsis >= 0 ? 0 : out->ellipsis;
    }
    for (int label = 0; label < 52; label++) {
        int n = 0;

        for (int i = 0; i < n_in; i++) {
            n += count_label(&in[i], label);
        }
        if (n == 1) {
            if (out->n == VT_MAX_RANK) {
                return vt_fail(err, VT_E_SHAPE, "equation: the result has more than %d dimensions",
                               VT_MAX_RANK);
            }
            out->labels[out->n++] = (int8_t)label;
        }
    }
    return VT_OK;
}

static int check_output(const struct raw *in, int n_in, const struct raw *out, struct vt_error *err)
{
    for (int k = 0; k < out->n; k++) {
        int label = out->labels[k], n = 0;
        char letter = (char)(label < 26 ? 'A' + label : 'a' + label - 26);

        for (int i = 0; i < n_in; i++) {
            n += count_label(&in[i], label);
        }
        if (n == 0) {
            return vt_fail(err, VT_E_INVALID, "equation: output label '%c' is in no input", letter);
        }
        if (count_label(out, label) > 1) {
            return vt_fail(err, VT_E_INVALID, "equation: output label '%c' is repeated", letter);
        }
    }
    return VT_OK;
}

static int read_all(const char *text, int n_in, struct raw *in, struct raw *out, struct vt_error *err)
{
    int status = VT_OK;

    for (int i = 0; i < n_in; i++) {
        status = read_raw(&text, &in[i], err);
        if (status) {
            return status;
        }
        if (i + 1 < n_in && *text++ != ',') {
            return vt_fail(err, VT_E_INVALID, "equation: %d subscripts for %d inputs", i + 1, n_in);
        }
    }
    if (*text == ',') {
        return vt_fail(err, VT_E_INVALID, "equation: more subscripts than the %d inputs", n_in);
    }
    if (!*text) {
        return implicit_output(in, n_in, out, err);
    }
    if (strncmp(text, "->", 2) != 0) {
        return vt_fail(err, VT_E_INVALID, "equation: \"->\" is wanted at \"%.12s\"", text);
    }
    text += 2;
    status = read_raw(&text, out, err);
    if (status == VT_OK && *text) {
        return vt_fail(err, VT_E_INVALID, "equation: nothing may follow the output, found \"%.12s\"", text);
    }
    return status ? status : check_output(in, n_in, out, err);
}

int vt_einsum_parse(struct vt_einsum *e, const char *equation, int n_in, const int *ranks,
                    struct vt_error *err)
{
    struct raw in[VT_EINSUM_INPUTS], out;
    int widest = 0, status;

    if (n_in > VT_EINSUM_INPUTS) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: Einsum of %d inputs (at most %d)", n_in,
                       VT_EINSUM_INPUTS);
    }
    e->n_in = n_in;
    status = read_all(equation, n_in, in, &out, err);
    for (int i = 0; status == VT_OK && i < n_in; i++) {
        int width = ranks[i] < 0 ? -1 : ranks[i] - in[i].n;

        if (ranks[i] >= 0 && (width < 0 || (width > 0 && in[i].ellipsis < 0))) {
            return vt_fail(err, VT_E_SHAPE, "equation: subscript %d has %d labels, but its input has rank %d",
                           i, in[i].n, ranks[i]);
        }
        status = expand(&in[i], width, &e->in[i], err);
        if (in[i].ellipsis >= 0) {
            widest = width < 0 || widest < 0 ? -1 : width > widest ? width : widest;
        }
    }
    return status ? status : expand(&out, widest, &e->out, err);
}

/* ---- shapes */

/* Size of each label over all inputs that have it; any for those of inputs of unknown rank. */
static int label_dims(struct vt_infer *c, const struct vt_einsum *e, struct vt_dim *dims)
{
    struct vt_pshape all[VT_EINSUM_LABELS];
    char text[256];

    for (int i = 0; i < VT_EINSUM_LABELS; i++) {
        all[i] = (struct vt_pshape){.rank = 1, .dims[0] = vt_dim_fixed(1)};
    }
    for (int i = 0; i < e->n_in; i++) {
        const struct vt_pshape *s = &c->in[i]->shape;
        struct vt_dim own[VT_EINSUM_LABELS];
        bool seen[VT_EINSUM_LABELS] = {false};

        for (int k = 0; k < e->in[i].n; k++) {
            struct vt_pshape one = {.rank = 1, .dims[0] = s->rank < 0 ? vt_dim_any() : s->dims[k]};
            int label = e->in[i].labels[k];
            bool fits = !seen[label] || vt_dim_meet(own[label], one.dims[0], &one.dims[0]);

            own[label] = one.dims[0];
            seen[label] = true;
            if (!fits || !vt_pshape_broadcast(&all[label], &one)) {
                return vt_fail(c->err, VT_E_SHAPE,
                               "dimension %d of input %d of shape %s does not fit its label", k, i,
                               vt_pshape_text(s, text, sizeof(text)));
            }
        }
    }
    for (int i = 0; i < VT_EINSUM_LABELS; i++) {
        dims[i] = all[i].dims[0];
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_dim dims[VT_EINSUM_LABELS];
    int ranks[VT_EINSUM_INPUTS];
    struct vt_pshape shape;
    struct vt_einsum e;
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, c->n_in - 1, &type);

    if (status == VT_OK && (type == VT_BOOLEAN || type == VT_STRING)) {
        return vt_fail(c->err, VT_E_TYPE, "inputs must be of a numeric type, not %s",
                       vt_type_info(type)->name);
    }
    for (int i = 0; i < c->n_in && i < VT_EINSUM_INPUTS; i++) {
        if (!c->in[i]) {
            return vt_fail(c->err, VT_E_INVALID, "input %d is not connected", i);
        }
        ranks[i] = c->in[i]->shape.rank;
    }
    if (status == VT_OK) {
        status = vt_einsum_parse(&e, vt_attr_str(c->node, "equation"), c->n_in, ranks, c->err);
    }
    if (status == VT_OK) {
        status = label_dims(c, &e, dims);
    }
    if (status) {
        return status;
    }
    shape.rank = e.out.open ? -1 : e.out.n;
    for (int i = 0; i < shape.rank; i++) {
        shape.dims[i] = dims[e.out.labels[i]];
    }
    vt_infer_set(c, 0, type, &shape);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"equation", VT_ATTR_STR, .required = true},
    {0},
};

const struct vt_op_def vt_op_einsum[] = {
    {.name = "Einsum",
     .opset = 7,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_VARIADIC,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_einsum_ref},
    {0},
};
