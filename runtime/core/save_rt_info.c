/* rt_info: what is known about nodes and models beyond what they compute. */
#include "save_impl.h"

#include <stdlib.h>

/* ---- nodes */

/* The layout is the port's, everything else the node's; a Result has no output to say it at. */
static bool is_ports(const struct vt_node *node, const struct vt_rt_info *item)
{
    return strcmp(item->name, "layout") == 0 && !vt_node_is(node, "Result");
}

static void write_item(struct vt_xml *x, const struct vt_rt_info *item)
{
    const char *tag = item->version ? "attribute" : "user_data";

    vt_xml_begin(x, tag);
    vt_xml_attr(x, "name", item->name);
    if (item->version) {
        vt_xml_attr(x, "version", item->version);
    }
    if (item->value && (*item->value || !item->version)) {
        vt_xml_attr(x, strcmp(item->name, "layout") == 0 ? "layout" : "value", item->value);
    }
    vt_xml_end(x, tag);
}

static bool is_decompression(const struct vt_rt_info *item)
{
    return strcmp(item->name, "decompression") == 0;
}

void vt_save_rt_info(struct vt_saver *s, const struct vt_node *node, bool port)
{
    bool begun = false;

    for (const struct vt_rt_info *item = node->rt_info; item; item = item->next) {
        if (is_ports(node, item) != port) {
            continue;
        }
        if (!begun) {
            vt_xml_begin(&s->xml, "rt_info");
            begun = true;
        }
        write_item(&s->xml, item);
    }
    if (begun) {
        vt_xml_end(&s->xml, "rt_info");
    }
}

void vt_save_decompression(struct vt_saver *s, const struct vt_node *node)
{
    static const struct vt_rt_info mark = {.name = "decompression", .version = "0", .value = ""};

    vt_xml_begin(&s->xml, "rt_info");
    write_item(&s->xml, &mark);
    for (const struct vt_rt_info *item = node->rt_info; item; item = item->next) {
        if (!is_decompression(item)) {
            write_item(&s->xml, item);
        }
    }
    vt_xml_end(&s->xml, "rt_info");
}

/* ---- models: paths with "/" between the parts become elements within elements */

/* Length of the first part of a path; "\/" is no end. */
static size_t part_length(const char *path)
{
    size_t n = 0;

    while (path[n] && path[n] != '/') {
        n += path[n] == '\\' && path[n + 1] ? 2 : 1;
    }
    return n;
}

/* Part by part, so that what shares parts comes together. */
static int compare_paths(const char *a, const char *b)
{
    for (;;) {
        size_t na = part_length(a), nb = part_length(b), n = na < nb ? na : nb;
        int order = memcmp(a, b, n);

        if (order || na != nb) {
            return order ? order : na < nb ? -1 : 1;
        }
        if (!a[na] || !b[nb]) {
            return (a[na] != 0) - (b[nb] != 0);
        }
        a += na + 1;
        b += nb + 1;
    }
}

static int compare_items(const void *a, const void *b)
{
    return compare_paths((*(const struct vt_rt_info *const *)a)->name,
                         (*(const struct vt_rt_info *const *)b)->name);
}

static bool is_element_name(const char *part, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool letter =
            (part[i] >= 'a' && part[i] <= 'z') || (part[i] >= 'A' && part[i] <= 'Z') || part[i] == '_';
        bool digit = (part[i] >= '0' && part[i] <= '9') || part[i] == '-' || part[i] == '.';

        if (!letter && (!i || !digit)) {
            return false;
        }
    }
    return n > 0 && n < 64 && !(n >= 3 && strncasecmp(part, "xml", 3) == 0);
}

/* Begin the element of one part; `name` gets what it is to be ended with. What is no name of an element is
 * written as <info name="...">. */
static void begin_part(struct vt_xml *x, const char *part, size_t n, char name[64])
{
    bool plain = is_element_name(part, n);

    snprintf(name, 64, "%.*s", plain ? (int)n : 4, plain ? part : "info");
    vt_xml_begin(x, name);
    if (plain) {
        return;
    }
    vt_xml_attr_begin(x, "name");
    for (size_t i = 0; i < n;) {
        size_t at = part[i] == '\\' && i + 1 < n ? i + 1 : i, end = at + 1;

        while (end < n && part[end] != '\\') {
            end++;
        }
        vt_xml_attr_piece(x, part + at, end - at);
        i = end;
    }
    vt_xml_attr_end(x);
}

/* Items first .. end - 1 share the parts in front of `skip`. Depth is bounded by the lengths of paths. */
static void write_level(struct vt_xml *x, const struct vt_rt_info *const *items, int n, size_t skip)
{
    for (int i = 0, end; i < n; i = end) {
        const char *part = items[i]->name + skip;
        size_t length = part_length(part);
        char name[64];

        end = i + 1;
        while (end < n && part_length(items[end]->name + skip) == length &&
               memcmp(items[end]->name + skip, part, length) == 0) {
            end++;
        }
        begin_part(x, part, length, name);
        if (part[length]) {
            write_level(x, items + i, end - i, skip + length + 1);
        } else {
            vt_xml_attr(x, "value", items[i]->value ? items[i]->value : "");
        }
        vt_xml_end(x, name);
    }
}

int vt_save_model_rt_info(struct vt_saver *s, const struct vt_graph *graph)
{
    const struct vt_rt_info **items;
    int n = 0;

    for (const struct vt_rt_info *item = graph->rt_info; item; item = item->next) {
        n++;
    }
    if (!n) {
        return VT_OK;
    }
    items = calloc((size_t)n, sizeof(*items));
    if (!items) {
        return vt_fail(s->err, VT_E_NOMEM, "out of memory saving model '%s'", graph->name);
    }
    n = 0;
    for (const struct vt_rt_info *item = graph->rt_info; item; item = item->next) {
        items[n++] = item;
    }
    qsort(items, (size_t)n, sizeof(*items), compare_items);
    vt_xml_begin(&s->xml, "rt_info");
    write_level(&s->xml, items, n, 0);
    vt_xml_end(&s->xml, "rt_info");
    free(items);
    return VT_OK;
}
