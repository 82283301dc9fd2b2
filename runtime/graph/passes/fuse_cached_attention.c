/* The cache of a language model's attention:
 *
 *   ReadValue -> [Gather(beams, axis 0)] -> Concat(axis 2) with the new keys -> Assign
 *                                                          -> [repeated per head] ->
 * ScaledDotProductAttention
 *
 * and the same for its values become one CachedAttention, which keeps both in place and reads them where they
 * are. Keys and values that several heads of the query share come through Unsqueeze -> Broadcast -> Reshape.
 *
 * Whoever asks for the shape of the variable, to build a mask for instance, asks a StateShape instead. */
#include "passes.h"

#include "cached_attention.h"
#include "log.h"
#include "match.h"
#include "sdpa.h"

static const char pass[] = "fuse_cached_attention";

#define AXIS VT_CACHED_AXIS

/* One side: keys or values. */
struct cache {
    struct vt_node *read, *gather, *concat, *assign;
    struct vt_port fresh, beams; /* beams.node NULL: none */
    int64_t heads, shared;       /* heads of the query for one of these */
};

struct attention {
    struct vt_node *node;
    struct cache key, value;
};

/* ---- looking */

static int64_t known_dim(struct vt_port port, int axis)
{
    const struct vt_pshape *s = &vt_port_output(port)->v.shape;

    return s->rank > axis && vt_dim_is_static(s->dims[axis]) ? s->dims[axis].min : -1;
}

static bool is_axis(struct vt_port port, int64_t axis, int64_t other)
{
    int64_t value;
    int n;

    return vt_match_i64s(port, &value, 1, &n) && n == 1 && (value == axis || value == other);
}

/* Element i of an integer tensor that is known, or -1. */
static int64_t known_element(struct vt_port port, int64_t i)
{
    const struct vt_value *v = &vt_port_output(port)->v;
    int64_t values[8];
    int n;

    if (vt_match_i64s(port, values, 8, &n)) {
        return i < n ? values[i] : -1;
    }
    return v->bounds && i < v->bounds->n && v->bounds->lo[i] == v->bounds->hi[i] ? v->bounds->lo[i] : -1;
}

/* [B,H,S,D] -> [B,H,1,S,D] -> [B,H,G,S,D] -> [B,H*G,S,D]: the port in front, G in *shared; else the port
 * itself. What the Broadcast's target says of S is not looked at: exporters put the length there that they
 * traced the model with, none for instance, and the Reshape says that the result has all keys. */
static struct vt_port behind_repeat(struct vt_port port, int64_t *shared)
{
    struct vt_node *reshape = vt_match_inner(port, "Reshape");
    struct vt_node *broadcast = reshape ? vt_match_inner(reshape->in[0], "Broadcast") : NULL;
    struct vt_node *unsqueeze = broadcast ? vt_match_inner(broadcast->in[0], "Unsqueeze") : NULL;
    int64_t heads, repeat, width;

    *shared = 1;
    if (!unsqueeze || !is_axis(unsqueeze->in[1], AXIS, -3) ||
        vt_port_output(unsqueeze->in[0])->v.shape.rank != 4 || broadcast->n_in != 2 ||
        (!vt_attr_is(broadcast, "mode", "bidirectional") && !vt_attr_is(broadcast, "mode", "numpy"))) {
        return port;
    }
    heads = known_dim(unsqueeze->in[0], 1);
    width = known_dim(unsqueeze->in[0], 3);
    repeat = known_element(broadcast->in[1], 2);
    if (heads < 1 || width < 1 || repeat < 1 || known_dim(port, 1) != heads * repeat ||
        known_dim(port, 3) != width || vt_port_output(port)->v.shape.rank != 4) {
        return port;
    }
    for (int i = 1; i < 5; i += 3) {
        int64_t want = i == 1 ? heads : width, have = known_element(broadcast->in[1], i);

        if (have != want && have != 1) {
            return port;
        }
    }
    *shared = repeat;
    return unsqueeze->in[0];
}

