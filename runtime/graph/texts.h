/* Strings of constants and states: elements together with their texts. */
#ifndef VT_TEXTS_H
#define VT_TEXTS_H

#include "vt/status.h"
#include "vt/strings.h"

struct vt_blob;
struct vt_op_def;

/* The elements of `t` and behind them the texts that they view, all in one blob: its data is that of a tensor
 * with the same contents. NULL when out of memory. */
struct vt_blob *vt_strings_keep(const struct vt_tensor *t);

/* Bytes of the packed form; VT_E_RANGE when its numbers cannot hold them. */
int vt_strings_packed_bytes(const struct vt_tensor *t, size_t *bytes, struct vt_error *err);

/* Write the packed form, piece by piece. */
int vt_strings_pack(const struct vt_tensor *t, int (*write)(void *ctx, const void *data, size_t bytes),
                    void *ctx);

/* Whether the operation may have strings at an input: it only moves them, or says that it takes them. */
bool vt_op_takes_strings(const struct vt_op_def *op, int input);

#endif
