#include "save_xml.h"

static void flush(struct vt_xml *x)
{
    if (!x->status && x->used) {
        x->status = x->sink->write(x->sink->user, x->buffer, x->used, x->err);
    }
    x->used = 0;
}

static void put(struct vt_xml *x, const char *text, size_t bytes)
{
    while (bytes && !x->status) {
        size_t room = sizeof(x->buffer) - x->used, n = bytes < room ? bytes : room;

        memcpy(x->buffer + x->used, text, n);
        x->used += n;
        text += n;
        bytes -= n;
        if (x->used == sizeof(x->buffer)) {
            flush(x);
        }
    }
}

static void puts_(struct vt_xml *x, const char *text)
{
    put(x, text, strlen(text));
}

static void new_line(struct vt_xml *x)
{
    static const char tabs[] = "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t";

    puts_(x, "\n");
    for (int left = x->depth; left > 0; left -= (int)sizeof(tabs) - 1) {
        put(x, tabs, left < (int)sizeof(tabs) - 1 ? (size_t)left : sizeof(tabs) - 1);
    }
}

static void close_tag(struct vt_xml *x)
{
    if (x->open) {
        puts_(x, ">");
        x->open = false;
    }
}

void vt_xml_begin(struct vt_xml *x, const char *name)
{
    close_tag(x);
    new_line(x);
    puts_(x, "<");
    puts_(x, name);
    x->open = true;
    x->depth++;
}

void vt_xml_end(struct vt_xml *x, const char *name)
{
    x->depth--;
    if (x->open) {
        puts_(x, " />");
        x->open = false;
        return;
    }
    new_line(x);
    puts_(x, "</");
    puts_(x, name);
    puts_(x, ">");
}

/* Bytes of the UTF-8 sequence at `p`, 0 when there is none. Overlong forms, surrogates and what lies beyond
 * U+10FFFF are none. */
static size_t sequence(const unsigned char *p, size_t n)
{
    size_t length = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;

    if (!length || length > n) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f)) {
        return 0;
    }
    return length;
}

static const char *escape(unsigned char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\t': return "&#9;";
    case '\n': return "&#10;";
    case '\r': return "&#13;";
    default: return NULL;
    }
}

static void refuse(struct vt_xml *x, const char *text, size_t bytes)
{
    if (!x->status) {
        x->status = vt_fail(x->err, VT_E_INVALID,
                            "the text \"%.*s\" cannot be written as XML: it is not UTF-8, or has control "
                            "characters",
                            (int)(bytes < 80 ? bytes : 80), text);
    }
}

void vt_xml_attr_begin(struct vt_xml *x, const char *name)
{
    puts_(x, " ");
    puts_(x, name);
    puts_(x, "=\"");
}

void vt_xml_attr_piece(struct vt_xml *x, const char *text, size_t bytes)
{
    size_t from = 0, at = 0;

    while (at < bytes) {
        const unsigned char *p = (const unsigned char *)text + at;
        const char *instead = escape(*p);
        size_t n = sequence(p, bytes - at);

        if (!n || (!instead && *p < 0x20) || (n == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe)) {
            refuse(x, text, bytes);
            return;
        }
        if (instead) {
            put(x, text + from, at - from);
            puts_(x, instead);
            from = at + 1;
        }
        at += n;
    }
    put(x, text + from, bytes - from);
}

void vt_xml_attr_end(struct vt_xml *x)
{
    puts_(x, "\"");
}

void vt_xml_attr(struct vt_xml *x, const char *name, const char *value)
{
    vt_xml_attr_begin(x, name);
    vt_xml_attr_piece(x, value, strlen(value));
    vt_xml_attr_end(x);
}

void vt_xml_attr_i64(struct vt_xml *x, const char *name, int64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    vt_xml_attr(x, name, text);
}

void vt_xml_leaf_i64(struct vt_xml *x, const char *name, int64_t value)
{
    char text[64];

    close_tag(x);
    new_line(x);
    snprintf(text, sizeof(text), "<%.20s>%lld</%.20s>", name, (long long)value, name);
    puts_(x, text);
}

int vt_xml_finish(struct vt_xml *x)
{
    puts_(x, "\n");
    flush(x);
    return x->status;
}
