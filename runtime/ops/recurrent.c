#include "recurrent.h"

#include "element.h"
#include "shape.h"

#include <ctype.h>
#include <strings.h>

enum vt_cell vt_recurrent_cell(const struct vt_node *node)
{
    return node->op->name[0] == 'L' ? VT_CELL_LSTM : node->op->name[0] == 'G' ? VT_CELL_GRU : VT_CELL_RNN;
}

bool vt_recurrent_is_sequence(const struct vt_node *node)
{
    return strstr(node->op->name, "Sequence") != NULL;
}

struct vt_recurrent_inputs vt_recurrent_inputs(const struct vt_node *node)
{
    struct vt_recurrent_inputs in = {.x = 0, .h = 1, .c = -1, .lengths = -1, .p = -1};
    int next = 2;

    if (vt_recurrent_cell(node) == VT_CELL_LSTM) {
        in.c = next++;
    }
    if (vt_recurrent_is_sequence(node)) {
        in.lengths = next++;
    }
    in.w = next++;
    in.r = next++;
    in.b = next < node->n_in ? next : -1;
    if (in.c >= 0 && node->op->opset < 4) {
        in.p = next + 1 < node->n_in ? next + 1 : -1;
    }
    return in;
}

/* One word of a list such as "sigmoid, tanh"; *text moves behind it. */
static int next_function(const char **text, enum vt_gate_function *kind)
{
    static const struct {
        const char *name;
        enum vt_gate_function kind;
    } rows[] = {{"sigmoid", VT_GATE_SIGMOID},
                {"tanh", VT_GATE_TANH},
                {"relu", VT_GATE_RELU},
                {"hardsigmoid", VT_GATE_HARD_SIGMOID},
                {"affine", VT_GATE_AFFINE},
                {"leakyrelu", VT_GATE_LEAKY_RELU},
                {"thresholdedrelu", VT_GATE_THRESHOLDED_RELU},
                {"scaledtanh", VT_GATE_SCALED_TANH},
                {"elu", VT_GATE_ELU},
                {"softsign", VT_GATE_SOFTSIGN},
                {"softplus", VT_GATE_SOFTPLUS}};
    size_t n = 0;

    while (**text == ',' || isspace((unsigned char)**text)) {
        ++*text;
    }
    while (isalnum((unsigned char)(*text)[n]) || (*text)[n] == '_') {
        n++;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (strlen(rows[i].name) == n && strncasecmp(rows[i].name, *text, n) == 0) {
            *kind = rows[i].kind;
            *text += n;
            return VT_OK;
        }
    }
    return VT_E_UNSUPPORTED;
}

int vt_recurrent_functions(const struct vt_node *node, struct vt_gate_functions *f, struct vt_error *err)
{
    const char *text = vt_attr_str(node, "activations"), *whole = text;
    int count = 1 + (int)vt_recurrent_cell(node);
    int64_t n_alpha, n_beta;
    const double *alpha = vt_attr_f64s(node, "activations_alpha", &n_alpha);
    const double *beta = vt_attr_f64s(node, "activations_beta", &n_beta);

    for (int i = 0; i < count; i++) {
        if (next_function(&text, &f->kind[i]) != VT_OK) {
            return vt_fail(err, VT_E_UNSUPPORTED,
                           "attribute activations \"%s\": %d of sigmoid, tanh, relu, hardsigmoid, affine, "
                           "leakyrelu, thresholdedrelu, scaledtanh, elu, softsign and softplus are wanted",
                           whole, count);
        }
        f->alpha[i] = i < n_alpha ? alpha[i] : 0.2;
        f->beta[i] = i < n_beta ? beta[i] : 0.5;
    }
    return VT_OK;
}

/* ---- inference */

/* What the inputs agree on. */
struct sizes {
    struct vt_dim batch, steps, directions, hidden, width;
};

/* Input `input` must have these dimensions; each is narrowed by it. */
static int merge(struct vt_infer *c, int input, int rank, struct vt_dim **dims)
{
    const struct vt_pshape *shape;
    char text[256];

    if (input < 0 || input >= c->n_in || !c->in[input] || c->in[input]->shape.rank < 0) {
        return VT_OK;
    }
    shape = &c->in[input]->shape;
    if (shape->rank != rank) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d must have %d axes, not %d", input, rank, shape->rank);
    }
    for (int i = 0; i < rank; i++) {
        if (!vt_dim_meet(*dims[i], shape->dims[i], dims[i])) {
            return vt_fail(c->err, VT_E_SHAPE,
                           "axis %d of input %d %s does not fit the other inputs and attributes", i, input,
                           vt_pshape_text(shape, text, sizeof(text)));
        }
    }
    return VT_OK;
}

