/* What the parts of the writer share. */
#ifndef VT_SAVE_IMPL_H
#define VT_SAVE_IMPL_H

#include "graph.h"
#include "save_xml.h"

/* A constant in the order in which it is written. */
struct vt_saved {
    const struct vt_node *node;
    const struct vt_saved *same; /* an earlier one with the same bytes, or NULL */
    uint64_t offset, size;       /* in the weights' file */
    uint64_t hash;               /* of constants whose size others have */
    bool f16;                    /* written as f16, with a Convert behind */
};

struct vt_saver {
    unsigned flags;
    struct vt_error *err;
    struct vt_saved *constants;
    int n_constants, cap_constants;
    int next; /* constant to describe */
    struct vt_xml xml;
};

/* The parts of one graph in the order in which they are written. */
struct vt_save_net {
    struct vt_saver *s;
    const struct vt_graph *graph;
    const struct vt_node **order;
    int n; /* nodes */
    /* By node->index, filled while the layers are written: the layer that consumers read from, and whether
     * that is the Convert behind a constant. */
    int *ids;
    bool *compressed;
    int next_id;
};

/* On failure there is nothing to finish. (save_ir.c) */
int vt_save_order(struct vt_save_net *net, struct vt_saver *s, const struct vt_graph *graph);
void vt_save_order_finish(struct vt_save_net *net);

/* The inside of <net> or a body: layers, edges, rt_info. (save_ir.c) */
int vt_save_net(struct vt_save_net *net);

/* Inputs without those left out at the end. */
int vt_save_n_inputs(const struct vt_node *node);

/* One <layer>, or two for a compressed constant. (save_layer.c) */
int vt_save_layer(struct vt_save_net *net, const struct vt_node *node);

/* <data>. (save_attr.c) */
void vt_save_attrs(struct vt_saver *s, const struct vt_node *node);

/* Port maps, back edges and bodies. (save_body.c) */
int vt_save_bodies(struct vt_saver *s, const struct vt_node *node);

/* rt_info of a node, in two places, and of a model. (save_rt_info.c) */
void vt_save_rt_info(struct vt_saver *s, const struct vt_node *node, bool port);

/* What a Convert behind a compressed constant bears: the mark, and what the constant bore. */
void vt_save_decompression(struct vt_saver *s, const struct vt_node *node);
int vt_save_model_rt_info(struct vt_saver *s, const struct vt_graph *graph);

/* Find all constants and give them their places; write them. (save_weights.c) */
int vt_save_plan_weights(struct vt_saver *s, const struct vt_graph *graph);
int vt_save_weights(struct vt_saver *s, const struct vt_save_sink *sink);

/* Whether OpenVINO would compress such a model, and such a constant, to f16. (save_f16.c) */
bool vt_save_f16_wanted(const struct vt_graph *graph);
bool vt_save_f16_fits(const struct vt_tensor *t);

/* Set exact[node->index] of the nodes that lead to shapes, whose constants stay as they are. */
void vt_save_f16_mark_exact(const struct vt_graph *graph, bool *exact);

/* Elements first .. first + n - 1 as f16, those out of range clamped. */
void vt_save_f16_convert(const struct vt_tensor *t, int64_t first, int n, uint16_t *dst);

#endif
