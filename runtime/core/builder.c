#include "builder.h"

#include "closest.h"
#include "core_impl.h"
#include "graph.h"
#include "host_build.h"
#include "strmap.h"

#include <limits.h>
#include <stdlib.h>

struct vt_builder {
    struct vt_core *core;   /* NULL: no extensions */
    struct vt_graph *graph; /* NULL: taken */
    struct vt_strmap names; /* of tensors; the keys are the graph's */
    uint32_t number;        /* which builder it is, in ports */
    struct vt_error err;    /* the first failure */
};

static const struct vt_builder_port none = {0, 0, 0};

/* ---- life */

int vt_builder_make(struct vt_core *core, const char *name, struct vt_builder **builder, struct vt_error *err)
{
    static _Atomic uint32_t last;
    struct vt_builder *made = calloc(1, sizeof(*made));

    if (made) {
        made->graph = vt_graph_create(name);
        made->number = ++last;
    }
    if (!made || !made->graph) {
        free(made);
        return vt_fail(err, VT_E_NOMEM, "out of memory for model '%s'", name);
    }
    made->core = core ? vt_core_ref(core) : NULL;
    *builder = made;
    return VT_OK;
}

void vt_builder_destroy(struct vt_builder *builder)
{
    if (!builder) {
        return;
    }
    vt_strmap_finish(&builder->names);
    vt_graph_destroy(builder->graph);
    vt_core_destroy(builder->core);
    free(builder);
}

/* ---- failures */

int vt_builder_failure(const struct vt_builder *builder, struct vt_error *err)
{
    if (err && builder->err.code) {
        *err = builder->err;
    }
    return builder->err.code;
}

void vt_builder_fail(struct vt_builder *builder, int code, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    vt_fail(&builder->err, code, "%s", text);
}

/* Whether nodes may be added still. */
static bool usable(struct vt_builder *builder)
{
    if (!builder->graph) {
        vt_builder_fail(builder, VT_E_INVALID,
                        "the builder is finished: its model, or the node whose body it was, "
                        "has all that was in it");
    }
    return !builder->err.code;
}

static void no_memory(struct vt_builder *builder, const char *name)
{
    vt_builder_fail(builder, VT_E_NOMEM, "node '%.200s': out of memory", name);
}

/* ---- ports */

/* The node behind a port; NULL and a failure for what is no port of this builder. `what` and `name` say who
 * wants it. */
static struct vt_node *node_at(struct vt_builder *builder, struct vt_builder_port port, const char *what,
                               const char *name)
{
    if (!port.builder || port.builder != builder->number || !port.node ||
        port.node > (uint32_t)builder->graph->n_nodes) {
        vt_builder_fail(
            builder, VT_E_INVALID, "%s '%.200s': %s", what, name ? name : "",
            port.builder && port.builder != builder->number
                ? "the port belongs to another builder; what a body reads from outside comes through its "
                  "parameters"
                : "it is given no port");
        return NULL;
    }
    if (port.output >= (uint32_t)builder->graph->nodes[port.node - 1]->n_out) {
        vt_builder_fail(builder, VT_E_RANGE,
                        "%s '%.200s': the port is output %u of node '%.200s', which has %d", what,
                        name ? name : "", port.output, builder->graph->nodes[port.node - 1]->name,
                        builder->graph->nodes[port.node - 1]->n_out);
        return NULL;
    }
    return builder->graph->nodes[port.node - 1];
}

static struct vt_builder_port port_of(const struct vt_builder *builder, const struct vt_node *node)
{
    return (struct vt_builder_port){builder->number, (uint32_t)node->index + 1, 0};
}

struct vt_builder_port vt_builder_other(struct vt_builder *builder, struct vt_builder_port port,
                                        size_t output)
{
    const struct vt_node *node;

    if (!usable(builder)) {
        return none;
    }
    node = node_at(builder, port, "output of", "");
    if (node && output >= (size_t)node->n_out) {
        vt_builder_fail(builder, VT_E_RANGE, "node '%.200s' (%s) has %d outputs, there is no output %zu",
                        node->name, node->op->name, node->n_out, output);
    }
    return builder->err.code ? none : (struct vt_builder_port){port.builder, port.node, (uint32_t)output};
}

const struct vt_value *vt_builder_value(struct vt_builder *builder, struct vt_builder_port port)
{
    const struct vt_node *node =
        usable(builder) ? node_at(builder, port, "what is known of", "a port") : NULL;

    return node ? &node->out[port.output].v : NULL;
}

/* ---- tensor names */

