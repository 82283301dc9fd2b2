/* The constants of a model and its sub-graphs, in the order in which their layers are written: each gets its
 * place, equal ones share it. */
#include "save_impl.h"

#include "hash.h"
#include "texts.h"

#include <stdlib.h>

#define WIDE_FROM  256 /* bytes from which a constant is aligned for any vector */
#define WIDE_ALIGN 64

static int add_constant(struct vt_saver *s, const struct vt_node *node, bool exact)
{
    struct vt_saved *c;
    size_t packed;

    if (s->n_constants == s->cap_constants) {
        int cap = s->cap_constants ? 2 * s->cap_constants : 64;
        struct vt_saved *wider = reallocarray(s->constants, (size_t)cap, sizeof(*wider));

        if (!wider) {
            return vt_fail(s->err, VT_E_NOMEM, "out of memory for %d constants", cap);
        }
        s->constants = wider;
        s->cap_constants = cap;
    }
    if (node->constant.type == VT_STRING && vt_strings_packed_bytes(&node->constant, &packed, s->err)) {
        return vt_context(s->err, "constant '%s': ", node->name);
    }
    c = &s->constants[s->n_constants++];
    *c = (struct vt_saved){.node = node};
    c->f16 = (s->flags & VT_SAVE_F16) && !exact && vt_save_f16_fits(&node->constant);
    /* OpenVINO wants at least a byte for each constant. */
    c->size = c->f16 ? (uint64_t)vt_tensor_count(&node->constant) * 2
                     : (node->constant.bytes ? node->constant.bytes : 1);
    c->size = node->constant.type == VT_STRING ? packed : c->size;
    return VT_OK;
}

static int collect(struct vt_saver *s, const struct vt_graph *graph)
{
    struct vt_save_net net;
    int status = vt_save_order(&net, s, graph);

    if (status) {
        return status;
    }
    /* This order is dropped before layers are written: the array is free to use. */
    if (s->flags & VT_SAVE_F16) {
        vt_save_f16_mark_exact(graph, net.compressed);
    }
    for (int i = 0; i < net.n && !status; i++) {
        const struct vt_node *node = net.order[i];

        if (vt_node_is(node, "Constant")) {
            status = add_constant(s, node, net.compressed[node->index]);
        }
        for (int b = 0; b < node->n_bodies && !status; b++) {
            status = collect(s, node->bodies[b].graph);
        }
    }
    vt_save_order_finish(&net);
    return status;
}

/* ---- equal constants */

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* Constants of different kinds are written differently, however equal their bytes are. */
static int kind(const struct vt_saved *c)
{
    return c->f16 || c->node->constant.type == VT_STRING ? (int)c->node->constant.type : -1;
}

static int compare_sizes(const void *pa, const void *pb)
{
    const struct vt_saved *a = *(struct vt_saved *const *)pa, *b = *(struct vt_saved *const *)pb;
    int order = ORDER(a->node->constant.bytes, b->node->constant.bytes);

    order = order ? order : ORDER(kind(a), kind(b));
    return order ? order : ORDER(a, b);
}

static int compare_hashes(const void *pa, const void *pb)
{
    const struct vt_saved *a = *(struct vt_saved *const *)pa, *b = *(struct vt_saved *const *)pb;
    int order = ORDER(a->hash, b->hash);

    return order ? order : ORDER(a, b);
}

static bool equal(const struct vt_saved *a, const struct vt_saved *b)
{
    const struct vt_tensor *ta = &a->node->constant, *tb = &b->node->constant;

    return a->hash == b->hash && (ta->data == tb->data || memcmp(ta->data, tb->data, ta->bytes) == 0);
}

/* A group of one size and kind, in the order of the file. */
static void share_group(struct vt_saved **group, int n)
{
    for (int i = 0; i < n && n > 1; i++) {
        const struct vt_tensor *t = &group[i]->node->constant;

        group[i]->hash = vt_hash(t->data, t->bytes, 0);
    }
    qsort(group, (size_t)n, sizeof(*group), compare_hashes);
    for (int i = 1; i < n; i++) {
        for (int k = i - 1; k >= 0 && group[k]->hash == group[i]->hash && !group[i]->same; k--) {
            if (equal(group[k], group[i])) {
                group[i]->same = group[k]->same ? group[k]->same : group[k];
            }
        }
    }
}