static int merge_all(struct vt_infer *c, struct sizes *s)
{
    struct vt_recurrent_inputs in = vt_recurrent_inputs(c->node);
    enum vt_cell cell = vt_recurrent_cell(c->node);
    bool before = cell == VT_CELL_GRU && vt_attr_bool(c->node, "linear_before_reset");
    int gates = cell == VT_CELL_LSTM ? 4 : cell == VT_CELL_GRU ? 3 : 1, status;
    struct vt_dim rows = vt_dim_mul(s->hidden, vt_dim_fixed(gates));
    struct vt_dim bias = vt_dim_mul(s->hidden, vt_dim_fixed(gates + before));
    struct vt_dim peep = vt_dim_mul(s->hidden, vt_dim_fixed(3));

    if (vt_recurrent_is_sequence(c->node)) {
        status = merge(c, in.x, 3, (struct vt_dim *[]){&s->batch, &s->steps, &s->width});
        status =
            status ? status : merge(c, in.h, 3, (struct vt_dim *[]){&s->batch, &s->directions, &s->hidden});
        status =
            status ? status : merge(c, in.c, 3, (struct vt_dim *[]){&s->batch, &s->directions, &s->hidden});
        status = status ? status : merge(c, in.lengths, 1, (struct vt_dim *[]){&s->batch});
        status = status ? status : merge(c, in.w, 3, (struct vt_dim *[]){&s->directions, &rows, &s->width});
        status = status ? status : merge(c, in.r, 3, (struct vt_dim *[]){&s->directions, &rows, &s->hidden});
        status = status ? status : merge(c, in.b, 2, (struct vt_dim *[]){&s->directions, &bias});
        return status ? status : merge(c, in.p, 2, (struct vt_dim *[]){&s->directions, &peep});
    }
    status = merge(c, in.x, 2, (struct vt_dim *[]){&s->batch, &s->width});
    status = status ? status : merge(c, in.h, 2, (struct vt_dim *[]){&s->batch, &s->hidden});
    status = status ? status : merge(c, in.c, 2, (struct vt_dim *[]){&s->batch, &s->hidden});
    status = status ? status : merge(c, in.w, 2, (struct vt_dim *[]){&rows, &s->width});
    status = status ? status : merge(c, in.r, 2, (struct vt_dim *[]){&rows, &s->hidden});
    status = status ? status : merge(c, in.b, 1, (struct vt_dim *[]){&bias});
    return status ? status : merge(c, in.p, 1, (struct vt_dim *[]){&peep});
}

