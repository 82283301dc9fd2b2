/* Sums and means of embedding rows: bags by offsets, packed bags, segments. */
#ifndef VT_EMBEDDING_BAG_H
#define VT_EMBEDDING_BAG_H

#include "vt/op.h"

int vt_embedding_offsets_ref(struct vt_eval *e);
int vt_embedding_packed_ref(struct vt_eval *e);
int vt_embedding_segments_ref(struct vt_eval *e);

#endif