static const char *variable(const struct vt_node *node)
{
    return vt_attr_str(node, "variable_id");
}

/* Everyone who reads the port is one of these, or asks for its shape. */
static bool read_by(struct vt_port port, const struct vt_node *a, const struct vt_node *b)
{
    const struct vt_output *out = vt_port_output(port);

    for (int i = 0; i < out->n_uses; i++) {
        const struct vt_node *user = out->uses[i].node;

        if (user != a && user != b && !vt_node_is(user, "ShapeOf")) {
            return false;
        }
    }
    return true;
}

static struct vt_node *assign_of(struct vt_port port, const char *name)
{
    const struct vt_output *out = vt_port_output(port);
    struct vt_node *found = NULL;

    for (int i = 0; i < out->n_uses; i++) {
        struct vt_node *user = out->uses[i].node;

        if (vt_node_is(user, "Assign")) {
            if (found || user->out[0].n_uses || strcmp(variable(user), name) != 0) {
                return NULL;
            }
            found = user;
        }
    }
    return found;
}

/* At first the variable is empty. */
static bool begins_empty(const struct vt_node *read)
{
    const struct vt_pshape *shape;

    if (read->n_in && read->in[0].node) {
        shape = &vt_port_output(read->in[0])->v.shape;
        return shape->rank == 4 && shape->dims[AXIS].min == 0 && shape->dims[AXIS].max == 0;
    }
    shape = read->op->opset >= 6 ? vt_attr_shape(read, "variable_shape") : NULL;
    return shape && shape->rank == 4 && shape->dims[AXIS].min == 0;
}

/* Nobody else reads or writes the variable. */
static bool is_private(const struct vt_graph *graph, const struct cache *c)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];

        if (node->n_bodies) {
            return false;
        }
        if (!node->dead && node->op->flags & VT_OP_STATEFUL && node != c->read && node != c->assign &&
            strcmp(variable(node), variable(c->read)) == 0) {
            return false;
        }
    }
    return true;
}

static bool match_past(struct vt_port port, struct cache *c)
{
    struct vt_node *node = port.node;

    if (node && vt_node_is(node, "Gather")) {
        if (!is_axis(node->in[2], 0, -4) || vt_attr_i64(node, "batch_dims") != 0 ||
            vt_port_output(node->in[1])->v.shape.rank != 1 || !read_by(port, c->concat, NULL)) {
            return false;
        }
        c->gather = node;
        c->beams = node->in[1];
        node = node->in[0].node;
    }
    if (!node || !vt_node_is(node, "ReadValue") || node->out[0].v.type != VT_F32 ||
        !read_by(vt_port_of(node, 0), c->gather ? c->gather : c->concat, NULL)) {
        return false;
    }
    c->read = node;
    return begins_empty(node);
}

static bool match_cache(struct vt_port port, struct cache *c)
{
    struct vt_port all = behind_repeat(port, &c->shared);
    const struct vt_node *user;
    int64_t axis;

    c->concat = all.node;
    if (!c->concat || !vt_node_is(c->concat, "Concat") || c->concat->n_in != 2) {
        return false;
    }
    axis = vt_attr_i64(c->concat, "axis");
    c->fresh = c->concat->in[1];
    c->heads = known_dim(c->fresh, 1);
    if ((axis != AXIS && axis != AXIS - 4) || vt_port_output(c->fresh)->v.shape.rank != 4 || c->heads < 1 ||
        known_dim(c->fresh, 3) < 1 || !match_past(c->concat->in[0], c)) {
        return false;
    }
    /* The one who reads them beside the Assign: the attention, or the first of the repeat. */
    user = NULL;
    for (int i = 0; i < c->concat->out[0].n_uses; i++) {
        const struct vt_node *node = c->concat->out[0].uses[i].node;

        user = vt_node_is(node, "Unsqueeze") || vt_node_is(node, "ScaledDotProductAttention") ? node : user;
    }
    c->assign = assign_of(all, variable(c->read));
    return c->assign && read_by(all, c->assign, user) && is_private(c->concat->graph, c);
}

