/* What version 10 means differently: models of that time were offered with f32 and i32 at their ends, and
 * were asked for tensors by the names of operations. */
#include "read.h"

static struct vt_node *convert(struct ir_net *net, struct vt_node *src, int output, enum vt_type type)
{
    const struct ir_reader *r = net->r;
    const char *type_name = vt_type_info(type)->name;
    char name[256];
    struct vt_node *node;

    snprintf(name, sizeof(name), "%.200s/to_%s", r->host->node_name(src), type_name);
    node = r->host->node_create(net->graph, "Convert", 1, name, 1, 1, r->err);
    if (!node || r->host->node_connect(node, 0, src, output, r->err) ||
        r->host->node_set_attr(node, "destination_type", type_name, r->err)) {
        return NULL;
    }
    return node;
}

/* Whether names="a,b" has `name` among them. */
static bool has_name(const struct ir_port *port, const char *name)
{
    const char *names = port ? ir_attr(port->elem, "names") : NULL;
    size_t n = strlen(name);

    for (const char *p = names; p; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, name, n) == 0 && (!p[n] || p[n] == ',')) {
            return true;
        }
    }
    return false;
}

static int add_name(const struct ir_net *net, struct vt_node *node, int output, const struct ir_port *port,
                    const char *name)
{
    return has_name(port, name) ? VT_OK : net->r->host->node_add_tensor_name(node, output, name, net->r->err);
}

int ir_legacy_param(struct ir_net *net, struct ir_layer *layer)
{
    const struct ir_reader *r = net->r;
    const char *text = ir_attr(ir_child(layer->elem, "data"), "element_type");
    enum vt_type type;

    if (text && ir_parse_type(text, &type) && type == VT_F16) {
        if (r->host->node_set_attr(layer->node, "element_type", "f32", r->err)) {
            return ir_context(r, layer->elem);
        }
        layer->src = convert(net, layer->node, 0, VT_F16);
        if (!layer->src) {
            return ir_context(r, layer->elem);
        }
    }
    return add_name(net, layer->node, 0, layer->n_out ? &layer->out[0] : NULL, layer->name)
               ? ir_context(r, layer->elem)
               : VT_OK;
}

/* The type that an output of this one is offered with. */
static enum vt_type offered(enum vt_type type)
{
    switch (type) {
    case VT_I64:
    case VT_U64:
    case VT_I32:
    case VT_U32: return VT_I32;
    case VT_DYNAMIC: return VT_DYNAMIC;
    default: return VT_F32;
    }
}

int ir_legacy_result(struct ir_net *net, struct ir_layer *result, struct ir_layer *src, int output)
{
    const struct ir_reader *r = net->r;
    struct vt_node *from = src->src;
    enum vt_type type;
    struct vt_pshape shape;
    char name[512];
    int status = ir_port_type_and_shape(r, src, &src->out[output], &type, &shape), port = output;

    if (status) {
        return status;
    }
    if (from != src->node) {
        from = src->node; /* an f16 input that is an output as well: f32 already */
    } else if (offered(type) != type) {
        from = convert(net, from, output, offered(type));
        port = 0;
        if (!from) {
            return ir_context(r, result->elem);
        }
        if (src->param < 0 && !src->out[output].named) {
            src->out[output].named = from;
        }
    }
    if (src->n_out > 1) {
        snprintf(name, sizeof(name), "%.400s.%d", src->name, output);
    } else {
        snprintf(name, sizeof(name), "%.500s", src->name);
    }
    if ((src->param < 0 && add_name(net, from, port, &src->out[output], name)) ||
        r->host->node_connect(result->node, 0, from, port, r->err)) {
        return ir_context(r, result->elem);
    }
    return VT_OK;
}
