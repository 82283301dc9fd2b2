#ifndef VT_OP_MULTINOMIAL_H
#define VT_OP_MULTINOMIAL_H

#include "vt/op.h"

/* Class numbers drawn by the rows of probabilities (input 0), as many as input 1 says: the first class whose
 * cumulative share is at least the random number. The numbers come from MT19937 seeded with both seeds, one
 * after the other over all rows. */
int vt_multinomial_ref(struct vt_eval *e);

#endif
