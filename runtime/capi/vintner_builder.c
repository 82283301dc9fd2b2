/* Models built in code. */
#include "vintner.h"

#include "builder.h"
#include "capi.h"
#include "map.h"
#include "vt/strings.h"

#include <limits.h>
#include <stdlib.h>

_Static_assert(sizeof(vt_port_t) == sizeof(struct vt_builder_port), "the same three numbers");
_Static_assert((int)VT_BODY_INPUT == VT_MAP_INPUT && (int)VT_BODY_COUNTER == VT_MAP_COUNTER,
               "the same kinds");

static struct vt_builder_port inner_port(vt_port_t port)
{
    return (struct vt_builder_port){port.builder, port.node, port.output};
}

static vt_port_t outer_port(struct vt_builder_port port)
{
    return (vt_port_t){port.builder, port.node, port.output};
}

/* The builder's status; a failure's message becomes the last error. */
static ov_status_e status_of(const vt_builder_t *builder)
{
    struct vt_error err = {0};
    int status = vt_builder_failure(builder, &err);

    return vt_capi_status(status, &err);
}

/* A port, with the message that belongs to it when there is none. */
static vt_port_t answer(vt_builder_t *builder, struct vt_builder_port port)
{
    if (!port.node) {
        status_of(builder);
    }
    return outer_port(port);
}

static vt_port_t refuse(vt_builder_t *builder, const char *name, const char *what)
{
    vt_builder_fail(builder, VT_E_INVALID, "node '%.200s': %s", name ? name : "", what);
    status_of(builder);
    return VT_NO_PORT;
}

/* ---- life */

ov_status_e vt_builder_create(const ov_core_t *core, const char *name, vt_builder_t **builder)
{
    struct vt_error err = {0};

    if (!name || !builder) {
        return INVALID_C_PARAM;
    }
    return vt_capi_status(vt_builder_make(vt_capi_core(core), name, builder, &err), &err);
}

void vt_builder_free(vt_builder_t *builder)
{
    vt_builder_destroy(builder);
}

ov_status_e vt_builder_status(const vt_builder_t *builder)
{
    return builder ? status_of(builder) : INVALID_C_PARAM;
}

ov_status_e vt_builder_finish(vt_builder_t *builder, ov_model_t **model)
{
    struct vt_error err = {0};
    struct vt_model *made;
    int status;

    if (!builder || !model) {
        return INVALID_C_PARAM;
    }
    status = vt_builder_end(builder, &made, &err);
    if (status == VT_OK) {
        *model = (ov_model_t *)made;
    }
    return vt_capi_status(status, &err);
}

/* ---- parameters and constants */

vt_port_t vt_builder_parameter(vt_builder_t *builder, const char *name, ov_element_type_e type, int64_t rank,
                               const int64_t *dims)
{
    struct vt_pshape shape = {.rank = (int32_t)rank};

    if (!builder) {
        return VT_NO_PORT;
    }
    if (!name || !*name) {
        return refuse(builder, "", "a parameter needs a name");
    }
    if (!vt_capi_type_ok(type)) {
        return refuse(builder, name, "there is no such element type");
    }
    if (rank < -1 || rank > VT_MAX_RANK || (rank > 0 && !dims)) {
        return refuse(builder, name, dims || rank <= 0 ? "a rank is -1 to 16" : "dims is NULL");
    }
    for (int64_t i = 0; i < rank; i++) {
        if (dims[i] < -1) {
            return refuse(builder, name, "a dimension is 0 or more, or -1 where it is open");
        }
        shape.dims[i] = dims[i] < 0 ? vt_dim_any() : vt_dim_fixed(dims[i]);
    }
    return answer(builder, vt_builder_add_parameter(builder, name, (enum vt_type)type, &shape));
}

/* Why a constant cannot be, or NULL; *t then describes it. */
static const char *describe(ov_element_type_e type, int64_t rank, const int64_t *dims, const void *data,
                            struct vt_tensor *t)
{
    if (!vt_capi_type_ok(type) || type == DYNAMIC) {
        return "a constant has no such element type";
    }
    if (rank < 0 || rank > VT_MAX_RANK || (rank > 0 && !dims)) {
        return dims || rank <= 0 ? "the rank of a constant is 0 to 16" : "dims is NULL";
    }
    if (!vt_tensor_describe(t, (enum vt_type)type, (int)rank, dims)) {
        return "a constant has negative dimensions, or too many elements";
    }
    t->data = (void *)(uintptr_t)data;
    return t->bytes && !data ? "data is NULL" : NULL;
}

/* Elements that view the texts of a list. */
static vt_port_t string_constant(vt_builder_t *builder, const char *name, struct vt_tensor *t,
                                 const char *const *texts)
{
    int64_t n = vt_tensor_count(t);
    vt_port_t port = VT_NO_PORT;

    t->data = calloc(1, t->bytes + 1);
    if (!t->data) {
        return refuse(builder, name, "out of memory");
    }
    for (int64_t i = 0; i < n; i++) {
        if (!texts[i]) {
            free(t->data);
            return refuse(builder, name, "a text is NULL");
        }
        vt_string_set(t, i, texts[i], strlen(texts[i]));
    }
    port = answer(builder, vt_builder_add_constant(builder, name, t, NULL));
    free(t->data);
    return port;
}

