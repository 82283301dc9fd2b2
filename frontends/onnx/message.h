/* Parts of messages, for the files that read them. Each answers VT_OK or a status, with the message in
 * m->err; `what` names the message that is read. */
#ifndef ONNX_MESSAGE_H
#define ONNX_MESSAGE_H

#include "model.h"

#include <string.h>

/* An error that names the byte `at`; when there is one already, that one and its code stay. */
int onnx_damaged(struct onnx_model *m, const uint8_t *at, const char *what);
int onnx_no_memory(struct onnx_model *m);

/* The field is of this kind. */
int onnx_want(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
              enum onnx_wire_kind kind, const char *what);

/* A text without zero bytes, copied to the arena. */
int onnx_take_text(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
                   const char *what, const char **text);
int onnx_take_int(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
                  const char *what, int64_t *value);

/* How often fields 0..29 occur in a message. */
int onnx_count_fields(struct onnx_model *m, struct onnx_bytes message, const char *what, int counts[30]);

/* Room for n elements in the arena; NULL when *status tells of a failure, or will. */
void *onnx_array(struct onnx_model *m, int n, size_t size, int *status);

/* A field of kind ONNX_FIXED32. */
static inline float onnx_float(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float f;

    memcpy(&f, &low, sizeof(f));
    return f;
}

/* All numbers of a repeated field, packed or not, in the arena. */
int onnx_take_ints(struct onnx_model *m, struct onnx_bytes message, uint32_t number, const char *what,
                   int64_t **values, int *n);
int onnx_take_floats(struct onnx_model *m, struct onnx_bytes message, uint32_t number, const char *what,
                     float **values, int *n);

/* ---- message_tensor.c */

int onnx_parse_tensor(struct onnx_model *m, struct onnx_bytes message, struct onnx_tensor *t);
int onnx_parse_sparse(struct onnx_model *m, struct onnx_bytes message, struct onnx_sparse *s);
/* An input or output: its name and type. */
int onnx_parse_info(struct onnx_model *m, struct onnx_bytes message, struct onnx_info *info);

#endif