static bool match(struct vt_node *node, struct attention *a)
{
    struct vt_port q = node->in[VT_SDPA_QUERY];
    const struct vt_value *mask = vt_node_in(node, VT_SDPA_MASK);

    *a = (struct attention){.node = node};
    if (vt_node_in(node, VT_SDPA_SINK) || !vt_match_is_f32(q) || vt_port_output(q)->v.shape.rank != 4 ||
        (mask && mask->type != VT_F32 && mask->type != VT_BOOLEAN)) {
        return false;
    }
    return match_cache(node->in[VT_SDPA_KEY], &a->key) && match_cache(node->in[VT_SDPA_VALUE], &a->value) &&
           a->key.read != a->value.read && a->key.shared == a->value.shared &&
           a->key.heads == a->value.heads && vt_match_same(a->key.beams, a->value.beams) &&
           known_dim(q, 1) == a->key.heads * a->key.shared && known_dim(q, 3) == known_dim(a->key.fresh, 3);
}

/* ---- changing */

/* The variable's place among those of the model, in the order of their reads. */
static int place_of(const struct vt_graph *graph, const struct vt_node *read)
{
    int place = 0;

    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];

        if (node == read) {
            return place;
        }
        place += vt_node_is(node, "ReadValue");
    }
    return -1;
}

static int set_shape(struct vt_node *node, const char *name, const struct vt_node *read)
{
    const struct vt_pshape *shape = read->op->opset >= 6 ? vt_attr_shape(read, "variable_shape") : NULL;

    return vt_attr_set_shape(node, name, shape ? shape : &read->out[0].v.shape);
}

static int fail_of(struct vt_error *err)
{
    return err && err->code ? err->code : vt_fail(err, VT_E_NOMEM, "out of memory");
}

/* A StateShape in the place of a ShapeOf. */
static int ask_state(struct vt_node *shape_of, const struct cache *c, bool beams, bool appended,
                     struct vt_error *err)
{
    struct vt_graph *graph = shape_of->graph;
    struct vt_port in[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct vt_node *now, *initial = NULL;

    if (c->read->n_in && c->read->in[0].node) {
        initial = vt_node_build(graph, "ShapeOf", 3, c->read->name, 1, &c->read->in[0], err);
        if (!initial || vt_node_infer(initial, err)) {
            return fail_of(err);
        }
    }
    in[VT_STATE_BEAMS] = beams ? c->beams : in[0];
    in[VT_STATE_INITIAL] = initial ? vt_port_of(initial, 0) : in[1];
    in[VT_STATE_APPENDED] = appended ? c->fresh : in[2];
    now = vt_node_build(graph, "StateShape", 0, shape_of->name, 3, in, err);
    if (!now || vt_attr_set_str(now, "variable_id", variable(c->read)) ||
        vt_attr_set_i64(now, "variable_type", VT_F32) || set_shape(now, "variable_shape", c->read) ||
        vt_attr_set_i64(now, "output_type", (int64_t)shape_of->out[0].v.type)) {
        return fail_of(err);
    }
    return vt_rewrite_replace(pass, shape_of, now, err);
}

static int ask_states(struct vt_port port, const struct cache *c, bool beams, bool appended,
                      struct vt_error *err)
{
    int status = VT_OK;

