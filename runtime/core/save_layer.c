/* One node as a <layer>: its names, ports and what the other files write about it. */
#include "extension.h"
#include "save_impl.h"

/* Files call some operations otherwise than the operation sets do. */
static const char *file_type(const char *type)
{
    static const char *const aliases[][2] = {
        {"Constant", "Const"}, {"PRelu", "PReLU"}, {"Relu", "ReLU"}, {"Softmax", "SoftMax"}};

    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcmp(type, aliases[i][0]) == 0) {
            return aliases[i][1];
        }
    }
    return type;
}

static void write_precision(struct vt_xml *x, enum vt_type type)
{
    static const char *const names[VT_TYPE_COUNT] = {
        [VT_DYNAMIC] = "dynamic", [VT_BOOLEAN] = "BOOL", [VT_BF16] = "BF16", [VT_F16] = "FP16",
        [VT_F32] = "FP32",        [VT_F64] = "FP64",     [VT_U1] = "BIN"};
    char name[16];

    if (names[type]) {
        vt_xml_attr(x, "precision", names[type]);
        return;
    }
    snprintf(name, sizeof(name), "%s", vt_type_info(type)->name);
    for (char *p = name; *p; p++) {
        *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
    }
    vt_xml_attr(x, "precision", name);
}

/* Ports know fixed dimensions and -1; bounds are the attribute's of the Parameter. */
static void write_dims(struct vt_xml *x, const struct vt_pshape *shape)
{
    for (int i = 0; i < shape->rank; i++) {
        vt_xml_leaf_i64(x, "dim", vt_dim_is_static(shape->dims[i]) ? shape->dims[i].min : -1);
    }
}

static void write_names(struct vt_xml *x, const char *attribute, const struct vt_output *out)
{
    if (!out->n_names) {
        return;
    }
    vt_xml_attr_begin(x, attribute);
    for (int i = 0; i < out->n_names; i++) {
        const char *name = out->names[i];

        if (i) {
            vt_xml_attr_piece(x, ",", 1);
        }
        for (size_t n; *name; name += n) {
            n = strcspn(name, ",");
            vt_xml_attr_piece(x, name, n);
            if (name[n]) {
                vt_xml_attr_piece(x, "\\,", 2);
                n++;
            }
        }
    }
    vt_xml_attr_end(x);
}

static void begin_port(struct vt_xml *x, int id, enum vt_type type)
{
    vt_xml_begin(x, "port");
    vt_xml_attr_i64(x, "id", id);
    write_precision(x, type);
}

static void write_inputs(struct vt_xml *x, const struct vt_node *node)
{
    int n = vt_save_n_inputs(node);

    if (!n) {
        return;
    }
    vt_xml_begin(x, "input");
    for (int i = 0; i < n; i++) {
        const struct vt_value *v = vt_node_in(node, i);

        begin_port(x, i, v->type);
        write_dims(x, &v->shape);
        vt_xml_end(x, "port");
    }
    vt_xml_end(x, "input");
}

static void write_outputs(struct vt_saver *s, const struct vt_node *node)
{
    struct vt_xml *x = &s->xml;

    if (!node->n_out || vt_node_is(node, "Result")) {
        return;
    }
    vt_xml_begin(x, "output");
    for (int i = 0; i < node->n_out; i++) {
        begin_port(x, vt_save_n_inputs(node) + i, node->out[i].v.type);
        write_names(x, "names", &node->out[i]);
        write_dims(x, &node->out[i].v.shape);
        if (!i) {
            vt_save_rt_info(s, node, true);
        }
        vt_xml_end(x, "port");
    }
    vt_xml_end(x, "output");
}

static int check_node(struct vt_saver *s, const struct vt_node *node)
{
    if (node->op->opset == 0) {
        return vt_fail(
            s->err, VT_E_UNSUPPORTED,
            "not implemented: saving node '%s' (%s), for which OpenVINO IR has no operation; if a pass "
            "made it, save the model as it was read",
            node->name, node->op->name);
    }
    for (int i = 0; i < vt_save_n_inputs(node); i++) {
        if (!node->in[i].node) {
            return vt_fail(s->err, VT_E_UNSUPPORTED,
                           "not implemented: saving node '%s' (%s), whose input %d is left out before others",
                           node->name, node->op->name, i);
        }
    }
    return VT_OK;
}