static int share(struct vt_saver *s)
{
    struct vt_saved **all = calloc((size_t)s->n_constants + 1, sizeof(struct vt_saved *));

    if (!all) {
        return vt_fail(s->err, VT_E_NOMEM, "out of memory for %d constants", s->n_constants);
    }
    for (int i = 0; i < s->n_constants; i++) {
        all[i] = &s->constants[i];
    }
    qsort(all, (size_t)s->n_constants, sizeof(*all), compare_sizes);
    for (int i = 0, end; i < s->n_constants; i = end) {
        for (end = i + 1; end < s->n_constants; end++) {
            if (all[end]->node->constant.bytes != all[i]->node->constant.bytes ||
                kind(all[end]) != kind(all[i])) {
                break;
            }
        }
        share_group(all + i, end - i);
    }
    free(all);
    return VT_OK;
}

/* ---- places */

static uint64_t alignment(const struct vt_saved *c)
{
    unsigned bits = c->f16 ? 16 : vt_type_info(c->node->constant.type)->bits;

    if (c->node->constant.type == VT_STRING) {
        return sizeof(int32_t);
    }
    return c->size >= WIDE_FROM ? WIDE_ALIGN : bits > 8 && c->node->constant.bytes ? bits / 8 : 1;
}

static uint64_t align_up(uint64_t at, uint64_t to)
{
    return (at + to - 1) / to * to;
}

int vt_save_plan_weights(struct vt_saver *s, const struct vt_graph *graph)
{
    uint64_t at = 0;
    int status = collect(s, graph);

    status = status ? status : share(s);
    for (int i = 0; i < s->n_constants && !status; i++) {
        struct vt_saved *c = &s->constants[i];

        if (c->same) {
            c->offset = c->same->offset;
            continue;
        }
        c->offset = align_up(at, alignment(c));
        if (__builtin_add_overflow(c->offset, c->size, &at) || at > INT64_MAX / 2) {
            status = vt_fail(s->err, VT_E_RANGE, "the weights of model '%s' are too large for a file",
                             graph->name);
        }
    }
    return status;
}

/* ---- writing */

static int write_f16(const struct vt_saved *c, const struct vt_save_sink *sink, struct vt_error *err)
{
    const struct vt_tensor *t = &c->node->constant;
    int64_t n = vt_tensor_count(t);
    uint16_t part[4096];
    int status = VT_OK, step = sizeof(part) / sizeof(part[0]);

    for (int64_t i = 0; i < n && !status; i += step) {
        int k = n - i < step ? (int)(n - i) : step;

        vt_save_f16_convert(t, i, k, part);
        status = sink->write(sink->user, part, (size_t)k * sizeof(part[0]), err);
    }
    return status;
}

struct piece_sink {
    const struct vt_save_sink *sink;
    struct vt_error *err;
};

static int write_piece(void *ctx, const void *data, size_t bytes)
{
    struct piece_sink *p = ctx;

    return p->sink->write(p->sink->user, data, bytes, p->err);
}

int vt_save_weights(struct vt_saver *s, const struct vt_save_sink *sink)
{
    static const char zeros[WIDE_ALIGN];
    uint64_t at = 0;
    int status = VT_OK;

    for (int i = 0; i < s->n_constants && !status; i++) {
        const struct vt_saved *c = &s->constants[i];

        if (c->same) {
            continue;
        }
        if (c->offset > at) {
            status = sink->write(sink->user, zeros, (size_t)(c->offset - at), s->err);
        }
        if (!status && c->f16) {
            status = write_f16(c, sink, s->err);
        } else if (!status && c->node->constant.type == VT_STRING) {
            status = vt_strings_pack(&c->node->constant, write_piece, &(struct piece_sink){sink, s->err});
        } else if (!status) {
            const struct vt_tensor *t = &c->node->constant;

            status = sink->write(sink->user, t->bytes ? t->data : zeros, (size_t)c->size, s->err);
        }
        at = c->offset + c->size;
    }
    return status;
}
