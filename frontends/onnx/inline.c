/* Bodies in the place of their nodes: loops over sequences, which are lists only while the model is
 * translated. */
#include "control.h"

int onnx_inline(struct onnx_node *n, const struct onnx_graph *g, int64_t round, const struct onnx_entry *in,
                struct onnx_entry *out)
{
    struct onnx_translation *t = n->t;
    struct onnx_entry *e;
    struct onnx_scope s;
    int status = n->status ? n->status : onnx_scope_init(t, &s, n->scope, n->graph, false);

    if (status == VT_OK) {
        s.prefix = onnx_arena_printf(&t->m->arena, "%s%s/%lld/", n->scope->prefix, onnx_node_label(n->def),
                                     (long long)round);
        status = s.prefix ? onnx_define_inits(t, &s, g) : vt_fail(t->err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < g->n_in && !status; i++) {
        e = onnx_define(t, &s, g->in[i].name, in[i].kind);
        status = e ? VT_OK : t->err->code;
        if (e) {
            e->value = in[i].value;
            e->sequence = in[i].sequence;
        }
    }
    status = status ? status : onnx_translate_nodes(t, &s, g->nodes, g->n_nodes);
    for (int i = 0; i < g->n_out && !status; i++) {
        status = onnx_output_entry(t, &s, g->out[i].name, &e);
        if (status == VT_OK) {
            out[i] = *e;
        }
    }
    return onnx_pass(n, status);
}

/* ---- SequenceMap: a body for each element */

struct map {
    const struct onnx_graph *def;
    int n_in, n_out, length;
    const struct onnx_entry **in;
    struct onnx_entry *args, *results;
    struct onnx_value *lists; /* n_out of them, `length` elements each */
};

static int map_inputs(struct onnx_node *n, struct map *m)
{
    m->n_in = onnx_n_in(n);
    m->n_out = m->def->n_out;
    if (m->def->n_in != m->n_in || n->n_out > m->n_out) {
        return onnx_fail(n, VT_E_FORMAT, "its body has %d inputs and %d outputs; it has %d and %d",
                         m->def->n_in, m->def->n_out, m->n_in, n->n_out);
    }
    m->in = onnx_alloc(n, ((size_t)m->n_in + 1) * sizeof(*m->in));
    m->args = onnx_alloc(n, ((size_t)m->n_in + 1) * sizeof(*m->args));
    m->results = onnx_alloc(n, ((size_t)m->n_out + 1) * sizeof(*m->results));
    for (int i = 0; i < m->n_in && !n->status; i++) {
        const struct onnx_sequence *s = onnx_in_sequence(n, i);

        m->in[i] = onnx_in_entry(n, i);
        if (i == 0 && !s) {
            return onnx_fail(n, VT_E_TYPE, "input 0 is no sequence");
        }
        if (!n->status && (!m->in[i] || (s && i && s->n != m->length))) {
            return onnx_fail(n, VT_E_INVALID,
                             "input %d is missing, or is a sequence of another length than %d", i, m->length);
        }
        m->length = i == 0 && s ? s->n : m->length;
    }
    m->lists = onnx_alloc(n, ((size_t)m->n_out * (size_t)m->length + 1) * sizeof(*m->lists));
    return n->status;
}

static int map_element(struct onnx_node *n, struct map *m, int at)
{
    for (int i = 0; i < m->n_in; i++) {
        m->args[i] = *m->in[i];
        if (m->in[i]->kind == ONNX_SEQUENCE) {
            m->args[i] = (struct onnx_entry){.kind = ONNX_VALUE, .value = m->in[i]->sequence->values[at]};
        }
    }
    if (onnx_inline(n, m->def, at, m->args, m->results)) {
        return n->status;
    }
    for (int i = 0; i < m->n_out; i++) {
        if (m->results[i].kind != ONNX_VALUE) {
            return onnx_fail(n, VT_E_TYPE, "output %d of its body is no tensor", i);
        }
        m->lists[i * m->length + at] = m->results[i].value;
    }
    return VT_OK;
}

int onnx_sequence_map(struct onnx_node *n)
{
    struct map m = {.def = onnx_attr_graph(n, "body")};

    if (!n->status && !m.def) {
        return onnx_fail(n, VT_E_FORMAT, "attribute 'body' is missing");
    }
    if (n->status || map_inputs(n, &m)) {
        return n->status;
    }
    for (int at = 0; at < m.length && !n->status; at++) {
        map_element(n, &m, at);
    }
    for (int i = 0; i < n->n_out; i++) {
        onnx_out_sequence(n, i, ONNX_LIST, m.lists + i * m.length, m.length);
    }
    return n->status;
}

/* ---- Loop that carries sequences: as many bodies as it has rounds, which has to be known */

struct unrolled {
    const struct onnx_graph *def;
    int carried, scans;
    struct onnx_entry *args, *results;
    struct onnx_value *rows; /* of the scan outputs, round after round */
};

/* Whether a condition holds; -1 when it is not known, which is an error. */
static int holds(struct onnx_node *n, struct onnx_value condition)
{
    int64_t count = 0;
    const int64_t *known = onnx_known(n, condition, &count);

    if (!known || count != 1) {
        onnx_fail(n, VT_E_UNSUPPORTED,
                  "not implemented: it carries a sequence, and the condition that ends it depends on data");
        return -1;
    }
    return *known != 0;
}

static int64_t rounds(struct onnx_node *n)
{
    int64_t count = 0;
    const int64_t *known;

    if (!onnx_has_in(n, 0)) {
        return ONNX_MAX_ROUNDS;
    }
    known = onnx_known(n, onnx_in(n, 0), &count);
    if (!known || count != 1) {
        onnx_fail(n, VT_E_UNSUPPORTED,
                  "not implemented: it carries a sequence, and how often it runs is not known");
        return 0;
    }
    return *known < 0 ? 0 : *known;
}

static int round_inputs(struct onnx_node *n, struct unrolled *u)
{
    size_t n_args = (size_t)u->carried + 2, n_results = (size_t)u->carried + (size_t)u->scans + 1;

    u->args = onnx_alloc(n, n_args * sizeof(*u->args));
    u->results = onnx_alloc(n, n_results * sizeof(*u->results));
    u->rows = onnx_alloc(n, ((size_t)u->scans * ONNX_MAX_ROUNDS + 1) * sizeof(*u->rows));
    for (int i = 0; i < u->carried && !n->status; i++) {
        const struct onnx_entry *e = onnx_in_entry(n, 2 + i);

        if (!n->status && !e) {
            return onnx_fail(n, VT_E_FORMAT, "input %d is left out", 2 + i);
        }
        if (e) {
            u->args[2 + i] = *e;
        }
    }
    u->args[1] = (struct onnx_entry){
        .kind = ONNX_VALUE, .value = onnx_has_in(n, 1) ? onnx_in(n, 1) : onnx_number(n, VT_BOOLEAN, 1)};
    return n->status;
}

static int one_round(struct onnx_node *n, struct unrolled *u, int64_t round)
{
    int64_t front = 0;

    u->args[0] = (struct onnx_entry){.kind = ONNX_VALUE, .value = onnx_i64(n, round)};
    if (onnx_inline(n, u->def, round, u->args, u->results)) {
        return n->status;
    }
    for (int i = 0; i <= u->carried; i++) {
        u->args[1 + i] = u->results[i];
    }
    for (int i = 0; i < u->scans && !n->status; i++) {
        const struct onnx_entry *e = &u->results[1 + u->carried + i];

        if (e->kind != ONNX_VALUE) {
            return onnx_fail(n, VT_E_TYPE, "output %d of its body is no tensor", 1 + u->carried + i);
        }
        u->rows[i * ONNX_MAX_ROUNDS + round] = onnx_unsqueeze(n, e->value, &front, 1);
    }
    return n->status;
}

int onnx_unroll(struct onnx_node *n, const struct onnx_graph *def, int carried, int scans)
{
    struct unrolled u = {.def = def, .carried = carried, .scans = scans};
    int64_t limit = rounds(n), round = 0;

    if (n->status || round_inputs(n, &u)) {
        return n->status;
    }
    while (round < limit && !n->status && holds(n, u.args[1].value) == 1) {
        if (round == ONNX_MAX_ROUNDS) {
            return onnx_fail(n, VT_E_UNSUPPORTED,
                             "not implemented: it carries a sequence for more than %d rounds",
                             ONNX_MAX_ROUNDS);
        }
        one_round(n, &u, round++);
    }
    for (int i = 0; i < carried && !n->status; i++) {
        onnx_out_entry(n, i, &u.args[2 + i]);
    }
    for (int i = 0; i < scans && !n->status && onnx_has_out(n, carried + i); i++) {
        if (!round) {
            return onnx_fail(n, VT_E_UNSUPPORTED,
                             "not implemented: it carries a sequence for no round at all");
        }
        onnx_out(n, carried + i, onnx_concat(n, u.rows + i * ONNX_MAX_ROUNDS, (int)round, 0));
    }
    return n->status;
}
