/* Protobuf's wire format, read in place. A message is a run of bytes; nothing is copied and nothing outside
 * of the given bytes is looked at, whatever they hold. Format:
 * https://protobuf.dev/programming-guides/encoding/ */
#ifndef ONNX_WIRE_H
#define ONNX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* p NULL: absent. */
struct onnx_bytes {
    const uint8_t *p;
    size_t n;
};

enum onnx_wire_kind { ONNX_VARINT = 0, ONNX_FIXED64 = 1, ONNX_BYTES = 2, ONNX_FIXED32 = 5 };

struct onnx_wire {
    const uint8_t *p, *end;
};

struct onnx_field {
    uint32_t number;
    enum onnx_wire_kind kind;
    uint64_t value;          /* all kinds but ONNX_BYTES */
    struct onnx_bytes bytes; /* ONNX_BYTES */
};

static inline struct onnx_wire onnx_wire(struct onnx_bytes message)
{
    return (struct onnx_wire){message.p, message.n ? message.p + message.n : message.p};
}

/* The next field: 1, 0 at the end of the message, VT_E_FORMAT for what is no field (w->p stays at it).
 * Groups, which ONNX has none of, are no fields. */
int onnx_wire_next(struct onnx_wire *w, struct onnx_field *field);

/* The numbers of a repeated field, packed or one by one, in order. */
struct onnx_numbers {
    struct onnx_wire message, pack;
    uint32_t number;
    enum onnx_wire_kind kind;
};

struct onnx_numbers onnx_numbers(struct onnx_bytes message, uint32_t number, enum onnx_wire_kind kind);

/* 1 and the number's bits, 0 at the end, VT_E_FORMAT. */
int onnx_numbers_next(struct onnx_numbers *numbers, uint64_t *value);

/* How many there are, or VT_E_FORMAT. */
int64_t onnx_numbers_count(struct onnx_bytes message, uint32_t number, enum onnx_wire_kind kind);

#endif