vt_port_t vt_builder_constant(vt_builder_t *builder, const char *name, ov_element_type_e type, int64_t rank,
                              const int64_t *dims, const void *data)
{
    struct vt_tensor t;
    const char *wrong = describe(type, rank, dims, data, &t);

    if (!builder) {
        return VT_NO_PORT;
    }
    if (wrong) {
        return refuse(builder, name, wrong);
    }
    return type == STRING ? string_constant(builder, name, &t, data)
                          : answer(builder, vt_builder_add_constant(builder, name, &t, NULL));
}

vt_port_t vt_builder_constant_borrowed(vt_builder_t *builder, const char *name, ov_element_type_e type,
                                       int64_t rank, const int64_t *dims, const void *data,
                                       void (*release)(void *user), void *user)
{
    struct vt_tensor t = {0};
    const char *wrong = type == STRING ? "texts cannot be borrowed: vt_builder_constant() copies them"
                                       : describe(type, rank, dims, data, &t);
    struct vt_blob *blob = builder && !wrong ? vt_blob_wrap(data, t.bytes, release, user) : NULL;
    vt_port_t port = VT_NO_PORT;

    if (!blob) {
        if (release) {
            release(user);
        }
        return builder ? refuse(builder, name, wrong ? wrong : "out of memory") : VT_NO_PORT;
    }
    port = answer(builder, vt_builder_add_constant(builder, name, &t, blob));
    vt_blob_unref(blob);
    return port;
}

vt_port_t vt_builder_i64(vt_builder_t *builder, int64_t value)
{
    return vt_builder_constant(builder, NULL, I64, 0, NULL, &value);
}

vt_port_t vt_builder_i64s(vt_builder_t *builder, size_t n, const int64_t *values)
{
    int64_t dim = n > INT64_MAX ? -1 : (int64_t)n;

    return vt_builder_constant(builder, NULL, I64, 1, &dim, values);
}

vt_port_t vt_builder_f32(vt_builder_t *builder, float value)
{
    return vt_builder_constant(builder, NULL, F32, 0, NULL, &value);
}

/* ---- nodes */

/* The lists of a description, as the core has them; one allocation each. */
struct lists {
    struct vt_builder_attr *attrs;
    struct vt_builder_body *bodies;
    struct vt_body_map *maps;
};

static void lists_finish(struct lists *lists)
{
    free(lists->attrs);
    free(lists->bodies);
    free(lists->maps);
}

static const char *convert_attrs(const vt_node_desc_t *node, struct lists *lists)
{
    lists->attrs = calloc(node->n_attributes + 1, sizeof(*lists->attrs));
    if (!lists->attrs) {
        return "out of memory";
    }
    for (size_t i = 0; i < node->n_attributes; i++) {
        const vt_attribute_t *a = &node->attributes[i];
        bool list = a->kind == VT_ATTRIBUTE_INTEGERS || a->kind == VT_ATTRIBUTE_REALS;

        if (!a->name || !*a->name) {
            return "an attribute has no name";
        }
        if (a->kind < VT_ATTRIBUTE_TEXT || a->kind > VT_ATTRIBUTE_REALS) {
            return "an attribute is of a kind that there is not";
        }
        if ((a->kind == VT_ATTRIBUTE_TEXT && !a->text) ||
            (list && a->n && !(a->kind == VT_ATTRIBUTE_REALS ? (const void *)a->reals : a->integers))) {
            return "the value of an attribute is NULL";
        }
        lists->attrs[i] = (struct vt_builder_attr){
            a->name, (enum vt_builder_attr_kind)a->kind, a->text, a->integer, a->real, a->integers, a->reals,
            a->n};
    }
    return NULL;
}

static struct vt_body_map convert_wire(const vt_body_wire_t *w)
{
    bool whole = !w->start && !w->end && !w->stride && !w->part_size;

    return (struct vt_body_map){.kind = (enum vt_body_map_kind)w->kind,
                                .outer = w->outer,
                                .inner = w->inner,
                                .back = w->back,
                                .axis = w->axis,
                                .start = whole ? 0 : w->start,
                                .end = whole ? -1 : w->end,
                                .stride = whole ? 1 : w->stride,
                                .part_size = whole ? 1 : w->part_size};
}

