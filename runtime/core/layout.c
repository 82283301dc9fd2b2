#include "layout.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCALAR "**SCALAR**"

/* ---- reading */

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

/* Where the names lie in the normal form. */
static bool index_axes(struct vt_layout *layout)
{
    const char *at = layout->text + 1, *end = layout->text + strlen(layout->text) - 1;

    layout->n = 0;
    layout->ellipsis = -1;
    while (at < end) {
        size_t n = strcspn(at, ",]");

        if (n == 3 && memcmp(at, "...", 3) == 0) {
            layout->ellipsis = layout->n;
        } else if (layout->n == VT_MAX_RANK) {
            return false;
        } else {
            layout->axis[layout->n].name = at;
            layout->axis[layout->n++].length = (int)n;
        }
        at += n + 1;
    }
    return true;
}

int vt_layout_parse(const char *text, struct vt_layout *layout, struct vt_error *err)
{
    const char *begin = text, *end;
    struct parser p = {0};
    bool ok = true;

    while (isspace((unsigned char)*begin)) {
        begin++;
    }
    end = begin + strlen(begin);
    while (end > begin && isspace((unsigned char)end[-1])) {
        end--;
    }
    *layout = (struct vt_layout){.ellipsis = -1};
    /* A letter becomes at most two bytes, and there are brackets, an ellipsis and the end. */
    p.out = malloc((size_t)(end - begin) * 2 + sizeof(SCALAR) + 8);
    if (!p.out) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    layout->text = p.out;
    if ((size_t)(end - begin) == strlen(SCALAR) && memcmp(begin, SCALAR, strlen(SCALAR)) == 0) {
        memcpy(p.out, SCALAR, sizeof(SCALAR));
    } else {
        ok = parse(&p, begin, end) && index_axes(layout);
    }
    if (!ok) {
        vt_layout_finish(layout);
        return vt_fail(err, VT_E_INVALID,
                       "'%.64s' is no layout; write one letter an axis (NCHW, N...C) or a list "
                       "([N,C,?,width]), each name once, at most %d of them",
                       text, VT_MAX_RANK);
    }
    return VT_OK;
}

int vt_layout_copy(const struct vt_layout *from, struct vt_layout *to, struct vt_error *err)
{
    *to = (struct vt_layout){.ellipsis = -1};
    return from->text ? vt_layout_parse(from->text, to, err) : VT_OK;
}

void vt_layout_finish(struct vt_layout *layout)
{
    free(layout->text);
    *layout = (struct vt_layout){.ellipsis = -1};
}

/* ---- asking */

bool vt_layout_fits(const struct vt_layout *layout, int rank)
{
    return layout->ellipsis < 0 ? layout->n == rank : layout->n <= rank;
}

/* Axis `i` of the layout's own list in a tensor of `rank` axes. */
static int place(const struct vt_layout *layout, int i, int rank)
{
    return layout->ellipsis < 0 || i < layout->ellipsis ? i : rank - (layout->n - i);
}

int vt_layout_find(const struct vt_layout *layout, const char *name, int rank)
{
    if (!layout->text || !vt_layout_fits(layout, rank)) {
        return -1;
    }
    for (int i = 0; i < layout->n; i++) {
        if ((size_t)layout->axis[i].length == strlen(name) &&
            memcmp(layout->axis[i].name, name, strlen(name)) == 0) {
            return place(layout, i, rank);
        }
    }
    return -1;
}

/* Which of the layout's own axes lies at `axis` of a tensor, -1: one under the ellipsis. */
static int entry_at(const struct vt_layout *layout, int axis, int rank)
{
    for (int i = 0; i < layout->n; i++) {
        if (place(layout, i, rank) == axis) {
            return i;
        }
    }
    return -1;
}

static int no_order(const struct vt_layout *from, const struct vt_layout *to, int rank, struct vt_error *err)
{
    return vt_fail(err, VT_E_INVALID,
                   "a tensor of %d axes with the layout %s cannot be brought into the layout %s: both must "
                   "name the same axes",
                   rank, from->text, to->text);
}

int vt_layout_order(const struct vt_layout *from, const struct vt_layout *to, int rank, int64_t *order,
                    struct vt_error *err)
{
    bool taken[VT_MAX_RANK] = {false};

    if (!vt_layout_fits(from, rank) || !vt_layout_fits(to, rank)) {
        return no_order(from, to, rank, err);
    }
    for (int j = 0; j < rank; j++) {
        int entry = entry_at(to, j, rank), length = entry < 0 ? 0 : to->axis[entry].length;
        char name[64] = "?";

        order[j] = -1;
        if (entry >= 0 && to->axis[entry].name[0] != '?') {
            snprintf(name, sizeof(name), "%.*s", length, to->axis[entry].name);
            order[j] = vt_layout_find(from, name, rank);
            if (order[j] < 0) {
                return no_order(from, to, rank, err);
            }
            taken[order[j]] = true;
        }
    }
    /* Axes without a name keep their order; one that has a name there must not lose it. */
    for (int j = 0, i = 0; j < rank; j++) {
        while (order[j] < 0 && i < rank && taken[i]) {
            i++;
        }
        if (order[j] < 0) {
            int entry = entry_at(from, i, rank);

            if (entry >= 0 && from->axis[entry].name[0] != '?') {
                return no_order(from, to, rank, err);
            }
            order[j] = i++;
        }
    }
    return VT_OK;
}

int vt_layout_extend(const struct vt_layout *from, const struct vt_layout *to, struct vt_layout *more,
                     int *added, struct vt_error *err)
{
    size_t size = strlen(from->text) + strlen(to->text) + 4, n = 1;
    char *text;
    int status;

    *added = 0;
    if (from->ellipsis >= 0 || to->ellipsis >= 0 || from->n >= to->n) {
        return vt_layout_copy(from, more, err);
    }
    text = malloc(size);
    if (!text) {
        *more = (struct vt_layout){.ellipsis = -1};
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    text[0] = '[';
    for (int i = 0; i < to->n; i++) {
        char name[64];

        snprintf(name, sizeof(name), "%.*s", to->axis[i].length, to->axis[i].name);
        if (name[0] != '?' && vt_layout_find(from, name, from->n) < 0) {
            n += (size_t)snprintf(text + n, size - n, "%s,", name);
            ++*added;
        }
    }
    snprintf(text + n, size - n, "%s", from->text + 1);
    status = vt_layout_parse(text, more, err);
    free(text);
    return status;
}