    for (int i = vt_port_output(port)->n_uses - 1; i >= 0 && status == VT_OK; i--) {
        struct vt_node *user = vt_port_output(port)->uses[i].node;

        if (vt_node_is(user, "ShapeOf")) {
            status = ask_state(user, c, beams, appended, err);
            i = vt_port_output(port)->n_uses;
        }
    }
    return status;
}

/* What asks for the shape must do so before the variable grows. */
static int put_behind(struct vt_node *now, const char *name)
{
    struct vt_graph *graph = now->graph;

    for (int i = 0; i < graph->n_nodes; i++) {
        struct vt_node *node = graph->nodes[i];

        if (!node->dead && vt_node_is(node, "StateShape") && strcmp(variable(node), name) == 0) {
            int input = vt_node_add_input(now, vt_port_of(node, 0));

            if (input < 0) {
                return input;
            }
        }
    }
    return VT_OK;
}

static struct vt_node *build(const struct attention *a, struct vt_error *err)
{
    const struct cache *k = &a->key, *v = &a->value;
    struct vt_node *node = a->node, *now;
    struct vt_port none = {NULL, 0}, in[VT_CACHED_AFTER];

    in[VT_CACHED_QUERY] = node->in[VT_SDPA_QUERY];
    in[VT_CACHED_KEY] = k->fresh;
    in[VT_CACHED_VALUE] = v->fresh;
    in[VT_CACHED_MASK] = vt_node_in(node, VT_SDPA_MASK) ? node->in[VT_SDPA_MASK] : none;
    in[VT_CACHED_SCALE] = vt_node_in(node, VT_SDPA_SCALE) ? node->in[VT_SDPA_SCALE] : none;
    in[VT_CACHED_BEAMS] = k->beams;
    now = vt_node_build(node->graph, "CachedAttention", 0, node->name, VT_CACHED_AFTER, in, err);
    if (!now || vt_attr_set_str(now, "variable_id", variable(k->read)) ||
        vt_attr_set_str(now, "value_id", variable(v->read)) || set_shape(now, "key_shape", k->read) ||
        set_shape(now, "value_shape", v->read) ||
        vt_attr_set_i64(now, "key_place", place_of(node->graph, k->read)) ||
        vt_attr_set_i64(now, "value_place", place_of(node->graph, v->read)) ||
        vt_attr_set_i64(now, "causal", vt_attr_bool(node, "causal"))) {
        fail_of(err);
        return NULL;
    }
    return now;
}

/* The Assign goes, and with it all that nobody else reads. */
static void drop_assign(struct vt_node *assign)
{
    struct vt_node *src = assign->in[0].node;

    vt_node_set_input(assign, 0, (struct vt_port){NULL, 0});
    vt_node_remove(assign);
    vt_rewrite_prune(src);
}

static int fuse(const struct attention *a, struct vt_error *err)
{
    const struct cache *sides[2] = {&a->key, &a->value};
    struct vt_node *now = build(a, err);
    int status = now ? vt_rewrite_replace(pass, a->node, now, err) : fail_of(err);

    /* The repeat is gone, and with it those who asked for shapes to build it. */
    for (int i = 0; i < 2 && status == VT_OK; i++) {
        const struct cache *c = sides[i];

        status = ask_states(vt_port_of(c->concat, 0), c, c->gather != NULL, true, err);
        if (status == VT_OK && c->gather) {
            status = ask_states(vt_port_of(c->gather, 0), c, true, false, err);
        }
        status = status ? status : ask_states(vt_port_of(c->read, 0), c, false, false, err);
        status = status ? status : put_behind(now, variable(c->read));
        if (status == VT_OK) {
            drop_assign(c->assign);
        }
    }
    return status == VT_E_NOMEM ? vt_fail(err, status, "out of memory") : status;
}

int vt_pass_fuse_cached_attention(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;
    struct attention a;

    for (int i = 0; i < n && status == VT_OK; i++) {
        struct vt_node *node = graph->nodes[i];

        if (!node->dead && vt_node_is(node, "ScaledDotProductAttention") && match(node, &a)) {
            status = fuse(&a, err);
        }
    }
    status = status ? status : vt_graph_sort(graph, err);
    return status ? status : vt_graph_infer(graph, err);
}
