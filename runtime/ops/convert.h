#ifndef VT_OP_CONVERT_H
#define VT_OP_CONVERT_H

#include "vt/op.h"

/* Convert and ConvertLike; ConvertPromoteTypes converts input i to output i.
 *
 * Between integers the low bits stay. A float goes to an integer by truncation; what does not fit i32 (i64
 * for u32 and 64-bit types) becomes its least value, and NaN too, of which narrower types keep the low bits.
 * To boolean: not zero. Integers go to floats through f32 unless the target is f64. */
int vt_convert_ref(struct vt_eval *e);

#endif
