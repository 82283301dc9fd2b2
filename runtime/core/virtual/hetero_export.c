/* HETERO's blobs: how the parts are joined, then the blob of each part as its device wrote it.
 *
 * Numbers are little-endian. Each part's blob begins at a multiple of 64 bytes from the start. A hash of all
 * that is not a part's blob ends it: parts are checked by their own readers. */
#include "hetero.h"

#include "hash.h"
#include "vt/checked.h"

#include <stdlib.h>

#define FORMAT_VERSION 1
#define MAX_COUNT      65536 /* parts, edges, ports */

static const char magic[8] = "VTHETER";

/* ---- writing */

struct writer {
    int (*write)(void *ctx, const void *data, size_t bytes);
    void *ctx;
    uint64_t at, hash;
    int status;
};

static void put(struct writer *w, const void *data, size_t bytes)
{
    if (w->status == VT_OK && bytes) {
        w->status = w->write(w->ctx, data, bytes);
        w->at += bytes;
    }
}

static void put_hashed(struct writer *w, const void *data, size_t bytes)
{
    put(w, data, bytes);
    w->hash = vt_hash(data, bytes, w->hash);
}

static void put_number(struct writer *w, uint64_t value)
{
    unsigned char b[8];

    for (int i = 0; i < 8; i++) {
        b[i] = (unsigned char)(value >> 8 * i);
    }
    put_hashed(w, b, sizeof(b));
}

static void put_text(struct writer *w, const char *text)
{
    put_number(w, strlen(text));
    put_hashed(w, text, strlen(text));
}

static void put_wires(struct writer *w, const struct vt_wire *wires, int n)
{
    put_number(w, (uint64_t)n);
    for (int i = 0; i < n; i++) {
        put_number(w, (uint64_t)(int64_t)wires[i].port);
        put_number(w, (uint64_t)(int64_t)wires[i].edge);
    }
}

static void put_edge(struct writer *w, const struct vt_hetero_edge *e)
{
    put_number(w, (uint64_t)e->type);
    put_number(w, (uint64_t)(int64_t)e->shape.rank);
    for (int i = 0; i < e->shape.rank; i++) {
        put_number(w, (uint64_t)e->shape.dims[i].min);
        put_number(w, (uint64_t)e->shape.dims[i].max);
    }
}

static int count_bytes(void *ctx, const void *data, size_t bytes)
{
    (void)data;
    *(uint64_t *)ctx += bytes;
    return VT_OK;
}

static int put_bytes(void *ctx, const void *data, size_t bytes)
{
    struct writer *w = ctx;

    put(w, data, bytes);
    return w->status;
}

/* A part is written twice, first to learn its length: holding it in memory would double a large model. */
static int put_part(struct writer *w, struct vt_compiled *compiled, struct vt_error *err)
{
    static const unsigned char zeros[64];
    uint64_t bytes = 0, begin;
    int status = vt_compiled_export(compiled, count_bytes, &bytes, err);

    if (status) {
        return status;
    }
    put_number(w, bytes);
    put(w, zeros, (size_t)((64 - w->at % 64) % 64));
    begin = w->at;
    status = w->status ? w->status : vt_compiled_export(compiled, put_bytes, w, err);
    if (status == VT_OK && w->at - begin != bytes) {
        status = vt_fail(err, VT_E_INTERNAL, "device %s exports a model in two different lengths",
                         compiled->device);
    }
    return status;
}

int vt_hetero_export(void *compiled, int (*write)(void *ctx, const void *data, size_t bytes), void *ctx,
                     struct vt_error *err)
{
    struct vt_hetero *h = compiled;
    struct writer w = {.write = write, .ctx = ctx};
    int status = VT_OK;