static void name_output(struct vt_builder *builder, struct vt_node *node, int output, const char *name)
{
    struct vt_output *out = &node->out[output];
    const struct vt_node *owner = vt_strmap_get(&builder->names, name);

    if (owner) {
        vt_builder_fail(builder, VT_E_INVALID,
                        "node '%.200s' (%s): the tensor name '%.200s' is that of node '%.200s'", node->name,
                        node->op->name, name, owner->name);
    } else if (vt_output_add_name(builder->graph, out, name) ||
               vt_strmap_put(&builder->names, out->names[out->n_names - 1], node)) {
        no_memory(builder, node->name);
    }
}

void vt_builder_name_tensor(struct vt_builder *builder, struct vt_builder_port port, const char *name)
{
    struct vt_node *node = usable(builder) ? node_at(builder, port, "tensor name", name) : NULL;

    if (node) {
        name_output(builder, node, (int)port.output, name);
    }
}

static bool has_name(const struct vt_output *out, const char *name)
{
    for (int i = 0; i < out->n_names; i++) {
        if (strcmp(out->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- operations by name */

struct search {
    const char *type;
    int opset; /* wanted */
    int first; /* the first opset that has it; 0: none */
    struct vt_closest near;
};

static void look_at_op(void *ctx, const char *name, int opset)
{
    struct search *s = ctx;

    if (opset > 0 && strcmp(name, s->type) == 0) {
        s->first = s->first && s->first < opset ? s->first : opset;
    } else if (opset > 0 && (s->opset < 0 || opset <= s->opset)) {
        vt_closest_offer(&s->near, name);
    }
}

static void unknown_op(struct vt_builder *builder, const struct vt_builder_node *n, int number)
{
    struct search s = {.type = n->type, .opset = number, .near = {.word = n->type}};
    char hint[128];

    vt_op_names(look_at_op, &s);
    if (s.first && number > 0) {
        vt_builder_fail(builder, VT_E_NOT_FOUND,
                        "node '%.200s': %.80s is no operation of %.40s; it is one from opset%d on",
                        n->name ? n->name : "", n->type, n->opset, s.first);
        return;
    }
    vt_builder_fail(builder, VT_E_NOT_FOUND, "node '%.200s': there is no operation %.80s%s%.40s%s%s",
                    n->name ? n->name : "", n->type, n->opset ? " in " : "", n->opset ? n->opset : "",
                    n->opset && number < 0 ? ", neither the runtime's nor an extension's" : "",
                    vt_closest_hint(&s.near, hint, sizeof(hint)));
}

static const struct vt_op_def *find_op(struct vt_builder *builder, const struct vt_builder_node *n)
{
    int number = n->opset ? vt_opset_number(n->opset) : INT_MAX;
    const struct vt_op_def *op = number > 0 ? vt_op_find(n->type, number) : NULL;

    if (!op && n->opset && builder->core) {
        struct vt_extension_set *before = vt_extension_use(&builder->core->extensions);

        op = vt_extension_find(n->type, n->opset);
        vt_extension_use(before);
    }
    if (!op) {
        unknown_op(builder, n, number);
    } else if (strcmp(op->name, "Constant") == 0) {
        vt_builder_fail(builder, VT_E_INVALID,
                        "node '%.200s': a Constant comes from vt_builder_constant(), with its data",
                        n->name ? n->name : "");
        return NULL;
    }
    return op;
}

/* ---- attributes */

static void unknown_attr(struct vt_builder *builder, const struct vt_node *node, const char *name)
{
    struct vt_closest near = {.word = name};
    char list[400] = "none", hint[128];
    size_t at = 0;

    for (int i = 0; node->op->attrs && node->op->attrs[i].name; i++) {
        vt_closest_offer(&near, node->op->attrs[i].name);
        if (at + strlen(node->op->attrs[i].name) + 3 < sizeof(list)) {
            at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", at ? ", " : "",
                                   node->op->attrs[i].name);
        }
    }
    vt_builder_fail(builder, VT_E_NOT_FOUND,
                    "node '%.200s' (%s): it has no attribute '%.80s'%s; its attributes: %s", node->name,
                    node->op->name, name, vt_closest_hint(&near, hint, sizeof(hint)), list);
}

/* The text of a list, for free(). */
static char *list_text(const struct vt_builder_attr *a)
{
    size_t room = a->n < SIZE_MAX / 64 ? a->n * 32 + 1 : 0, at = 0;
    char *text = room ? calloc(1, room) : NULL;

    for (size_t i = 0; text && i < a->n; i++) {
        const char *comma = i ? "," : "";

        at += (size_t)(a->kind == VT_GIVEN_I64S
                           ? snprintf(text + at, room - at, "%s%lld", comma, (long long)a->i64s[i])
                           : snprintf(text + at, room - at, "%s%.17g", comma, a->f64s[i]));
    }
    return text;
}

static int set_attr(struct vt_node *node, const struct vt_builder_attr *a, struct vt_error *err)
{
    char number[40], *list;
    int status;

    switch (a->kind) {
    case VT_GIVEN_TEXT: return vt_attr_set_text(node, a->name, a->text, err);
    case VT_GIVEN_I64: snprintf(number, sizeof(number), "%lld", (long long)a->i64); break;
    case VT_GIVEN_F64: snprintf(number, sizeof(number), "%.17g", a->f64); break;
    default:
        list = list_text(a);
        status = list ? vt_attr_set_text(node, a->name, list, err) : VT_E_NOMEM;
        free(list);
        return status;
    }
    return vt_attr_set_text(node, a->name, number, err);
}

static void set_attrs(struct vt_builder *builder, struct vt_node *node, const struct vt_builder_node *n)
{
    for (int i = 0; i < n->n_attrs && !builder->err.code; i++) {
        int status = set_attr(node, &n->attrs[i], &builder->err);

        if (status == VT_E_NOT_FOUND) {
            unknown_attr(builder, node, n->attrs[i].name);
        } else if (status) {
            no_memory(builder, node->name);
        }
    }
}

/* ---- bodies */

static void add_bodies(struct vt_builder *builder, struct vt_node *node, const struct vt_builder_node *n)
{
    int wanted = !(node->op->flags & VT_OP_BODY) ? 0 : strcmp(node->op->name, "If") == 0 ? 2 : 1;

    if (n->n_bodies != wanted) {
        vt_builder_fail(builder, VT_E_INVALID, "node '%.200s' (%s) has %d bodies, not %d", node->name,
                        node->op->name, wanted, n->n_bodies);
    }
    for (int i = 0; i < n->n_bodies && !builder->err.code; i++) {
        struct vt_builder *body = n->bodies[i].builder;
        int status = VT_OK;

        if (body == builder || !usable(body)) {
            vt_builder_fail(builder, VT_E_INVALID, "node '%.200s' (%s), body %d: %s", node->name,
                            node->op->name, i,
                            body == builder ? "it is the builder of the node itself" : body->err.text);
            return;
        }
        status = vt_graph_finish(body->graph, &builder->err);
        status = status ? status : vt_node_add_body(node, body->graph, &builder->err);
        if (status) {
            vt_context(&builder->err, "body %d of node '%.200s': ", i, node->name);
            return;
        }
        body->graph = NULL;
        for (int k = 0; k < n->bodies[i].n_maps && status == VT_OK; k++) {
            status = vt_node_map_body(node, i, &n->bodies[i].maps[k], &builder->err);
        }
    }
}

/* ---- nodes */

/* A name that says what it is, where none is given. */
static const char *name_or(struct vt_builder *builder, const char *name, const char *type)
{
    return name && *name ? name
                         : vt_arena_printf(&builder->graph->arena, "%s_%d", type, builder->graph->n_nodes);
}

/* Checked and inferred; the port of a node that is ready. */
static struct vt_builder_port ready(struct vt_builder *builder, struct vt_node *node)
{
    int status = builder->err.code;

    status = status ? status : vt_node_check(node, &builder->err);
    status = status ? status : vt_node_infer(node, &builder->err);
    if (status) {
        vt_fail(&builder->err, status, "node '%.200s' (%s): it cannot be added", node->name, node->op->name);
    }
    return status ? none : port_of(builder, node);
}

static int count_outputs(const struct vt_op_def *op, const struct vt_builder_node *n)
{
    int most = n->n_outputs ? n->n_outputs : 1;

    if (op->n_out >= 0) {
        return n->n_outputs ? n->n_outputs : -1;
    }
    for (int i = 0; i < n->n_bodies && !n->n_outputs; i++) {
        for (int k = 0; k < n->bodies[i].n_maps; k++) {
            const struct vt_body_map *m = &n->bodies[i].maps[k];

            if ((m->kind == VT_MAP_OUTPUT || m->kind == VT_MAP_CONCAT) && m->outer < VT_MAX_NODES &&
                m->outer >= most) {
                most = m->outer + 1;
            }
        }
    }
    return most;
}

/* The inputs without those left out at the end. The runtime's own operations count the rest through. */
static int count_inputs(struct vt_builder *builder, const struct vt_op_def *op,
                        const struct vt_builder_node *n)
{
    int count = n->n_inputs;

    while (count > op->min_in && !n->inputs[count - 1].builder && !n->inputs[count - 1].node) {
        count--;
    }
    for (int i = op->min_in; i < count && !(op->flags & VT_OP_EXTENSION); i++) {
        if (!n->inputs[i].builder && !n->inputs[i].node) {
            vt_builder_fail(builder, VT_E_INVALID, "node '%.200s' (%s): input %d is left out before others",
                            n->name ? n->name : "", op->name, i);
        }
    }
    return count;
}

static void connect(struct vt_builder *builder, struct vt_node *node, const struct vt_builder_node *n)
{
    for (int i = 0; i < node->n_in && !builder->err.code; i++) {
        struct vt_builder_port port = n->inputs[i];
        const bool left_out = !port.builder && !port.node;
        struct vt_node *src = left_out ? NULL : node_at(builder, port, "an input of node", node->name);

        if (src && vt_node_set_input(node, i, vt_port_of(src, (int)port.output))) {
            no_memory(builder, node->name);
        }
    }
}

struct vt_builder_port vt_builder_add(struct vt_builder *builder, const struct vt_builder_node *n)
{
    const struct vt_op_def *op = usable(builder) ? find_op(builder, n) : NULL;
    const char *name = op ? name_or(builder, n->name, n->type) : NULL;
    struct vt_node *node = NULL;
    int n_in = op ? count_inputs(builder, op, n) : 0;

    if (name && !builder->err.code) {
        node = vt_node_create(builder->graph, op, name, n_in, count_outputs(op, n), &builder->err);
    }
    if (!node) {
        if (!builder->err.code) {
            no_memory(builder, n->type);
        }
        return none;
    }
    connect(builder, node, n);
    set_attrs(builder, node, n);
    if (!builder->err.code) {
        add_bodies(builder, node, n);
    }
    return ready(builder, node);
}

struct vt_builder_port vt_builder_add_parameter(struct vt_builder *builder, const char *name,
                                                enum vt_type type, const struct vt_pshape *shape)
{
    struct vt_builder_attr element = {
        "element_type", VT_GIVEN_TEXT, vt_type_info(type)->name, 0, 0, NULL, NULL, 0};
    struct vt_builder_node n = {
        .type = "Parameter", .opset = "opset1", .name = name, .attrs = &element, .n_attrs = 1};
    struct vt_node *node;

    if (!usable(builder)) {
        return none;
    }
    node = vt_node_create(builder->graph, vt_op_find("Parameter", 1), name, 0, 1, &builder->err);
    if (!node) {
        return none;
    }
    set_attrs(builder, node, &n);
    if (vt_attr_set_shape(node, "shape", shape)) {
        no_memory(builder, name);
    }
    if (!builder->err.code && *name) {
        name_output(builder, node, 0, name);
    }
    return ready(builder, node);
}

struct vt_builder_port vt_builder_add_constant(struct vt_builder *builder, const char *name,
                                               const struct vt_tensor *t, struct vt_blob *blob)
{
    struct vt_node *node = NULL;

    if (usable(builder)) {
        name = name_or(builder, name, "Constant");
        node = name ? vt_constant_create(builder->graph, name, t, blob, &builder->err) : NULL;
        if (!node && !builder->err.code) {
            no_memory(builder, "Constant");
        }
    }
    return node ? port_of(builder, node) : none;
}

void vt_builder_add_result(struct vt_builder *builder, const char *name, struct vt_builder_port port)
{
    struct vt_node *src = usable(builder) ? node_at(builder, port, "result", name) : NULL;
    struct vt_port in = {src, (int)port.output};
    struct vt_node *node = NULL;

    if (src) {
        const char *label = name_or(builder, name, "Result");

        node = label ? vt_node_build(builder->graph, "Result", 1, label, 1, &in, &builder->err) : NULL;
        if (!node && !builder->err.code) {
            no_memory(builder, "Result");
        }
    }
    if (node && name && *name && !has_name(&src->out[port.output], name)) {
        name_output(builder, node, 0, name);
    }
    if (node) {
        ready(builder, node);
    }
}

/* ---- the end */

int vt_builder_end(struct vt_builder *builder, struct vt_model **model, struct vt_error *err)
{
    struct vt_graph *graph = builder->graph;
    int status;

    if (usable(builder) && !graph->n_results && !graph->n_sinks) {
        vt_builder_fail(builder, VT_E_INVALID, "model '%.200s': it has no result", graph->name);
    }
    if (!builder->err.code) {
        vt_graph_finish(graph, &builder->err);
    }
    if (builder->err.code) {
        return vt_builder_failure(builder, err);
    }
    vt_strmap_finish(&builder->names);
    builder->graph = NULL;
    status = vt_model_create(graph, model, &builder->err);
    return status ? vt_builder_failure(builder, err) : VT_OK;
}
