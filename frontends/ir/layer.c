/* One <layer>: what it is called, its ports, its attributes. */
#include "read.h"

#include <stdlib.h>

/* Names that files use for operations that the operation sets call otherwise. */
static const char *operation_name(const char *type)
{
    static const char *const aliases[][2] = {
        {"Const", "Constant"}, {"PReLU", "PRelu"}, {"ReLU", "Relu"}, {"SoftMax", "Softmax"}};

    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcmp(type, aliases[i][0]) == 0) {
            return aliases[i][1];
        }
    }
    return type;
}

/* The number of the operation set, or 0 when no set of ours is meant. Some operations were written under
 * another name before they entered a set. */
static int opset_of(const struct ir_layer *layer)
{
    static const char *const early[] = {
        "ExperimentalDetectronDetectionOutput",
        "ExperimentalDetectronGenerateProposalsSingleImage",
        "ExperimentalDetectronPriorGridGenerator",
        "ExperimentalDetectronROIFeatureExtractor",
        "ExperimentalDetectronTopKROIs",
        "GRUCell",
        "RNNCell",
        "Proposal",
    };
    static const char *const late[] = {"MVN", "ROIPooling", "ReorgYolo"}; /* missing in opset1 */
    int64_t number = 0;

    if (strcmp(layer->opset, "extension") == 0 || strcmp(layer->opset, "experimental") == 0) {
        for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
            if (strcmp(layer->type, early[i]) == 0) {
                return 6;
            }
        }
        return 0;
    }
    if (strncmp(layer->opset, "opset", 5) != 0 || !ir_parse_i64(layer->opset + 5, &number) || number < 1 ||
        number > IR_LAST_OPSET) {
        return 0;
    }
    for (size_t i = 0; number == 1 && i < sizeof(late) / sizeof(late[0]); i++) {
        if (strcmp(layer->type, late[i]) == 0) {
            return 2;
        }
    }
    return (int)number;
}

static int parse_ports(const struct ir_net *net, struct ir_layer *layer, const char *side,
                       struct ir_port **ports, int *n)
{
    struct ir_reader *r = net->r;
    const struct ir_elem *list = ir_child(layer->elem, side);
    int i = 0;

    *n = ir_count(list, "port");
    if (*n > IR_MAX_PORTS) {
        return ir_fail(r, list, layer, VT_E_RANGE, "%d ports of <%s>: the limit is %d", *n, side,
                       IR_MAX_PORTS);
    }
    *ports = ir_doc_alloc(&r->doc, (size_t)*n + 1, sizeof(**ports));
    if (!*ports) {
        return ir_fail(r, layer->elem, layer, VT_E_NOMEM, "out of memory");
    }
    for (const struct ir_elem *e = ir_child(list, "port"); e; e = ir_next(e, "port"), i++) {
        struct ir_port *port = &(*ports)[i];
        int status = ir_need_i64(r, e, layer, "id", &port->id);

        if (status) {
            return status;
        }
        if (port->id < 0 || port->id > INT32_MAX) {
            return ir_fail(r, e, layer, VT_E_RANGE, "port id %lld is outside 0..%d", (long long)port->id,
                           INT32_MAX);
        }
        port->elem = e;
        /* Ids grow by one nearly always; then one look is enough. */
        if (i && port->id != port[-1].id + 1 && ir_find_port(*ports, i, port->id, 0) >= 0) {
            return ir_fail(r, e, layer, VT_E_FORMAT, "two ports of <%s> have the id %lld", side,
                           (long long)port->id);
        }
    }
    return VT_OK;
}

int ir_find_port(const struct ir_port *ports, int n, int64_t id, int first)
{
    /* The usual numbering first. */
    if (id >= first && id - first < n && ports[id - first].id == id) {
        return (int)(id - first);
    }
    for (int i = 0; i < n; i++) {
        if (ports[i].id == id) {
            return i;
        }
    }
    return IR_PORT_NOT_HERE;
}

int ir_layer_parse(const struct ir_net *net, const struct ir_elem *elem, struct ir_layer *layer)
{
    struct ir_reader *r = net->r;
    const char *name = ir_attr(elem, "name"), *type = ir_attr(elem, "type"),
               *opset = ir_attr(elem, "version");
    int status;

    layer->elem = elem;
    layer->param = layer->result = -1;
    layer->name = name ? name : "";
    layer->type = type ? operation_name(type) : "?";
    status = ir_need_i64(r, elem, NULL, "id", &layer->id);
    if (status) {
        return status;
    }
    if (layer->id < 0) {
        return ir_fail(r, elem, layer, VT_E_RANGE, "the id must not be negative");
    }
    if (!type || !*type || !opset || !*opset) {
        return ir_fail(r, elem, layer, VT_E_FORMAT, "<layer> lacks the attribute '%s'",
                       type && *type ? "version" : "type");
    }
    layer->opset = opset;
    status = parse_ports(net, layer, "input", &layer->in, &layer->n_in);
    return status ? status : parse_ports(net, layer, "output", &layer->out, &layer->n_out);
}

