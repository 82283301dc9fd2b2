#include "wire.h"

#include "vt/status.h"

static bool varint(struct onnx_wire *w, uint64_t *value)
{
    const uint8_t *p = w->p;

    *value = 0;
    for (unsigned shift = 0; shift < 70 && p < w->end; shift += 7) {
        uint8_t byte = *p++;

        *value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (byte < 0x80) {
            w->p = p;
            return true;
        }
    }
    return false;
}

static bool fixed(struct onnx_wire *w, size_t bytes, uint64_t *value)
{
    if ((size_t)(w->end - w->p) < bytes) {
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < bytes; i++) {
        *value |= (uint64_t)w->p[i] << 8 * i;
    }
    w->p += bytes;
    return true;
}

static bool number(struct onnx_wire *w, enum onnx_wire_kind kind, uint64_t *value)
{
    switch (kind) {
    case ONNX_VARINT: return varint(w, value);
    case ONNX_FIXED64: return fixed(w, 8, value);
    case ONNX_FIXED32: return fixed(w, 4, value);
    default: return false;
    }
}

int onnx_wire_next(struct onnx_wire *w, struct onnx_field *field)
{
    struct onnx_wire at = *w;
    uint64_t key, length;

    if (at.p == at.end) {
        return 0;
    }
    if (!varint(&at, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff) {
        return VT_E_FORMAT;
    }
    *field = (struct onnx_field){.number = (uint32_t)(key >> 3), .kind = (enum onnx_wire_kind)(key & 7)};
    if (field->kind != ONNX_BYTES) {
        if (!number(&at, field->kind, &field->value)) {
            return VT_E_FORMAT;
        }
    } else {
        if (!varint(&at, &length) || length > (uint64_t)(at.end - at.p)) {
            return VT_E_FORMAT;
        }
        field->bytes = (struct onnx_bytes){at.p, (size_t)length};
        at.p += length;
    }
    w->p = at.p;
    return 1;
}

struct onnx_numbers onnx_numbers(struct onnx_bytes message, uint32_t field, enum onnx_wire_kind kind)
{
    return (struct onnx_numbers){.message = onnx_wire(message), .number = field, .kind = kind};
}

int onnx_numbers_next(struct onnx_numbers *n, uint64_t *value)
{
    struct onnx_field field;
    int status;

    for (;;) {
        if (n->pack.p != n->pack.end) {
            return number(&n->pack, n->kind, value) ? 1 : VT_E_FORMAT;
        }
        status = onnx_wire_next(&n->message, &field);
        if (status <= 0) {
            return status;
        }
        if (field.number != n->number) {
            continue;
        }
        if (field.kind == n->kind) {
            *value = field.value;
            return 1;
        }
        if (field.kind != ONNX_BYTES) {
            return VT_E_FORMAT;
        }
        n->pack = onnx_wire(field.bytes);
    }
}

int64_t onnx_numbers_count(struct onnx_bytes message, uint32_t field, enum onnx_wire_kind kind)
{
    struct onnx_numbers n = onnx_numbers(message, field, kind);
    int64_t count = 0;
    uint64_t value;
    int status;

    while ((status = onnx_numbers_next(&n, &value)) > 0) {
        count++;
    }
    return status ? status : count;
}
