/* Tensors of strings.
 *
 * At the C API's border an element owns its text, laid out like libstdc++'s std::string: `text` points to
 * `small` when the string is shorter than 16 bytes, else to memory from malloc. Everywhere inside (constants,
 * inputs as a plugin sees them, intermediate results, outputs that a plugin writes) an element views a text
 * that somebody else owns, and is copied and dropped like a number: no operation that moves elements needs to
 * know of strings. The texts belong to the input tensors, to constants, to variable states, or, when an
 * operation makes them (vt_eval_text), to the inference: they live until the request's next one begins. The
 * core copies what an inference yields to elements that own it. */
#ifndef VT_STRINGS_H
#define VT_STRINGS_H

#include "vt/tensor.h"

#include <string.h>

/* Element `i`, which may lie unaligned: a view. */
static inline struct vt_string vt_string_get(const struct vt_tensor *t, int64_t i)
{
    struct vt_string s;

    memcpy(&s, (const char *)t->data + (size_t)i * sizeof(s), sizeof(s));
    return s;
}

/* Let element `i` view `length` bytes. */
static inline void vt_string_set(struct vt_tensor *t, int64_t i, const char *text, size_t length)
{
    struct vt_string s = {.text = (char *)(uintptr_t)text, .length = length};

    memcpy((char *)t->data + (size_t)i * sizeof(s), &s, sizeof(s));
}

static inline bool vt_string_equal(struct vt_string a, struct vt_string b)
{
    return a.length == b.length && (!a.length || !memcmp(a.text, b.text, a.length));
}

/* The packed form, in which files keep constants: little-endian 32-bit numbers (the number n of strings, the
 * begin of the first, the ends of all), then the texts one after another; begins and ends count from the
 * first text. False when the bytes are no such form of as many strings as the tensor has elements; else the
 * elements view them. */
static inline bool vt_strings_unpack(struct vt_tensor *t, const void *packed, size_t bytes)
{
    uint64_t n = (uint64_t)vt_tensor_count(t), head;
    const char *p = packed;
    uint32_t begin, end, count;

    if (!n) {
        return true;
    }
    if (bytes < 8 || n > (bytes - 8) / 4) {
        return false;
    }
    head = 8 + 4 * n;
    memcpy(&count, p, sizeof(count));
    memcpy(&begin, p + 4, sizeof(begin));
    if (count != n || begin) {
        return false;
    }
    for (uint64_t i = 0; i < n; i++, begin = end) {
        memcpy(&end, p + 8 + 4 * i, sizeof(end));
        if (end < begin || end > bytes - head) {
            return false;
        }
        vt_string_set(t, (int64_t)i, p + head + begin, end - begin);
    }
    return true;
}

#endif
