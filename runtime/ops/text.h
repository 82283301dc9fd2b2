#ifndef VT_OPS_TEXT_H
#define VT_OPS_TEXT_H

#include "vt/op.h"

int vt_string_concat_ref(struct vt_eval *e);
int vt_string_split_ref(struct vt_eval *e);
int vt_string_normalizer_ref(struct vt_eval *e);
int vt_regex_full_match_ref(struct vt_eval *e);

#endif