int ir_port_type_and_shape(const struct ir_reader *r, const struct ir_layer *layer,
                           const struct ir_port *port, enum vt_type *type, struct vt_pshape *shape)
{
    const char *precision = ir_attr(port->elem, "precision");

    *type = VT_DYNAMIC;
    if (precision && !ir_parse_type(precision, type)) {
        return ir_fail(r, port->elem, layer, VT_E_TYPE, "precision=\"%.40s\" is no element type", precision);
    }
    *shape = (struct vt_pshape){.rank = 0};
    for (const struct ir_elem *e = ir_child(port->elem, "dim"); e; e = ir_next(e, "dim")) {
        int64_t dim;

        if (shape->rank == VT_MAX_RANK) {
            return ir_fail(r, e, layer, VT_E_RANGE, "a port has more than %d dimensions", VT_MAX_RANK);
        }
        if (!e->text || !ir_parse_i64(e->text, &dim) || dim < -1 || dim > IR_MAX_DIM) {
            return ir_fail(r, e, layer, VT_E_RANGE, "<dim>%.40s</dim> is neither -1 nor within 0..%lld",
                           e->text ? e->text : "", (long long)IR_MAX_DIM);
        }
        shape->dims[shape->rank++] = dim < 0 ? vt_dim_any() : vt_dim_fixed(dim);
    }
    return VT_OK;
}

static int declare_outputs(const struct ir_reader *r, struct ir_layer *layer)
{
    for (int i = 0; i < layer->n_out; i++) {
        enum vt_type type;
        struct vt_pshape shape;
        int status = ir_port_type_and_shape(r, layer, &layer->out[i], &type, &shape);

        if (status) {
            return status;
        }
        if (r->host->node_declare_output(layer->node, i, type, &shape, r->err)) {
            return ir_context(r, layer->elem);
        }
    }
    return VT_OK;
}

/* The name that the file has: an extension's operation is not renamed. */
static const char *file_type(const struct ir_layer *layer)
{
    return ir_attr(layer->elem, "type");
}

static bool is_extension(const struct ir_reader *r, const struct ir_layer *layer)
{
    return VT_TABLE_HAS(r->host, extension_op) && r->host->extension_op(file_type(layer), layer->opset);
}

static int create_unknown(struct ir_net *net, struct ir_layer *layer)
{
    struct ir_reader *r = net->r;
    const char *type = is_extension(r, layer) ? file_type(layer) : layer->type;

    if (strcmp(layer->type, "Parameter") == 0 || strcmp(layer->type, "Result") == 0) {
        return ir_fail(r, layer->elem, layer, VT_E_FORMAT,
                       "version=\"%.40s\" is no operation set that has %s", layer->opset, layer->type);
    }
    layer->node = r->host->node_create_unknown(net->graph, type, layer->opset, layer->name, layer->n_in,
                                               layer->n_out, r->err);
    return layer->node ? declare_outputs(r, layer) : ir_context(r, layer->elem);
}

static int create_node(struct ir_net *net, struct ir_layer *layer)
{
    struct ir_reader *r = net->r;
    int opset = opset_of(layer);
    struct vt_error why = {0};

    if (!opset || is_extension(r, layer)) {
        return create_unknown(net, layer);
    }
    layer->node =
        r->host->node_create(net->graph, layer->type, opset, layer->name, layer->n_in, layer->n_out, &why);
    if (layer->node) {
        return VT_OK;
    }
    if (why.code == VT_E_UNSUPPORTED) {
        return create_unknown(net, layer);
    }
    return ir_fail(r, layer->elem, layer, why.code, "%.400s", why.text);
}

/* Files of other versions have more than the runtime's own operations need, and that goes unsaid unless asked
 * for. An extension's table is meant to be complete. */
