/* Sequences and optionals. A sequence is a list of values while the model is translated, so positions and
 * numbers of parts have to be known then. */
#include "../onnx.h"

#include <string.h>

/* A sequence that has to be there. */
static const struct onnx_sequence *need_list(struct onnx_node *n, int input)
{
    const struct onnx_sequence *s = onnx_in_sequence(n, input);

    if (!onnx_status(n) && (!s || onnx_sequence_kind(s) != ONNX_LIST)) {
        onnx_fail(n, VT_E_TYPE, "input %d is no sequence", input);
        return NULL;
    }
    return s;
}

/* A position in a list of `length`, negative ones from the end; -1 after an error. */
static int position(struct onnx_node *n, int input, int length)
{
    int64_t count = 0;
    const int64_t *at = onnx_need_known(n, onnx_in(n, input), "position in the sequence", &count);

    if (!at || count != 1) {
        onnx_fail(n, VT_E_INVALID, "the position in the sequence has %lld elements", (long long)count);
        return -1;
    }
    if (*at < -length || *at >= length) {
        onnx_fail(n, VT_E_RANGE, "there is no element %lld in a sequence of %d", (long long)*at, length);
        return -1;
    }
    return (int)(*at < 0 ? *at + length : *at);
}

/* Elements of a sequence in an array with room for one more. */
static struct onnx_value *elements(struct onnx_node *n, const struct onnx_sequence *s, int *count)
{
    struct onnx_value *values;

    *count = s ? onnx_sequence_length(s) : 0;
    values = onnx_alloc(n, ((size_t)*count + 1) * sizeof(*values));
    for (int i = 0; values && i < *count; i++) {
        values[i] = onnx_sequence_at(s, i);
    }
    return values;
}

int onnx_sequence_empty(struct onnx_node *n)
{
    return onnx_out_sequence(n, 0, ONNX_LIST, NULL, 0);
}

int onnx_sequence_construct(struct onnx_node *n)
{
    int count = onnx_n_in(n);
    struct onnx_value *values = onnx_alloc(n, ((size_t)count + 1) * sizeof(*values));

    for (int i = 0; values && i < count; i++) {
        values[i] = onnx_in(n, i);
    }
    return onnx_out_sequence(n, 0, ONNX_LIST, values, values ? count : 0);
}

int onnx_sequence_at_op(struct onnx_node *n)
{
    const struct onnx_sequence *s = need_list(n, 0);
    int at = s ? position(n, 1, onnx_sequence_length(s)) : -1;

    return at < 0 ? onnx_status(n) : onnx_out(n, 0, onnx_sequence_at(s, at));
}

int onnx_sequence_length_op(struct onnx_node *n)
{
    const struct onnx_sequence *s = need_list(n, 0);

    return s ? onnx_out(n, 0, onnx_i64(n, onnx_sequence_length(s))) : onnx_status(n);
}

int onnx_sequence_insert(struct onnx_node *n)
{
    const struct onnx_sequence *s = need_list(n, 0);
    int count, at;
    struct onnx_value *values = elements(n, s, &count);

    at = count;
    if (values && onnx_has_in(n, 2)) {
        int64_t one = 0;
        const int64_t *to = onnx_need_known(n, onnx_in(n, 2), "position in the sequence", &one);

        /* Behind the last element is a place too. */
        at = to && one == 1 && *to == count ? count : position(n, 2, count);
    }
    if (!values || at < 0) {
        return onnx_status(n);
    }
    memmove(values + at + 1, values + at, (size_t)(count - at) * sizeof(*values));
    values[at] = onnx_in(n, 1);
    return onnx_out_sequence(n, 0, ONNX_LIST, values, count + 1);
}

int onnx_sequence_erase(struct onnx_node *n)
{
    const struct onnx_sequence *s = need_list(n, 0);
    int count, at;
    struct onnx_value *values = elements(n, s, &count);

    if (!values || onnx_status(n)) {
        return onnx_status(n);
    }
    if (!onnx_has_in(n, 1) && count == 0) {
        return onnx_fail(n, VT_E_RANGE, "there is no element to erase");
    }
    at = onnx_has_in(n, 1) ? position(n, 1, count) : count - 1;
    if (at < 0) {
        return onnx_status(n);
    }
    memmove(values + at, values + at + 1, (size_t)(count - at - 1) * sizeof(*values));
    return onnx_out_sequence(n, 0, ONNX_LIST, values, count - 1);
}