/* The attributes of <layer>. */
static void begin_layer(struct vt_save_net *net, const struct vt_node *node)
{
    const struct vt_extension_op *own = vt_extension_op_of(node->op);
    struct vt_xml *x = &net->s->xml;
    char opset[24];

    vt_xml_begin(x, "layer");
    vt_xml_attr_i64(x, "id", net->next_id);
    vt_xml_attr(x, "name", node->name);
    vt_xml_attr(x, "type", own ? own->name : file_type(node->op->name));
    if (own) {
        vt_xml_attr(x, "version", own->opset);
    } else if (node->op->flags & VT_OP_UNKNOWN) {
        vt_xml_attr(x, "version", vt_attr_str(node, ".opset"));
    } else {
        snprintf(opset, sizeof(opset), "opset%d", node->op->opset);
        vt_xml_attr(x, "version", opset);
    }
    if (vt_node_is(node, "Result")) {
        write_names(x, "output_names", &node->out[0]);
    }
    net->ids[node->index] = net->next_id++;
}

static void write_constant_data(struct vt_xml *x, const struct vt_saved *saved)
{
    const struct vt_tensor *t = &saved->node->constant;
    char dim[32];

    vt_xml_begin(x, "data");
    vt_xml_attr(x, "element_type", saved->f16 ? "f16" : vt_type_info(t->type)->name);
    vt_xml_attr_begin(x, "shape");
    for (int i = 0; i < t->rank; i++) {
        int n = snprintf(dim, sizeof(dim), "%s%lld", i ? ", " : "", (long long)t->dims[i]);

        vt_xml_attr_piece(x, dim, (size_t)n);
    }
    vt_xml_attr_end(x);
    vt_xml_attr_i64(x, "offset", (int64_t)saved->offset);
    vt_xml_attr_i64(x, "size", (int64_t)saved->size);
    vt_xml_end(x, "data");
}

/* A port without names. */
static void write_port(struct vt_xml *x, const char *side, int id, enum vt_type type,
                       const struct vt_pshape *shape)
{
    vt_xml_begin(x, side);
    begin_port(x, id, type);
    write_dims(x, shape);
    vt_xml_end(x, "port");
    vt_xml_end(x, side);
}

/* A constant of type f16 in front of the Convert that takes its name. */
static void write_compressed(struct vt_save_net *net, const struct vt_saved *saved)
{
    struct vt_xml *x = &net->s->xml;
    const struct vt_node *node = saved->node;

    vt_xml_begin(x, "layer");
    vt_xml_attr_i64(x, "id", net->next_id++);
    vt_xml_attr_begin(x, "name");
    vt_xml_attr_piece(x, node->name, strlen(node->name));
    vt_xml_attr_piece(x, "_compressed", strlen("_compressed"));
    vt_xml_attr_end(x);
    vt_xml_attr(x, "type", "Const");
    vt_xml_attr(x, "version", "opset1");
    write_constant_data(x, saved);
    write_port(x, "output", 0, VT_F16, &node->out[0].v.shape);
    vt_xml_end(x, "layer");
}

static void write_decompression(struct vt_save_net *net, const struct vt_node *node)
{
    struct vt_saver *s = net->s;
    struct vt_xml *x = &s->xml;

    vt_xml_begin(x, "layer");
    vt_xml_attr_i64(x, "id", net->next_id);
    vt_xml_attr(x, "name", node->name);
    vt_xml_attr(x, "type", "Convert");
    vt_xml_attr(x, "version", "opset1");
    vt_xml_begin(x, "data");
    vt_xml_attr(x, "destination_type", vt_type_info(node->constant.type)->name);
    vt_xml_end(x, "data");
    vt_save_decompression(s, node);
    write_port(x, "input", 0, VT_F16, &node->out[0].v.shape);
    vt_xml_begin(x, "output");
    begin_port(x, 1, node->constant.type);
    write_names(x, "names", &node->out[0]);
    write_dims(x, &node->out[0].v.shape);
    vt_xml_end(x, "port");
    vt_xml_end(x, "output");
    vt_xml_end(x, "layer");
    net->ids[node->index] = net->next_id++;
    net->compressed[node->index] = true;
}

int vt_save_layer(struct vt_save_net *net, const struct vt_node *node)
{
    struct vt_saver *s = net->s;
    const struct vt_saved *saved = vt_node_is(node, "Constant") ? &s->constants[s->next++] : NULL;
    int status = check_node(s, node);

    if (status) {
        return status;
    }
    if (saved && saved->f16) {
        write_compressed(net, saved);
        write_decompression(net, node);
        return s->xml.status;
    }
    begin_layer(net, node);
    if (saved) {
        write_constant_data(&s->xml, saved);
    } else {
        vt_save_attrs(s, node);
    }
    vt_save_rt_info(s, node, false);
    write_inputs(&s->xml, node);
    write_outputs(s, node);
    status = vt_save_bodies(s, node);
    vt_xml_end(&s->xml, "layer");
    return status ? status : s->xml.status;
}
