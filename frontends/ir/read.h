/* What the parts of the reader share. */
#ifndef IR_READ_H
#define IR_READ_H

#include "vt/host.h"
#include "xml.h"

#define IR_OLDEST        10
#define IR_NEWEST        11
#define IR_LAST_OPSET    16
#define IR_MAX_BODIES    16                 /* nesting of sub-graphs */
#define IR_MAX_DIM       ((int64_t)1 << 40) /* no tensor has more elements along one axis */
#define IR_MAX_PORTS     65536              /* of one layer, on one side */
#define IR_MAX_RT_INFO   8192               /* entries of one layer or model */
#define IR_PORT_NOT_HERE (-1)

struct ir_reader {
    const struct vt_host *host;
    struct vt_error *err; /* never NULL */
    struct ir_doc doc;
    const char *label;        /* names the model in messages */
    const char *weights_path; /* NULL: read from memory */
    struct vt_blob *weights;  /* NULL: none, or not opened yet */
    int version;
};

struct ir_port {
    int64_t id;
    const struct ir_elem *elem;
    bool connected;        /* inputs */
    struct vt_node *named; /* outputs: the node whose output 0 bears the names; NULL: the layer's own */
};

struct ir_layer {
    int64_t id;
    const char *name, *type, *opset; /* type: as the operation sets call it, not the file */
    const struct ir_elem *elem;
    struct ir_port *in, *out;
    int n_in, n_out;
    int param, result; /* index among the graph's parameters or results, or -1 */
    struct vt_node *node;
    struct vt_node *src; /* what consumers read: `node`, or a Convert behind it */
};

/* One <net> or body. */
struct ir_net {
    struct ir_reader *r;
    const struct ir_elem *elem;
    struct vt_graph *graph;
    struct ir_layer *layers;
    struct ir_layer **by_id;
    int n_layers, n_params, n_results, n_rt_info;
    int depth;
};

/* ---- texts and messages (text.c) */

/* "LABEL:LINE: layer 'NAME' (TYPE, id ID): ..."; layer and elem may be NULL. */
__attribute__((format(printf, 5, 6))) int ir_fail(const struct ir_reader *r, const struct ir_elem *elem,
                                                  const struct ir_layer *layer, int code, const char *fmt,
                                                  ...);

/* Put "LABEL:LINE: " in front of a message of the host. */
int ir_context(const struct ir_reader *r, const struct ir_elem *elem);

bool ir_parse_i64(const char *text, int64_t *value);

/* An element type as attributes ("f32") or ports ("FP32") write it. */
bool ir_parse_type(const char *text, enum vt_type *type);

/* A required number among an element's attributes. */
int ir_need_i64(const struct ir_reader *r, const struct ir_elem *elem, const struct ir_layer *layer,
                const char *name, int64_t *value);

/* Refuse dimensions and sizes that no tensor can have. `text` is a shape as attributes write it. */
int ir_check_shape(const struct ir_reader *r, const struct ir_layer *layer, const char *name,
                   const char *text);

/* ---- the parts of a model */

/* Read a <net> or a body. On failure the graph is gone. (net.c) */
int ir_net_read(struct ir_net *net);
struct ir_layer *ir_net_find(const struct ir_net *net, int64_t id);

/* id, name, type, version and ports. (layer.c) */
int ir_layer_parse(const struct ir_net *net, const struct ir_elem *elem, struct ir_layer *layer);
int ir_layer_build(struct ir_net *net, struct ir_layer *layer);
int ir_layer_add_names(const struct ir_reader *r, const struct ir_layer *layer);
int ir_port_type_and_shape(const struct ir_reader *r, const struct ir_layer *layer,
                           const struct ir_port *port, enum vt_type *type, struct vt_pshape *shape);
int ir_find_port(const struct ir_port *ports, int n, int64_t id, int first);

int ir_constant_build(struct ir_net *net, struct ir_layer *layer);             /* constant.c */
int ir_bodies_build(struct ir_net *net, struct ir_layer *layer);               /* body.c */
int ir_layer_rt_info(const struct ir_reader *r, const struct ir_layer *layer); /* rt_info.c */
int ir_net_rt_info(struct ir_net *net);                                        /* rt_info.c */

/* Version 10: a half-float input is offered as f32. Sets layer->src. (legacy.c) */
int ir_legacy_param(struct ir_net *net, struct ir_layer *layer);

/* Version 10: outputs are i32 or f32; operations' names count as tensor names. Connects the result.
 * (legacy.c) */
int ir_legacy_result(struct ir_net *net, struct ir_layer *result, struct ir_layer *src, int output);

#endif