static void note_ignored(const struct ir_reader *r, const struct ir_layer *layer, const char *name)
{
    const char *extension = VT_TABLE_HAS(r->host, extension_name)
                                ? r->host->extension_name(file_type(layer), layer->opset)
                                : NULL;
    char text[800];

    if (extension) {
        snprintf(text, sizeof(text),
                 "%s:%d: layer '%.200s' (%.80s): extension '%.100s' has no attribute '%.80s', it is ignored",
                 r->label, layer->elem->line, layer->name, file_type(layer), extension, name);
        r->host->log(VT_LOG_WARNING, text);
    } else if (VT_TABLE_HAS(r->host, log_enabled) && VT_TABLE_HAS(r->host, trace) &&
               r->host->log_enabled(VT_LOG_GENERAL)) {
        snprintf(text, sizeof(text),
                 "%s:%d: layer '%.200s' (%.80s): attribute '%.80s' is not known and ignored", r->label,
                 layer->elem->line, layer->name, layer->type, name);
        r->host->trace(VT_LOG_GENERAL, text);
    }
}

static bool is_shape(const char *name)
{
    return strcmp(name, "shape") == 0 || strcmp(name, "variable_shape") == 0;
}

static int set_attributes(const struct ir_reader *r, const struct ir_layer *layer)
{
    const struct ir_elem *data = ir_child(layer->elem, "data");

    for (int i = 0; data && i < data->n_attrs; i++) {
        const struct ir_attr *a = &data->attrs[i];
        int status = is_shape(a->name) ? ir_check_shape(r, layer, a->name, a->value) : VT_OK;

        if (status) {
            return status;
        }
        status = r->host->node_set_attr(layer->node, a->name, a->value, r->err);
        if (status == VT_E_NOT_FOUND) {
            note_ignored(r, layer, a->name);
        } else if (status) {
            return ir_context(r, data);
        }
    }
    return VT_OK;
}

int ir_layer_build(struct ir_net *net, struct ir_layer *layer)
{
    struct ir_reader *r = net->r;
    bool constant = strcmp(layer->type, "Constant") == 0;
    int status = constant ? ir_constant_build(net, layer) : create_node(net, layer);

    if (status == VT_OK && !constant) {
        status = set_attributes(r, layer);
    }
    if (status == VT_OK && constant && layer->n_in) {
        status = ir_fail(r, layer->elem, layer, VT_E_FORMAT, "a constant has no inputs");
    }
    if (status == VT_OK && !constant) {
        status = ir_bodies_build(net, layer);
    }
    if (status) {
        return status;
    }
    layer->src = layer->node;
    if (strcmp(layer->type, "Parameter") == 0) {
        layer->param = net->n_params++;
    } else if (strcmp(layer->type, "Result") == 0) {
        layer->result = net->n_results++;
    }
    return ir_layer_rt_info(r, layer);
}

/* names="a,b\,c" are "a" and "b,c". `name` has room for the longest. */
static int add_names(const struct ir_reader *r, const struct ir_elem *elem, const char *names,
                     struct vt_node *node, int output, char *name)
{
    size_t n = 0;

    for (const char *p = names; p; p++) {
        if (p[0] == '\\' && p[1] == ',') {
            name[n++] = *++p;
            continue;
        }
        if (*p && *p != ',') {
            name[n++] = *p;
            continue;
        }
        name[n] = 0;
        if (n && r->host->node_add_tensor_name(node, output, name, r->err)) {
            return ir_context(r, elem);
        }
        n = 0;
        if (!*p) {
            break;
        }
    }
    return VT_OK;
}

static size_t longer(size_t room, const char *names)
{
    return names && strlen(names) > room ? strlen(names) : room;
}

int ir_layer_add_names(const struct ir_reader *r, const struct ir_layer *layer)
{
    const char *result = layer->result >= 0 && r->version >= 11 ? ir_attr(layer->elem, "output_names") : NULL;
    size_t room = longer(0, result);
    char *name;
    int status = VT_OK;

    for (int i = 0; i < layer->n_out; i++) {
        room = longer(room, ir_attr(layer->out[i].elem, "names"));
    }
    if (!room) {
        return VT_OK;
    }
    name = malloc(room + 1);
    if (!name) {
        return ir_fail(r, layer->elem, layer, VT_E_NOMEM, "out of memory");
    }
    if (layer->result >= 0) {
        status = add_names(r, layer->elem, result, layer->node, 0, name);
    }
    for (int i = 0; layer->result < 0 && i < layer->n_out && status == VT_OK; i++) {
        const struct ir_port *port = &layer->out[i];

        status = add_names(r, port->elem, ir_attr(port->elem, "names"),
                           port->named ? port->named : layer->node, port->named ? 0 : i, name);
    }
    free(name);
    return status;
}
