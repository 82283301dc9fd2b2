/* DFT, IDFT, RDFT, IRDFT. */
#ifndef VT_DFT_H
#define VT_DFT_H

#include "graph.h"

/* The input of RDFT and the output of IRDFT are real; all others end in an axis of 2. */
bool vt_dft_real_input(const struct vt_node *node);
bool vt_dft_real_output(const struct vt_node *node);

int vt_dft_ref(struct vt_eval *e);

#endif
