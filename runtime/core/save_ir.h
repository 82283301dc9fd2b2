/* Writing a graph as OpenVINO IR, version 11: a text that describes it, and the weights.
 *
 * Both go out in pieces, from front to back, to functions of the caller; no weight is copied as a whole.
 * Constants with equal bytes are written once. One of up to 255 bytes begins at a multiple of its element, a
 * larger one at a multiple of 64 (what OpenVINO writes has no gaps; it reads both). */
#ifndef VT_SAVE_IR_H
#define VT_SAVE_IR_H

#include "vt/graph.h"
#include "vt/status.h"

#include <stddef.h>

enum vt_save_flags {
    /* Constants of type f32 and f64 become f16 with a Convert behind them that is marked as decompression. As
     * OpenVINO does it: values out of range are clamped; a constant stays as it is when one of its values
     * moves by more than 1, or at least three quarters of them do not fit; a quantized model stays as it is.
     */
    VT_SAVE_F16 = 1 << 0,
};

/* Takes the next bytes; 0, or a negative status and a message. */
struct vt_save_sink {
    int (*write)(void *user, const void *data, size_t bytes, struct vt_error *err);
    void *user;
};

/* Write the text to `xml`, then the weights to `weights`. The graph is sorted and inferred. VT_E_UNSUPPORTED
 * for what the format cannot hold: operations of the internal opset, inputs left out before others, constant
 * strings. VT_E_INVALID for names that XML cannot hold. */
int vt_save_ir(const struct vt_graph *graph, unsigned flags, const struct vt_save_sink *xml,
               const struct vt_save_sink *weights, struct vt_error *err);

/* The same into two files, which appear under their names when both are complete; bin_path NULL: the name of
 * the text's with ".bin". VT_E_IO names the file and the system's reason; nothing is left behind then. Files
 * that the graph's own weights are mapped from may be replaced. */
int vt_save_ir_files(const struct vt_graph *graph, unsigned flags, const char *xml_path, const char *bin_path,
                     struct vt_error *err);

#endif
