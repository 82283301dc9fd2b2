/* Layouts: names of axes, "[N,C,H,W]", "NCHW", "[N,...,C]". */
#include "openvino/c/ov_layout.h"

#include "capi.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define SCALAR "**SCALAR**"

/* The normal form, "[N,C,H,W]". */
struct ov_layout {
    char text[1]; /* as long as it is */
};

struct parser {
    char *out;
    size_t n;
    int names, ellipses;
};

static void put(struct parser *p, const char *name, size_t length)
{
    if (p->names + p->ellipses) {
        p->out[p->n++] = ',';
    }
    memcpy(p->out + p->n, name, length);
    p->n += length;
}

/* Whether the name is in the output already. */
static bool repeated(const struct parser *p, const char *name, size_t length)
{
    const char *at = p->out + 1, *end = p->out + p->n;

    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t n = (size_t)((comma ? comma : end) - at);

        if (n == length && memcmp(at, name, n) == 0) {
            return true;
        }
        at += n + 1;
    }
    return false;
}

/* One axis: letters, digits and underscores, or "?". Long names of the usual axes become their letters. */
static bool put_name(struct parser *p, const char *name, size_t length)
{
    static const char *const usual[][2] = {{"batch", "N"}, {"channels", "C"}, {"channel", "C"},
                                           {"depth", "D"}, {"height", "H"},   {"width", "W"}};
    char upper[64];

    if (length == 0 || length >= sizeof(upper)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];

        if (c >= 128 || (!isalnum(c) && c != '_' && !(c == '?' && length == 1))) {
            return false;
        }
        upper[i] = (char)toupper(c);
    }
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (strlen(usual[i][0]) == length && strncasecmp(usual[i][0], name, length) == 0) {
            upper[0] = usual[i][1][0];
            length = 1;
        }
    }
    if (upper[0] != '?' && repeated(p, upper, length)) {
        return false;
    }
    put(p, upper, length);
    p->names++;
    return true;
}

static bool put_ellipsis(struct parser *p)
{
    if (p->ellipses) {
        return false;
    }
    put(p, "...", 3);
    p->ellipses = 1;
    return true;
}

static bool parse_list(struct parser *p, const char *text, const char *end)
{
    while (true) {
        const char *comma = memchr(text, ',', (size_t)(end - text)), *stop = comma ? comma : end,
                   *last = stop;
        bool ok;

        while (text < last && isspace((unsigned char)*text)) {
            text++;
        }
        while (last > text && isspace((unsigned char)last[-1])) {
            last--;
        }
        ok = last - text == 3 && memcmp(text, "...", 3) == 0 ? put_ellipsis(p)
                                                             : put_name(p, text, (size_t)(last - text));
        if (!ok) {
            return false;
        }
        if (!comma) {
            return true;
        }
        text = stop + 1;
    }
}

static bool parse_letters(struct parser *p, const char *text, const char *end)
{
    while (text < end) {
        if (end - text >= 3 && memcmp(text, "...", 3) == 0) {
            if (!put_ellipsis(p)) {
                return false;
            }
            text += 3;
        } else if (*text == '.' || !put_name(p, text++, 1)) {
            return false;
        }
    }
    return true;
}

static bool parse(struct parser *p, const char *text, const char *end)
{
    bool ok;

    p->out[p->n++] = '[';
    if (text == end) {
        ok = put_ellipsis(p);
    } else if (*text == '[') {
        ok = end - text > 2 && end[-1] == ']' && parse_list(p, text + 1, end - 1);
    } else {
        ok = parse_letters(p, text, end);
    }
    p->out[p->n++] = ']';
    p->out[p->n] = 0;
    return ok;
}

ov_status_e ov_layout_create(const char *layout_desc, ov_layout_t **layout)
{
    const char *begin = layout_desc, *end;
    struct parser p = {0};

    if (!layout_desc || !layout) {
        return INVALID_C_PARAM;
    }
    while (isspace((unsigned char)*begin)) {
        begin++;
    }
    end = begin + strlen(begin);
    while (end > begin && isspace((unsigned char)end[-1])) {
        end--;
    }
    /* A letter becomes at most two bytes, and there are brackets, an ellipsis and the end. */
    p.out = malloc((size_t)(end - begin) * 2 + sizeof(SCALAR) + 8);
    if (!p.out) {
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    if ((size_t)(end - begin) == strlen(SCALAR) && memcmp(begin, SCALAR, strlen(SCALAR)) == 0) {
        memcpy(p.out, SCALAR, sizeof(SCALAR));
    } else if (!parse(&p, begin, end)) {
        free(p.out);
        return vt_capi_fail(
            GENERAL_ERROR,
            "'%.64s' is no layout; write one letter an axis (NCHW, N...C) or a list ([N,C,?,width]), "
            "each name once",
            layout_desc);
    }
    *layout = (ov_layout_t *)(void *)p.out;
    return OK;
}

void ov_layout_free(ov_layout_t *layout)
{
    free(layout);
}

const char *ov_layout_to_string(const ov_layout_t *layout)
{
    return strdup(layout ? layout->text : "Error: null layout!");
}
