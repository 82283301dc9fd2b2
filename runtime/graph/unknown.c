/* Stand-ins for operations that the registry lacks: the model can be read, looked at and saved without them.
 */
#include "graph.h"

/* The first rows of each definition; names that no file's attribute has in front of its own ones. */
enum { ATTR_OPSET, ATTR_TYPES, ATTR_RANKS, ATTR_DIMS, OWN_ATTRS };

static const struct vt_attr_def own[OWN_ATTRS + 1] = {
    {".opset", VT_ATTR_STR},  /* as the file calls it */
    {".types", VT_ATTR_I64S}, /* one an output */
    {".ranks", VT_ATTR_I64S}, /* one an output */
    {".dims", VT_ATTR_I64S},  /* VT_MAX_RANK pairs of minimum and maximum an output */
    {0},
};

#define DIMS_PER_OUTPUT (2 * VT_MAX_RANK)

static int infer(struct vt_infer *c)
{
    int64_t n_types, n_ranks, n_dims;
    const int64_t *types = vt_attr_i64s(c->node, ".types", &n_types);
    const int64_t *ranks = vt_attr_i64s(c->node, ".ranks", &n_ranks);
    const int64_t *dims = vt_attr_i64s(c->node, ".dims", &n_dims);

    if (n_types < c->n_out || n_ranks < c->n_out || n_dims < (int64_t)c->n_out * DIMS_PER_OUTPUT) {
        return vt_fail(c->err, VT_E_INTERNAL, "an unknown operation without declared outputs");
    }
    for (int i = 0; i < c->n_out; i++, dims += DIMS_PER_OUTPUT) {
        c->out[i].type = (enum vt_type)types[i];
        c->out[i].shape.rank = (int32_t)ranks[i];
        for (int k = 0; k < c->out[i].shape.rank; k++) {
            c->out[i].shape.dims[k] = (struct vt_dim){dims[2 * k], dims[2 * k + 1]};
        }
    }
    return VT_OK;
}

/* "opset15" is 15; what is no number counts as a set of its own, -1. */
int vt_opset_number(const char *opset)
{
    int number = 0, end = 0;

    if (sscanf(opset, "opset%4d%n", &number, &end) == 1 && !opset[end] && number > 0) {
        return number;
    }
    return -1;
}

static bool init_attrs(struct vt_node *node, const char *opset)
{
    struct vt_arena *arena = &node->graph->arena;
    size_t n = (size_t)node->n_out;
    int64_t *ranks = vt_arena_array(arena, n, sizeof(*ranks));

    node->attrs[ATTR_OPSET].s = vt_arena_strdup(arena, opset);
    node->attrs[ATTR_TYPES].i64s.v = vt_arena_array(arena, n, sizeof(int64_t));
    node->attrs[ATTR_TYPES].i64s.n = node->n_out;
    node->attrs[ATTR_RANKS].i64s.v = ranks;
    node->attrs[ATTR_RANKS].i64s.n = node->n_out;
    node->attrs[ATTR_DIMS].i64s.v = vt_arena_array(arena, n, DIMS_PER_OUTPUT * sizeof(int64_t));
    node->attrs[ATTR_DIMS].i64s.n = (int64_t)node->n_out * DIMS_PER_OUTPUT;
    for (size_t i = 0; ranks && i < n; i++) {
        ranks[i] = -1;
    }
    return node->attrs[ATTR_OPSET].s && node->attrs[ATTR_TYPES].i64s.v && ranks &&
           node->attrs[ATTR_DIMS].i64s.v;
}

