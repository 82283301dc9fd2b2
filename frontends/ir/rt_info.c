#include "read.h"

/* The value of an <attribute>: "value" or, for those that have a word of their own (layout), that one. */
static const char *rt_value(const struct ir_elem *e)
{
    const char *value = ir_attr(e, "value");

    for (int i = 0; !value && i < e->n_attrs; i++) {
        if (strcmp(e->attrs[i].name, "name") != 0 && strcmp(e->attrs[i].name, "version") != 0) {
            value = e->attrs[i].value;
        }
    }
    return value ? value : "";
}

static int add_attributes(const struct ir_reader *r, const struct ir_layer *layer,
                          const struct ir_elem *rt_info)
{
    int n = ir_count(rt_info, "attribute") + ir_count(rt_info, "user_data");

    if (n > IR_MAX_RT_INFO) {
        return ir_fail(r, rt_info, layer, VT_E_RANGE, "%d attributes of rt_info: the limit is %d", n,
                       IR_MAX_RT_INFO);
    }
    for (const struct ir_elem *e = ir_child(rt_info, "attribute"); e; e = ir_next(e, "attribute")) {
        const char *name = ir_attr(e, "name"), *version = ir_attr(e, "version");

        if (name &&
            r->host->node_add_rt_info(layer->node, name, version ? version : "0", rt_value(e), r->err)) {
            return ir_context(r, e);
        }
    }
    for (const struct ir_elem *e = ir_child(rt_info, "user_data"); e; e = ir_next(e, "user_data")) {
        const char *name = ir_attr(e, "name"), *value = ir_attr(e, "value");

        if (name && value && r->host->node_add_rt_info(layer->node, name, NULL, value, r->err)) {
            return ir_context(r, e);
        }
    }
    return VT_OK;
}

int ir_layer_rt_info(const struct ir_reader *r, const struct ir_layer *layer)
{
    int status = VT_OK;

    if (r->version < 11) {
        return VT_OK; /* such files have none that means anything today */
    }
    for (const struct ir_elem *e = ir_child(layer->elem, "rt_info"); e && !status;
         e = ir_next(e, "rt_info")) {
        status = add_attributes(r, layer, e);
    }
    /* A port's own (layout) is the node's: nodes with such entries have one output. */
    for (int i = 0; i < layer->n_out && !status; i++) {
        status = add_attributes(r, layer, ir_child(layer->out[i].elem, "rt_info"));
    }
    return status;
}

static const char *key_of(const struct ir_elem *e)
{
    const char *name = ir_attr(e, "name");

    return name ? name : e->name;
}

#define MAX_PATH 1024

/* Append a key to a path of MAX_PATH bytes; "/" and "\" within it get a "\" in front. False when there is no
 * room. */
static bool add_key(char *path, size_t *length, const char *key)
{
    size_t n = *length;

    if (n) {
        path[n++] = '/';
    }
    for (; *key; key++) {
        if (n + 3 >= MAX_PATH) {
            return false;
        }
        if (*key == '/' || *key == '\\') {
            path[n++] = '\\';
        }
        path[n++] = *key;
    }
    path[n] = 0;
    *length = n;
    return n + 3 < MAX_PATH;
}

/* Depth is bounded by the document's. `path` has room for what a path may be at most. */
static int add_tree(struct ir_net *net, const struct ir_elem *e, const char *key, char *path, size_t length)
{
    const struct ir_reader *r = net->r;
    const char *value = ir_attr(e, "value");
    size_t longer = length;

    if (!add_key(path, &longer, key)) {
        return ir_fail(r, e, NULL, VT_E_FORMAT, "the name of this entry of rt_info is too long");
    }
    if (!value && strcmp(e->name, "unset") == 0) {
        value = ir_attr(e, "unset_cli_parameters");
    }
    if (value && net->n_rt_info++ == IR_MAX_RT_INFO) {
        return ir_fail(r, e, NULL, VT_E_RANGE, "rt_info has more entries than the limit of %d",
                       IR_MAX_RT_INFO);
    }
    if (value && r->host->graph_add_rt_info(net->graph, path, value, r->err)) {
        return ir_context(r, e);
    }
    for (const struct ir_elem *c = value ? NULL : e->first; c; c = c->next) {
        int status = add_tree(net, c, key_of(c), path, longer);

        if (status) {
            return status;
        }
    }
    path[length] = 0;
    return VT_OK;
}

static int add_children(struct ir_net *net, const struct ir_elem *parent, char *path)
{
    for (const struct ir_elem *c = parent ? parent->first : NULL; c; c = c->next) {
        bool old_name = strcmp(c->name, "cli_parameters") == 0;
        int status = add_tree(net, c, old_name ? "conversion_parameters" : key_of(c), path, 0);

        if (status) {
            return status;
        }
    }
    return VT_OK;
}

int ir_net_rt_info(struct ir_net *net)
{
    const struct ir_elem *now = ir_child(net->elem, "rt_info"),
                         *quantization = ir_child(net->elem, "quantization_parameters");
    char path[MAX_PATH];
    int status;

    if (now) {
        return add_children(net, now, path);
    }
    status = add_children(net, ir_child(net->elem, "meta_data"), path);
    return status || !quantization ? status : add_tree(net, quantization, "optimization", path, 0);
}