int onnx_concat_from_sequence(struct onnx_node *n)
{
    const struct onnx_sequence *s = need_list(n, 0);
    int64_t axis = onnx_attr_i(n, "axis", 0);
    int count;
    struct onnx_value *values = elements(n, s, &count);

    if (!onnx_status(n) && count == 0) {
        return onnx_fail(n, VT_E_INVALID, "the sequence is empty");
    }
    for (int i = 0; onnx_attr_i(n, "new_axis", 0) && i < count && values; i++) {
        values[i] = onnx_unsqueeze(n, values[i], &axis, 1);
    }
    return onnx_out(n, 0, onnx_concat(n, values, count, axis));
}

/* ---- SplitToSequence */

/* Lengths of parts of `each` elements, the last one what is left; absent after an error. */
static struct onnx_value equal_parts(struct onnx_node *n, int64_t total, int64_t each, int *parts)
{
    int64_t *lengths, count;

    if (total < 0) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: splitting an axis of open length into equal parts");
        return ONNX_ABSENT;
    }
    if (each < 1 || total / each > INT32_MAX / 2) {
        onnx_fail(n, VT_E_RANGE, "parts of %lld elements", (long long)each);
        return ONNX_ABSENT;
    }
    count = (total + each - 1) / each;
    lengths = onnx_alloc(n, ((size_t)count + 1) * sizeof(*lengths));
    for (int64_t i = 0; lengths && i < count; i++) {
        lengths[i] = i < count - 1 ? each : total - each * (count - 1);
    }
    *parts = (int)count;
    return lengths ? onnx_i64s(n, lengths, (int)count) : ONNX_ABSENT;
}

/* How many parts there are has to be known, the lengths do not. */
static struct onnx_value part_lengths(struct onnx_node *n, int64_t total, int *parts)
{
    struct onnx_value split;
    int64_t count = 0;
    const int64_t *each;

    if (!onnx_has_in(n, 1)) {
        return equal_parts(n, total, 1, parts);
    }
    split = onnx_in(n, 1);
    if (onnx_need_rank(n, split) == 0) {
        each = onnx_need_known(n, split, "length of the parts", &count);
        return each ? equal_parts(n, total, *each, parts) : ONNX_ABSENT;
    }
    count = onnx_dim(n, split, 0);
    if (count < 0 || count > INT32_MAX) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: splitting into an open number of parts");
        return ONNX_ABSENT;
    }
    *parts = (int)count;
    return onnx_convert(n, split, VT_I64);
}

int onnx_split_to_sequence(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), lengths, parts, *values;
    int64_t axis = onnx_axis(n, onnx_attr_i(n, "axis", 0), onnx_need_rank(n, x));
    bool keep = onnx_has_in(n, 1) || onnx_attr_i(n, "keepdims", 1);
    int count = 0;

    lengths = part_lengths(n, onnx_dim(n, x, (int)axis), &count);
    if (onnx_status(n) || !count) {
        return onnx_out_sequence(n, 0, ONNX_LIST, NULL, 0);
    }
    values = onnx_alloc(n, ((size_t)count + 1) * sizeof(*values));
    parts = onnx_op_outs(n, "VariadicSplit", 1, count, ONNX_IN(x, onnx_i64(n, axis), lengths), NULL);
    for (int i = 0; values && i < count; i++) {
        values[i] = onnx_port(parts, i);
        if (!keep) {
            values[i] = onnx_squeeze(n, values[i], &axis, 1);
        }
    }
    return onnx_out_sequence(n, 0, ONNX_LIST, values, values ? count : 0);
}

/* ---- optionals: a value, a sequence, or nothing */

static int pass_on(struct onnx_node *n)
{
    const struct onnx_sequence *s = onnx_in_sequence(n, 0);
    struct onnx_value *values;
    int count;

    if (!s) {
        return onnx_out(n, 0, onnx_in(n, 0));
    }
    values = elements(n, s, &count);
    return onnx_out_sequence(n, 0, onnx_sequence_kind(s), values, values ? count : 0);
}

int onnx_optional(struct onnx_node *n)
{
    return onnx_has_in(n, 0) ? pass_on(n) : onnx_out_sequence(n, 0, ONNX_NONE, NULL, 0);
}

int onnx_optional_has_element(struct onnx_node *n)
{
    const struct onnx_sequence *s = onnx_has_in(n, 0) ? onnx_in_sequence(n, 0) : NULL;
    bool there = onnx_has_in(n, 0) && (!s || onnx_sequence_kind(s) != ONNX_NONE);

    return onnx_out(n, 0, onnx_number(n, VT_BOOLEAN, there));
}

int onnx_optional_get_element(struct onnx_node *n)
{
    const struct onnx_sequence *s = onnx_in_sequence(n, 0);

    if (s && onnx_sequence_kind(s) == ONNX_NONE) {
        return onnx_fail(n, VT_E_INVALID, "the optional has no element");
    }
    return pass_on(n);
}