static int check_types(struct vt_infer *c, enum vt_type *type)
{
    struct vt_recurrent_inputs in = vt_recurrent_inputs(c->node);

    *type = VT_DYNAMIC;
    for (int i = 0; i < c->n_in; i++) {
        enum vt_type t = c->in[i] ? c->in[i]->type : VT_DYNAMIC;

        if (t == VT_DYNAMIC) {
            continue;
        }
        if (i == in.lengths ? !vt_is_integral(t) : !vt_is_float(t) || (*type != VT_DYNAMIC && t != *type)) {
            return vt_fail(c->err, VT_E_TYPE,
                           "input %d must not be %s: states and weights share one float type, "
                           "lengths are integers",
                           i, vt_type_info(t)->name);
        }
        *type = i == in.lengths ? *type : t;
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    bool sequence = vt_recurrent_is_sequence(c->node);
    struct sizes s = {.batch = vt_dim_any(), .steps = vt_dim_any(), .width = vt_dim_any()};
    struct vt_pshape state = {.rank = 2}, y = {.rank = 4};
    struct vt_gate_functions f;
    enum vt_type type;
    int status = check_types(c, &type);

    s.hidden = vt_dim_fixed(vt_attr_i64(c->node, "hidden_size"));
    s.directions = vt_dim_fixed(sequence && vt_attr_is(c->node, "direction", "bidirectional") ? 2 : 1);
    status = status ? status : vt_recurrent_functions(c->node, &f, c->err);
    status = status ? status : merge_all(c, &s);
    if (status) {
        return status;
    }
    if (!sequence) {
        state.dims[0] = s.batch;
        state.dims[1] = s.hidden;
        for (int i = 0; i < c->n_out; i++) {
            vt_infer_set(c, i, type, &state);
        }
        return VT_OK;
    }
    state = (struct vt_pshape){.rank = 3, .dims = {s.batch, s.directions, s.hidden}};
    y = (struct vt_pshape){.rank = 4, .dims = {s.batch, s.directions, s.steps, s.hidden}};
    for (int i = 0; i < c->n_out; i++) {
        vt_infer_set(c, i, type, i ? &state : &y);
    }
    return VT_OK;
}

#define CELL_ATTRS(FUNCTIONS)                                                                                \
    {"hidden_size", VT_ATTR_I64, .required = true, .min = 0, .max = INT32_MAX},                              \
        {"activations", VT_ATTR_STR, .def.s = FUNCTIONS}, {"activations_alpha", VT_ATTR_F64S},               \
        {"activations_beta", VT_ATTR_F64S},                                                                  \
    {                                                                                                        \
        "clip", VT_ATTR_F64                                                                                  \
    }

#define DIRECTION                                                                                            \
    {                                                                                                        \
        "direction", VT_ATTR_STR, .def.s = "forward", .allowed = "forward|reverse|bidirectional"             \
    }

static const struct vt_attr_def lstm_attrs_1[] = {
    CELL_ATTRS("sigmoid,tanh,tanh"),
    {"weights_format", VT_ATTR_STR, .def.s = "fico", .allowed = "fico|icof|ifco|ifoc|iofc"},
    {"input_forget", VT_ATTR_BOOL},
    {0},
};

static const struct vt_attr_def lstm_attrs[] = {
    CELL_ATTRS("sigmoid,tanh,tanh"),
    {0},
};

static const struct vt_attr_def gru_attrs[] = {
    CELL_ATTRS("sigmoid,tanh"),
    {"linear_before_reset", VT_ATTR_BOOL},
    {0},
};

static const struct vt_attr_def rnn_attrs[] = {
    CELL_ATTRS("tanh"),
    {0},
};

static const struct vt_attr_def lstm_sequence_attrs[] = {
    CELL_ATTRS("sigmoid,tanh,tanh"),
    DIRECTION,
    {0},
};

static const struct vt_attr_def lstm_sequence_attrs_0[] = {
    CELL_ATTRS("sigmoid,tanh,tanh"),
    DIRECTION,
    {"input_forget", VT_ATTR_BOOL},
    {0},
};

static const struct vt_attr_def gru_sequence_attrs[] = {
    CELL_ATTRS("sigmoid,tanh"),
    DIRECTION,
    {"linear_before_reset", VT_ATTR_BOOL},
    {0},
};

static const struct vt_attr_def rnn_sequence_attrs[] = {
    CELL_ATTRS("tanh"),
    DIRECTION,
    {0},
};

#define RECURRENT(NAME, OPSET, MIN, MAX, OUTPUTS, ATTRS)                                                     \
    {                                                                                                        \
        .name = NAME, .opset = OPSET, .min_in = MIN, .max_in = MAX, .n_out = OUTPUTS, .attrs = ATTRS,        \
        .infer = infer, .eval = vt_recurrent_ref                                                             \
    }

/* LSTMSequence of the internal opset has what ONNX's LSTM has more: input 7 are peepholes [directions, 3
 * hidden sizes] for the gates f, i, o, and with input_forget f is 1 - i. */
const struct vt_op_def vt_op_recurrent[] = {
    RECURRENT("LSTMSequence", 0, 6, 8, 3, lstm_sequence_attrs_0),
    RECURRENT("LSTMCell", 1, 5, 7, 2, lstm_attrs_1),
    RECURRENT("LSTMCell", 4, 5, 6, 2, lstm_attrs),
    RECURRENT("GRUCell", 3, 4, 5, 1, gru_attrs),
    RECURRENT("RNNCell", 1, 4, 5, 1, rnn_attrs),
    RECURRENT("LSTMSequence", 5, 6, 7, 3, lstm_sequence_attrs),
    RECURRENT("GRUSequence", 5, 5, 6, 2, gru_sequence_attrs),
    RECURRENT("RNNSequence", 5, 5, 6, 2, rnn_sequence_attrs),
    {0},
};
