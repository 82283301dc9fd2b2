/* One element of a tensor of any type, by linear index: for references and shape values, where clarity beats
 * speed. Sub-byte integers are unpacked; floats are widened exactly; stores round to nearest even, integers
 * wrap. */
#ifndef VT_ELEMENT_H
#define VT_ELEMENT_H

#include "vt/tensor.h"

/* Integer or boolean. */
static inline bool vt_is_integral(enum vt_type type)
{
    return type != VT_DYNAMIC && type != VT_STRING && !vt_type_info(type)->is_float;
}

static inline bool vt_is_float(enum vt_type type)
{
    return vt_type_info(type)->is_float;
}

/* Floats truncate toward zero and saturate, NaN is 0. u64 above INT64_MAX wraps. */
int64_t vt_get_i64(const struct vt_tensor *t, int64_t index);
/* Wraps modulo the width; into a float type it converts; boolean is value != 0. */
void vt_set_i64(struct vt_tensor *t, int64_t index, int64_t value);

/* Strings have no number: 0, and setting one changes nothing. */
double vt_get_f64(const struct vt_tensor *t, int64_t index);
/* Into an integer type: truncates and saturates, NaN is 0; boolean is value != 0. */
void vt_set_f64(struct vt_tensor *t, int64_t index, double value);

/* Copy one element unchanged between tensors of the same type (of strings the view). */
void vt_move_element(struct vt_tensor *dst, int64_t to, const struct vt_tensor *src, int64_t from);

/* Row-major strides in elements. */
void vt_strides(const struct vt_tensor *t, int64_t *strides);

/* Step a multi-index through `dims` in row-major order; false after the last. Start with all zeros. */
static inline bool vt_next_index(int rank, const int64_t *dims, int64_t *index)
{
    for (int i = rank - 1; i >= 0; i--) {
        if (++index[i] < dims[i]) {
            return true;
        }
        index[i] = 0;
    }
    return false;
}

/* Linear index in a tensor `t` of the element that numpy's broadcasting puts at `index` of a shape of rank
 * `rank`. */
int64_t vt_broadcast_offset(const struct vt_tensor *t, int rank, const int64_t *index);

#endif
