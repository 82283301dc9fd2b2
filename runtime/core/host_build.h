/* The methods of the host table with which frontends build graphs. */
#ifndef VT_HOST_BUILD_H
#define VT_HOST_BUILD_H

#include "vt/host.h"

/* Set a node's rt_info entry of that name; a new one has the version "0". */
int vt_node_set_rt_info(struct vt_node *node, const char *name, const char *value, struct vt_error *err);

/* Whether all inputs and attributes that the operation requires are there. */
int vt_node_check(const struct vt_node *node, struct vt_error *err);

/* The methods node_add_body, node_map_body and graph_finish. */
int vt_node_add_body(struct vt_node *node, struct vt_graph *body, struct vt_error *err);
int vt_node_map_body(struct vt_node *node, int body, const struct vt_body_map *map, struct vt_error *err);
int vt_graph_finish(struct vt_graph *graph, struct vt_error *err);

/* graph_create to op_known, node_create_unknown, node_declare_output, node_infer to constant_clone,
 * extension_op. */
void vt_host_fill_build(struct vt_host *host);

#endif