    put_hashed(&w, magic, sizeof(magic));
    put_number(&w, FORMAT_VERSION);
    put_number(&w, (uint64_t)h->n_io[VT_INPUT]);
    put_number(&w, (uint64_t)h->n_io[VT_OUTPUT]);
    put_number(&w, (uint64_t)h->n_edges);
    for (int i = 0; i < h->n_edges; i++) {
        put_edge(&w, &h->edges[i]);
    }
    put_number(&w, (uint64_t)h->n_parts);
    for (int i = 0; i < h->n_parts && status == VT_OK; i++) {
        const struct vt_hetero_part *part = &h->parts[i];

        put_text(&w, h->members.items[part->member].name);
        put_wires(&w, part->in, part->n_in);
        put_wires(&w, part->out, part->n_out);
        status = w.status ? w.status : put_part(&w, part->compiled, err);
    }
    put_number(&w, w.hash);
    return status ? status : w.status;
}

/* ---- reading */

struct reader {
    const unsigned char *begin;
    uint64_t at, bytes, hash;
    bool bad;
};

static const unsigned char *take(struct reader *r, uint64_t bytes)
{
    const unsigned char *data = r->begin + r->at;

    if (r->bad || !vt_range_fits(r->at, bytes, r->bytes)) {
        r->bad = true;
        return NULL;
    }
    r->at += bytes;
    return data;
}

static const unsigned char *take_hashed(struct reader *r, uint64_t bytes)
{
    const unsigned char *data = take(r, bytes);

    r->hash = data ? vt_hash(data, (size_t)bytes, r->hash) : 0;
    return data;
}

static uint64_t get_number(struct reader *r)
{
    const unsigned char *b = take_hashed(r, 8);
    uint64_t value = 0;

    for (int i = 0; b && i < 8; i++) {
        value |= (uint64_t)b[i] << 8 * i;
    }
    return value;
}

static int get_count(struct reader *r)
{
    uint64_t n = get_number(r);

    r->bad |= n > MAX_COUNT;
    return r->bad ? 0 : (int)n;
}

static void get_name(struct reader *r, char name[VT_DEVICE_NAME])
{
    uint64_t n = get_number(r);
    const unsigned char *text = n < VT_DEVICE_NAME ? take_hashed(r, n) : NULL;

    r->bad |= !text;
    snprintf(name, VT_DEVICE_NAME, "%.*s", text ? (int)n : 0, text ? (const char *)text : "");
}

static void get_edge(struct reader *r, struct vt_hetero_edge *e)
{
    uint64_t type = get_number(r);
    int64_t rank = (int64_t)get_number(r);

    r->bad |= type >= VT_TYPE_COUNT || rank < -1 || rank > VT_MAX_RANK;
    if (r->bad) {
        return;
    }
    e->type = (enum vt_type)type;
    e->shape.rank = (int32_t)rank;
    for (int i = 0; i < e->shape.rank; i++) {
        e->shape.dims[i].min = (int64_t)get_number(r);
        e->shape.dims[i].max = (int64_t)get_number(r);
        r->bad |= e->shape.dims[i].min < 0 || e->shape.dims[i].max < -1;
    }
}

/* Every wire leads to a port of the model or an edge that exists. */
static struct vt_wire *get_wires(struct reader *r, const struct vt_hetero *h, int side, int *n)
{
    struct vt_wire *wires;

    *n = get_count(r);
    wires = calloc((size_t)*n + 1, sizeof(*wires));
    r->bad |= !wires;
    for (int i = 0; i < *n && !r->bad; i++) {
        int64_t port = (int64_t)get_number(r), edge = (int64_t)get_number(r);

        r->bad |= port < -1 || port >= h->n_io[side] || (port < 0 && (edge < 0 || edge >= h->n_edges));
        wires[i] = (struct vt_wire){.port = (int)port, .edge = port < 0 ? (int)edge : 0};
    }
    return wires;
}

static int damaged(struct vt_error *err)
{
    return vt_fail(err, VT_E_FORMAT, "the compiled model of HETERO is damaged or cut off");
}

static int find_member(const struct vt_hetero *h, const char *name, struct vt_error *err)
{
    for (int i = 0; i < h->members.n; i++) {
        if (strcmp(h->members.items[i].name, name) == 0) {
            return i;
        }
    }
    return vt_fail(err, VT_E_INVALID,
                   "a part of the model was compiled for %s, which is not among the devices", name);
}

