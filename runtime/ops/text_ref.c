#include "text.h"

#include "auto_broadcast.h"
#include "regex.h"
#include "vt/checked.h"
#include "vt/strings.h"

int vt_string_concat_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    int64_t n = vt_tensor_count(dst);
    struct vt_walk w;

    vt_walk_init(&w, dst->rank, dst->dims, 2, e->in);
    for (int64_t i = 0; i < n; i++, vt_walk_next(&w)) {
        struct vt_string a = vt_string_get(&e->in[0], w.at[0]), b = vt_string_get(&e->in[1], w.at[1]);
        size_t length;
        char *text;

        if (!vt_add_size(a.length, b.length, &length)) {
            return vt_fail(e->err, VT_E_NOMEM, "a text without an end");
        }
        text = vt_eval_text(e, length);
        if (!text) {
            return VT_E_NOMEM;
        }
        if (a.length) {
            memcpy(text, a.text, a.length);
        }
        if (b.length) {
            memcpy(text + a.length, b.text, b.length);
        }
        vt_string_set(dst, i, text, length);
    }
    return VT_OK;
}

/* ---- StringSplit */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next part of what is left; false when there is none. Without a delimiter white space divides. */
static bool next_part(struct vt_string *left, struct vt_string by, bool last, bool *done,
                      struct vt_string *part)
{
    size_t i = 0;

    if (*done) {
        return false;
    }
    if (!by.length) {
        while (left->length && is_space(left->text[0])) {
            left->text++, left->length--;
        }
        for (size_t end = left->length; last && end && is_space(left->text[end - 1]); end--) {
            left->length--;
        }
        while (i < left->length && (last || !is_space(left->text[i]))) {
            i++;
        }
        *part = (struct vt_string){.text = left->text, .length = i};
        left->text += i, left->length -= i;
        return i > 0;
    }
    while (i + by.length <= left->length && (last || memcmp(left->text + i, by.text, by.length) != 0)) {
        i++;
    }
    if (last || i + by.length > left->length) {
        *part = *left;
        *done = true;
        return true;
    }
    *part = (struct vt_string){.text = left->text, .length = i};
    left->text += i + by.length, left->length -= i + by.length;
    return true;
}

/* Go through the parts of a text; those below `room` go to dst from `at` on. Returns how many there are. */
static int64_t split(struct vt_string text, struct vt_string by, int64_t most, struct vt_tensor *dst,
                     int64_t at, int64_t room)
{
    struct vt_string part;
    bool done = false;
    int64_t n = 0;

    while (next_part(&text, by, most >= 0 && n == most, &done, &part)) {
        if (n < room) {
            vt_string_set(dst, at + n, part.text, part.length);
        }
        n++;
    }
    for (int64_t i = n; i < room; i++) {
        vt_string_set(dst, at + i, NULL, 0);
    }
    return n;
}

int vt_string_split_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_string by = vt_string_get(&e->in[1], 0);
    int64_t n = vt_tensor_count(src), most = vt_attr_i64(e->node, "maxsplit"), longest = 0;
    int64_t dims[VT_MAX_RANK], *counts;
    int status = vt_eval_output(e, 1, VT_I64, src->rank, src->dims);

    counts = status ? NULL : e->out[1].data;
    for (int64_t i = 0; i < n && status == VT_OK; i++) {
        int64_t parts = split(vt_string_get(src, i), by, most, NULL, 0, 0);

        memcpy(counts + i, &parts, sizeof(parts));
        longest = parts > longest ? parts : longest;
    }
    memcpy(dims, src->dims, sizeof(dims));
    dims[src->rank] = longest;
    status = status ? status : vt_eval_output(e, 0, VT_STRING, src->rank + 1, dims);
    for (int64_t i = 0; i < n && status == VT_OK; i++) {
        split(vt_string_get(src, i), by, most, &e->out[0], i * longest, longest);
    }
    return status;
}

/* ---- StringNormalizer */

