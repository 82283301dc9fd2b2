#ifndef VT_CTC_GREEDY_DECODER_H
#define VT_CTC_GREEDY_DECODER_H

#include "vt/op.h"

int vt_ctc_greedy_decoder_ref(struct vt_eval *e);
int vt_ctc_greedy_decoder_seq_len_ref(struct vt_eval *e);

#endif