/* The ports of a part are those that its wires were made for. */
static bool ports_fit(const struct vt_hetero_part *part)
{
    return part->compiled->n_io[VT_INPUT] == part->n_in && part->compiled->n_io[VT_OUTPUT] == part->n_out;
}

static int get_part(struct reader *r, struct vt_hetero *h, struct vt_hetero_part *part, struct vt_error *err)
{
    char name[VT_DEVICE_NAME];
    const unsigned char *blob;
    struct vt_member *member;
    uint64_t bytes;
    int status;

    get_name(r, name);
    part->in = get_wires(r, h, VT_INPUT, &part->n_in);
    part->out = get_wires(r, h, VT_OUTPUT, &part->n_out);
    bytes = get_number(r);
    take(r, (64 - r->at % 64) % 64);
    blob = take(r, bytes);
    if (r->bad) {
        return damaged(err);
    }
    part->member = find_member(h, name, err);
    if (part->member < 0) {
        return part->member;
    }
    member = &h->members.items[part->member];
    status = vt_member_import(member, blob, (size_t)bytes, &h->config.pass, &part->compiled, err);
    if (status == VT_OK && !ports_fit(part)) {
        status = damaged(err);
    }
    if (status == VT_OK && !member->compiled) {
        member->compiled = vt_compiled_ref(part->compiled);
        atomic_store(&member->state, VT_MEMBER_READY);
    }
    return status;
}

/* Each edge is written by one part before others read it. */
static bool edges_in_order(const struct vt_hetero *h)
{
    bool *written = calloc((size_t)h->n_edges + 1, sizeof(bool)), ok = written;

    for (int p = 0; p < h->n_parts && ok; p++) {
        const struct vt_hetero_part *part = &h->parts[p];

        for (int i = 0; i < part->n_in && ok; i++) {
            ok = part->in[i].port >= 0 || written[part->in[i].edge];
        }
        for (int i = 0; i < part->n_out && ok; i++) {
            if (part->out[i].port < 0) {
                ok = !written[part->out[i].edge];
                written[part->out[i].edge] = true;
            }
        }
    }
    free(written);
    return ok;
}

static int read_all(struct reader *r, struct vt_hetero *h, struct vt_error *err)
{
    const unsigned char *head = take_hashed(r, sizeof(magic));
    uint64_t hash;
    int n_parts, status = VT_OK;

    if (!head || memcmp(head, magic, sizeof(magic)) || get_number(r) != FORMAT_VERSION) {
        return vt_fail(err, VT_E_FORMAT, "the bytes are no compiled model of HETERO that this runtime reads");
    }
    h->n_io[VT_INPUT] = get_count(r);
    h->n_io[VT_OUTPUT] = get_count(r);
    h->n_edges = get_count(r);
    h->edges = calloc((size_t)h->n_edges + 1, sizeof(*h->edges));
    r->bad |= !h->edges;
    for (int i = 0; i < h->n_edges && !r->bad; i++) {
        get_edge(r, &h->edges[i]);
    }
    n_parts = get_count(r);
    h->parts = calloc((size_t)n_parts + 1, sizeof(*h->parts));
    if (r->bad || !h->parts || !n_parts) {
        return damaged(err);
    }
    for (int i = 0; i < n_parts && status == VT_OK; i++) {
        h->n_parts = i + 1;
        status = get_part(r, h, &h->parts[i], err);
    }
    hash = r->hash;
    if (status == VT_OK && (get_number(r) != hash || r->bad || !edges_in_order(h))) {
        status = damaged(err);
    }
    return status;
}

int vt_hetero_import(struct vt_virtual *v, const void *blob, size_t bytes, struct vt_members *members,
                     struct vt_virtual_config *config, void **compiled, struct vt_error *err)
{
    struct reader r = {.begin = blob, .bytes = bytes};
    struct vt_hetero *h = calloc(1, sizeof(*h));
    int status;

    if (!h) {
        vt_members_finish(members);
        vt_virtual_config_finish(config);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    h->plugin = v;
    h->members = *members;
    h->config = *config;
    status = read_all(&r, h, err);
    if (status) {
        vt_hetero_compiled_fns.destroy(h);
        return status;
    }
    *compiled = h;
    return VT_OK;
}
