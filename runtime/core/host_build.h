/* The methods of the host table with which frontends build graphs. */
#ifndef VT_HOST_BUILD_H
#define VT_HOST_BUILD_H

#include "vt/host.h"

/* graph_create to op_known, node_create_unknown and node_declare_output. */
void vt_host_fill_build(struct vt_host *host);

#endif
