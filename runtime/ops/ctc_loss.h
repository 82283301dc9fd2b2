#ifndef VT_CTC_LOSS_H
#define VT_CTC_LOSS_H

#include "vt/op.h"

int vt_ctc_loss_ref(struct vt_eval *e);

#endif
