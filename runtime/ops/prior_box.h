#ifndef VT_PRIOR_BOX_H
#define VT_PRIOR_BOX_H

#include "graph.h"

/* Aspect ratios that the attributes stand for: 1, then those listed, each followed by its inverse with
 * `flip`; a ratio that is there already is left out. Room for VT_PRIOR_RATIOS; returns how many, -1 for more.
 */
#define VT_PRIOR_RATIOS 256
int vt_prior_ratios(const struct vt_node *node, double *ratios);

/* Boxes that PriorBox (PriorBoxClustered: width and height) makes for each cell of the grid; -1 where the
 * attributes contradict each other or ask for more than 2^20. */
int64_t vt_prior_count(const struct vt_node *node);

int vt_prior_box_ref(struct vt_eval *e);
int vt_prior_box_clustered_ref(struct vt_eval *e);

#endif
