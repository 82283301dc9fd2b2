/* The part of the host table that concerns graphs: thin functions over runtime/graph. */
#ifndef VT_HOST_GRAPH_H
#define VT_HOST_GRAPH_H

#include "vt/host.h"

/* Fill in every method from graph_clone on, states, building and files among them. The rest (abi, log,
 * memory, machine, pools) is not touched. */
void vt_host_fill_graph(struct vt_host *host);

#endif
