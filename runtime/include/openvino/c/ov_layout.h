/* Layouts: what the dimensions of a tensor mean. */
#ifndef OPENVINO_C_OV_LAYOUT_H
#define OPENVINO_C_OV_LAYOUT_H

#include "openvino/c/ov_common.h"

typedef struct ov_layout ov_layout_t;

/* Parse a layout: one letter a dimension ("NCHW"; "?" for a dimension without meaning, "..." for any number
 * of them), or names in brackets ("[N,height,width,...]"). Case does not matter; batch, channel(s), depth,
 * height and width stand for N, C, D, H and W. "**SCALAR**" is the layout of a scalar, "" that of anything.
 * GENERAL_ERROR for a text that is no layout. */
OPENVINO_C_API(ov_status_e) ov_layout_create(const char *layout_desc, ov_layout_t **layout);

OPENVINO_C_API(void) ov_layout_free(ov_layout_t *layout);

/* "[N,C,H,W]", in capitals: a new string for ov_free(). */
OPENVINO_C_API(const char *) ov_layout_to_string(const ov_layout_t *layout);

#endif