/* Latin, Greek and Cyrillic letters whose cases lie apart by a rule; others have one case here. */
static unsigned change_case(unsigned c, bool upper)
{
    static const struct {
        unsigned first, last, apart;
    } ranges[] = {{'A', 'Z', 32},     {0xc0, 0xd6, 32},   {0xd8, 0xde, 32},   {0x391, 0x3a1, 32},
                  {0x3a3, 0x3ab, 32}, {0x410, 0x42f, 32}, {0x400, 0x40f, 80}, {0x531, 0x556, 48}};
    static const struct {
        unsigned first, last; /* upper and lower case in turn */
    } pairs[] = {{0x100, 0x12f}, {0x132, 0x137},   {0x139, 0x148},  {0x14a, 0x177}, {0x179, 0x17e},
                 {0x1cd, 0x1dc}, {0x1de, 0x1ef},   {0x1f8, 0x21f},  {0x460, 0x481}, {0x48a, 0x4bf},
                 {0x4d0, 0x52f}, {0x1e00, 0x1e95}, {0x1ea0, 0x1eff}};

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        unsigned shift = upper ? ranges[i].apart : 0;

        if (c >= ranges[i].first + shift && c <= ranges[i].last + shift) {
            return upper ? c - shift : c + ranges[i].apart;
        }
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (c >= pairs[i].first && c <= pairs[i].last) {
            bool is_upper = (c - pairs[i].first) % 2 == 0;

            return is_upper == upper ? c : upper ? c - 1 : c + 1;
        }
    }
    return c;
}

/* The text in another case, of as many bytes: all that changes keeps its length in UTF-8. */
static void write_case(struct vt_string s, bool upper, char *dst)
{
    for (size_t at = 0; at < s.length;) {
        size_t from = at;
        unsigned c = vt_utf8_next(s.text, s.length, &at), now = change_case(c, upper);
        size_t bytes = at - from;

        memcpy(dst + from, s.text + from, bytes);
        if (now == c || (bytes == 1 && c >= 128)) {
            continue;
        }
        for (size_t i = bytes; i-- > 1; now >>= 6) {
            dst[from + i] = (char)(0x80 | (now & 63));
        }
        dst[from] = (char)(bytes == 1 ? now : bytes == 2 ? 0xc0 | now : 0xe0 | now);
    }
}

static int in_case(struct vt_eval *e, struct vt_string *s, bool upper)
{
    char *text = vt_eval_text(e, s->length);

    if (!text) {
        return VT_E_NOMEM;
    }
    write_case(*s, upper, text);
    s->text = text;
    return VT_OK;
}

/* Whether a text is among those of `words`; all lower case where case does not count. */
static int is_stop_word(struct vt_eval *e, struct vt_string s, const struct vt_tensor *words, bool sensitive,
                        bool *stop)
{
    int status = sensitive ? VT_OK : in_case(e, &s, false);

    *stop = false;
    for (int64_t i = 0; i < vt_tensor_count(words) && status == VT_OK; i++) {
        struct vt_string word = vt_string_get(words, i);

        if (word.length != s.length) {
            continue;
        }
        status = sensitive ? VT_OK : in_case(e, &word, false);
        *stop |= status == VT_OK && vt_string_equal(s, word);
    }
    return status;
}

int vt_string_normalizer_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    bool sensitive = vt_attr_i64(e->node, "case_sensitive") != 0, stop;
    bool lower = vt_attr_is(e->node, "case_change", "lower"),
         upper = vt_attr_is(e->node, "case_change", "upper");
    int64_t n = vt_tensor_count(src), kept = 0, dims[2] = {1, 1}, at = 0;
    int status = VT_OK;

    for (int64_t i = 0; i < n && status == VT_OK; i++) {
        status = is_stop_word(e, vt_string_get(src, i), &e->in[1], sensitive, &stop);
        kept += status == VT_OK && !stop;
    }
    dims[src->rank - 1] = kept ? kept : 1;
    status = status ? status : vt_eval_output(e, 0, VT_STRING, src->rank, dims);
    if (status == VT_OK && !kept) {
        vt_string_set(&e->out[0], 0, NULL, 0);
    }
    for (int64_t i = 0; i < n && status == VT_OK; i++) {
        struct vt_string s = vt_string_get(src, i);

        status = is_stop_word(e, s, &e->in[1], sensitive, &stop);
        if (status == VT_OK && !stop) {
            status = lower || upper ? in_case(e, &s, upper) : VT_OK;
            vt_string_set(&e->out[0], at++, s.text, s.length);
        }
    }
    return status;
}

/* ---- RegexFullMatch */

int vt_regex_full_match_ref(struct vt_eval *e)
{
    struct vt_string pattern = vt_string_get(&e->in[1], 0);
    int64_t n = vt_tensor_count(&e->in[0]);
    struct vt_regex *regex = NULL;
    int status = vt_regex_compile(pattern.text, pattern.length, &regex, e->err);

    for (int64_t i = 0; i < n && status == VT_OK; i++) {
        struct vt_string s = vt_string_get(&e->in[0], i);

        ((uint8_t *)e->out[0].data)[i] = vt_regex_matches(regex, s.text, s.length);
    }
    vt_regex_destroy(regex);
    return status;
}