static const char *convert_bodies(const vt_node_desc_t *node, struct lists *lists)
{
    size_t total = 0, at = 0;

    for (size_t i = 0; i < node->n_bodies; i++) {
        if (!node->bodies[i].builder || (node->bodies[i].n_wires && !node->bodies[i].wires) ||
            node->bodies[i].n_wires > INT_MAX / 4) {
            return node->bodies[i].builder ? "the wires of a body are NULL" : "the builder of a body is NULL";
        }
        total += node->bodies[i].n_wires;
    }
    lists->bodies = calloc(node->n_bodies + 1, sizeof(*lists->bodies));
    lists->maps = calloc(total + 1, sizeof(*lists->maps));
    if (!lists->bodies || !lists->maps) {
        return "out of memory";
    }
    for (size_t i = 0; i < node->n_bodies; i++) {
        const vt_body_t *body = &node->bodies[i];

        lists->bodies[i] = (struct vt_builder_body){body->builder, &lists->maps[at], (int)body->n_wires};
        for (size_t k = 0; k < body->n_wires; k++) {
            if (body->wires[k].kind < VT_BODY_INPUT || body->wires[k].kind > VT_BODY_COUNTER) {
                return "a wire is of a kind that there is not";
            }
            if (body->wires[k].part_size < 0 || body->wires[k].stride == INT64_MIN) {
                return "a wire has a part_size or a stride that there is not";
            }
            lists->maps[at++] = convert_wire(&body->wires[k]);
        }
    }
    return NULL;
}

#define MAX_LIST 65536

static const char *check(const vt_node_desc_t *node)
{
    if (!node->type || !*node->type) {
        return "type is NULL";
    }
    if (node->opset && !*node->opset) {
        return "opset is empty";
    }
    if (node->n_inputs > MAX_LIST || node->n_outputs > MAX_LIST || node->n_attributes > MAX_LIST ||
        node->n_bodies > 2) {
        return "there are more inputs, outputs, attributes or bodies than there may be";
    }
    if ((node->n_inputs && !node->inputs) || (node->n_attributes && !node->attributes) ||
        (node->n_bodies && !node->bodies)) {
        return "a list is NULL";
    }
    return NULL;
}

static vt_port_t add(vt_builder_t *builder, const vt_node_desc_t *node)
{
    struct lists lists = {0};
    const char *wrong = check(node);
    vt_port_t port;

    wrong = wrong ? wrong : convert_attrs(node, &lists);
    wrong = wrong ? wrong : convert_bodies(node, &lists);
    if (wrong) {
        port = refuse(builder, node->name, wrong);
    } else {
        struct vt_builder_node n = {.type = node->type,
                                    .opset = node->opset,
                                    .name = node->name,
                                    .inputs = (const struct vt_builder_port *)(const void *)node->inputs,
                                    .n_inputs = (int)node->n_inputs,
                                    .n_outputs = (int)node->n_outputs,
                                    .attrs = lists.attrs,
                                    .n_attrs = (int)node->n_attributes,
                                    .bodies = lists.bodies,
                                    .n_bodies = (int)node->n_bodies};

        port = answer(builder, vt_builder_add(builder, &n));
    }
    lists_finish(&lists);
    return port;
}

vt_port_t vt_builder_op(vt_builder_t *builder, const char *type, const char *opset, const char *name,
                        size_t n_inputs, const vt_port_t *inputs, size_t n_attributes,
                        const vt_attribute_t *attributes)
{
    vt_node_desc_t node = {.size = sizeof(node),
                           .type = type,
                           .opset = opset,
                           .name = name,
                           .n_inputs = n_inputs,
                           .inputs = inputs,
                           .n_attributes = n_attributes,
                           .attributes = attributes};

    return builder ? add(builder, &node) : VT_NO_PORT;
}

vt_port_t vt_builder_node(vt_builder_t *builder, const vt_node_desc_t *node)
{
    if (!builder) {
        return VT_NO_PORT;
    }
    if (!node || node->size < sizeof(*node)) {
        return refuse(builder, NULL, "its description is NULL, or its size is not set");
    }
    for (size_t i = sizeof(*node); i < node->size; i++) {
        if (((const char *)node)[i]) {
            return refuse(builder, node->name, "its description holds more than this library knows");
        }
    }
    return add(builder, node);
}

vt_port_t vt_builder_output(vt_builder_t *builder, vt_port_t port, size_t index)
{
    return builder ? answer(builder, vt_builder_other(builder, inner_port(port), index)) : VT_NO_PORT;
}

ov_status_e vt_builder_result(vt_builder_t *builder, const char *name, vt_port_t port)
{
    if (!builder) {
        return INVALID_C_PARAM;
    }
    vt_builder_add_result(builder, name, inner_port(port));
    return status_of(builder);
}

ov_status_e vt_builder_tensor_name(vt_builder_t *builder, vt_port_t port, const char *name)
{
    if (!builder || !name || !*name) {
        return INVALID_C_PARAM;
    }
    vt_builder_name_tensor(builder, inner_port(port), name);
    return status_of(builder);
}

ov_status_e vt_builder_port_info(vt_builder_t *builder, vt_port_t port, ov_element_type_e *element_type,
                                 ov_partial_shape_t *shape)
{
    const struct vt_value *v;
    ov_status_e status;

    if (!builder || (!element_type && !shape)) {
        return INVALID_C_PARAM;
    }
    v = vt_builder_value(builder, inner_port(port));
    if (!v) {
        return status_of(builder);
    }
    status = shape ? vt_capi_pshape_fill(&v->shape, shape) : OK;
    if (status == OK && element_type) {
        *element_type = (ov_element_type_e)v->type;
    }
    return status;
}