struct vt_node *vt_unknown_create(struct vt_graph *graph, const char *op, const char *opset, const char *name,
                                  int n_in, int n_out, struct vt_error *err)
{
    struct vt_op_def *def = vt_arena_alloc(&graph->arena, sizeof(*def));
    struct vt_node *node;

    if (def) {
        *def = (struct vt_op_def){
            .name = vt_arena_strdup(&graph->arena, op),
            .opset = vt_opset_number(opset),
            .n_out = -1,
            .flags = VT_OP_UNKNOWN | VT_OP_NO_FOLD | VT_OP_RANDOM | VT_OP_VARIADIC | (n_out ? 0 : VT_OP_SINK),
            .attrs = own,
            .infer = infer,
        };
    }
    if (!def || !def->name) {
        vt_fail(err, VT_E_NOMEM, "node '%s': out of memory", name);
        return NULL;
    }
    node = vt_node_create(graph, def, name, n_in, n_out, err);
    if (node && !init_attrs(node, opset)) {
        vt_fail(err, VT_E_NOMEM, "node '%s': out of memory", name);
        return NULL;
    }
    return node;
}

int vt_unknown_declare(struct vt_node *node, int output, enum vt_type type, const struct vt_pshape *shape)
{
    int64_t *types, *ranks, *dims;

    if (!(node->op->flags & VT_OP_UNKNOWN)) {
        return VT_E_INVALID;
    }
    if (output < 0 || output >= node->n_out || shape->rank > VT_MAX_RANK) {
        return VT_E_RANGE;
    }
    /* The arrays are this node's own: init_attrs or a copy of them made by vt_graph_clone. */
    types = (int64_t *)node->attrs[ATTR_TYPES].i64s.v;
    ranks = (int64_t *)node->attrs[ATTR_RANKS].i64s.v;
    dims = (int64_t *)node->attrs[ATTR_DIMS].i64s.v + (size_t)output * DIMS_PER_OUTPUT;
    types[output] = type;
    ranks[output] = shape->rank < 0 ? -1 : shape->rank;
    for (int k = 0; k < shape->rank; k++) {
        dims[2 * k] = shape->dims[k].min;
        dims[2 * k + 1] = shape->dims[k].max;
    }
    return VT_OK;
}

static int count_attrs(const struct vt_op_def *op)
{
    int n = 0;

    while (op->attrs[n].name) {
        n++;
    }
    return n;
}

int vt_unknown_set_attr(struct vt_node *node, const char *name, const char *text)
{
    struct vt_arena *arena = &node->graph->arena;
    int n = count_attrs(node->op);
    struct vt_op_def *op;
    struct vt_attr_def *defs;
    union vt_attr_value *values;

    if (name[0] == '.') {
        return VT_E_NOT_FOUND;
    }
    if (vt_attr_set_str(node, name, text) != VT_E_NOT_FOUND) {
        return VT_OK;
    }
    op = vt_arena_copy(arena, node->op, sizeof(*op));
    defs = vt_arena_array(arena, (size_t)n + 2, sizeof(*defs));
    values = vt_arena_array(arena, (size_t)n + 1, sizeof(*values));
    if (!op || !defs || !values) {
        return VT_E_NOMEM;
    }
    memcpy(defs, node->op->attrs, (size_t)n * sizeof(*defs));
    memcpy(values, node->attrs, (size_t)n * sizeof(*values));
    defs[n] = (struct vt_attr_def){.name = vt_arena_strdup(arena, name), .type = VT_ATTR_STR};
    values[n].s = vt_arena_strdup(arena, text);
    if (!defs[n].name || !values[n].s) {
        return VT_E_NOMEM;
    }
    op->attrs = defs;
    node->op = op;
    node->attrs = values;
    return VT_OK;
}

const struct vt_op_def *vt_unknown_copy_op(struct vt_arena *arena, const struct vt_op_def *op)
{
    struct vt_op_def *copy = vt_arena_copy(arena, op, sizeof(*op));
    int n = count_attrs(op);
    struct vt_attr_def *defs = vt_arena_array(arena, (size_t)n + 1, sizeof(*defs));

    if (!copy || !defs) {
        return NULL;
    }
    copy->name = vt_arena_strdup(arena, op->name);
    copy->attrs = defs;
    for (int i = 0; i < n; i++) {
        defs[i] = op->attrs[i];
        if (i >= OWN_ATTRS) {
            defs[i].name = vt_arena_strdup(arena, op->attrs[i].name);
        }
        if (!defs[i].name) {
            return NULL;
        }
    }
    return copy->name ? copy : NULL;
}
