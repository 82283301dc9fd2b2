#include "exported.h"

#include "build_id.h"
#include "hash.h"
#include "host.h"
#include "module.h"

#include <stdlib.h>

#define FORMAT_VERSION 2
#define PROLOGUE       24 /* magic, version, size, hash */
#define MAX_PORTS      65536
#define MAX_NAMES      4096
#define PAGE           4096 /* the plugin's part begins on one */

static const char magic[8] = "VTMODEL";

/* ---- writing */

struct writer {
    unsigned char *data;
    size_t n, capacity;
    bool failed;
};

static void put(struct writer *w, const void *data, size_t n)
{
    if (w->n + n > w->capacity && !w->failed) {
        size_t capacity = 2 * (w->n + n);
        unsigned char *wider = realloc(w->data, capacity);

        w->failed = !wider;
        w->data = wider ? wider : w->data;
        w->capacity = wider ? capacity : w->capacity;
    }
    if (!w->failed && n) {
        memcpy(w->data + w->n, data, n);
        w->n += n;
    }
}

static void put_number(struct writer *w, uint64_t value, int bytes)
{
    unsigned char b[8];

    for (int i = 0; i < bytes; i++) {
        b[i] = (unsigned char)(value >> 8 * i);
    }
    put(w, b, (size_t)bytes);
}

static void put_text(struct writer *w, const char *text)
{
    size_t n = strlen(text);

    put_number(w, n, 4);
    put(w, text, n);
}

static void put_port(struct writer *w, const struct vt_io *io)
{
    put_text(w, io->node_name);
    put_number(w, (uint64_t)io->n_names, 4);
    for (int i = 0; i < io->n_names; i++) {
        put_text(w, io->names[i]);
    }
    put_number(w, (uint64_t)io->type, 4);
    put_number(w, (uint64_t)(int64_t)io->shape.rank, 4);
    for (int i = 0; i < io->shape.rank; i++) {
        put_number(w, (uint64_t)io->shape.dims[i].min, 8);
        put_number(w, (uint64_t)io->shape.dims[i].max, 8);
    }
}

static const char *plugin_version(const struct vt_plugin *plugin)
{
    return VT_TABLE_HAS(plugin, version) ? plugin->version : "";
}

uint64_t vt_exported_build(const struct vt_plugin *plugin)
{
    uint64_t runtime = vt_build_id((const void *)(uintptr_t)vt_runtime_version);

    return vt_hash_u64(vt_build_id(plugin), runtime);
}

/* The fields behind the prologue. */
static void put_head(struct writer *w, const struct vt_compiled *compiled)
{
    static const unsigned char zeros[PAGE];

    put_text(w, vt_runtime_version());
    put_text(w, compiled->module->fns->name);
    put_text(w, plugin_version(compiled->module->fns));
    put_number(w, vt_exported_build(compiled->module->fns), 8);
    put_text(w, compiled->name);
    for (int side = 0; side < 2; side++) {
        put_number(w, (uint64_t)compiled->n_io[side], 4);
        for (int i = 0; i < compiled->n_io[side]; i++) {
            put_port(w, &compiled->io[side][i]);
        }
    }
    put(w, zeros, (PAGE - (w->n + PROLOGUE) % PAGE) % PAGE);
}

static int export(struct vt_compiled *compiled, bool small,
                  int (*write)(void *ctx, const void *data, size_t bytes), void *ctx, struct vt_error *err)
{
    if (small && VT_TABLE_HAS(compiled->fns, export_small)) {
        return compiled->fns->export_small(compiled->impl, write, ctx, err);
    }
    return compiled->fns->export(compiled->impl, write, ctx, err);
}

int vt_compiled_export(struct vt_compiled *compiled, int (*write)(void *ctx, const void *data, size_t bytes),
                       void *ctx, struct vt_error *err)
{
    return vt_exported_write(compiled, false, write, ctx, err);
}

int vt_exported_write(struct vt_compiled *compiled, bool small,
                      int (*write)(void *ctx, const void *data, size_t bytes), void *ctx,
                      struct vt_error *err)
{
    struct writer head = {0}, prologue = {0};
    int status = VT_OK;

    if (!VT_TABLE_HAS(compiled->fns, export)) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: export of a model compiled for %s",
                       compiled->device);
    }
    put_head(&head, compiled);
    put(&prologue, magic, sizeof(magic));
    put_number(&prologue, FORMAT_VERSION, 4);
    put_number(&prologue, head.n + PROLOGUE, 4);
    put_number(&prologue, head.failed ? 0 : vt_hash(head.data, head.n, 0), 8);
    if (head.failed || prologue.failed) {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    status = status ? status : write(ctx, prologue.data, prologue.n);
    status = status ? status : write(ctx, head.data, head.n);
    status = status ? status : export(compiled, small, write, ctx, err);
    free(head.data);
    free(prologue.data);
    return status ? vt_fail(err, status, "the compiled model cannot be written") : VT_OK;
}

/* ---- reading */

bool vt_exported_possible(const struct vt_plugin *plugin)
{
    return VT_TABLE_HAS(plugin, import_blob) || VT_TABLE_HAS(plugin, import);
}

struct reader {
    const unsigned char *at, *end;
    struct vt_arena arena;
    bool bad;
};

static uint64_t get_number(struct reader *r, int bytes)
{
    uint64_t value = 0;

    if (r->end - r->at < bytes) {
        r->bad = true;
        return 0;
    }
    for (int i = 0; i < bytes; i++) {
        value |= (uint64_t)r->at[i] << 8 * i;
    }
    r->at += bytes;
    return value;
}

/* Never NULL. */
static const char *get_text(struct reader *r)
{
    size_t n = (size_t)get_number(r, 4);
    char *text;

    if (r->bad || n > (size_t)(r->end - r->at)) {
        r->bad = true;
        return "";
    }
    text = vt_arena_alloc(&r->arena, n + 1);
    if (!text) {
        r->bad = true;
        return "";
    }
    memcpy(text, r->at, n);
    r->at += n;
    return text;
}

static void get_port(struct reader *r, struct vt_io *io)
{
    uint64_t n_names, type, rank;
    const char **names;

    io->node_name = get_text(r);
    n_names = get_number(r, 4);
    names = n_names <= MAX_NAMES ? vt_arena_array(&r->arena, (size_t)n_names + 1, sizeof(*names)) : NULL;
    if (!names) {
        r->bad = true;
        return;
    }
    for (uint64_t i = 0; i < n_names; i++) {
        names[i] = get_text(r);
    }
    io->names = names;
    io->n_names = (int)n_names;
    type = get_number(r, 4);
    rank = get_number(r, 4);
    if (type >= VT_TYPE_COUNT || (rank > VT_MAX_RANK && rank != UINT32_MAX)) {
        r->bad = true;
        return;
    }
    io->type = (enum vt_type)type;
    io->shape.rank = rank == UINT32_MAX ? -1 : (int32_t)rank;
    for (int i = 0; i < io->shape.rank; i++) {
        io->shape.dims[i].min = (int64_t)get_number(r, 8);
        io->shape.dims[i].max = (int64_t)get_number(r, 8);
        r->bad |= io->shape.dims[i].min < 0 || io->shape.dims[i].max < -1;
    }
}

static struct vt_io *get_ports(struct reader *r, int *n)
{
    uint64_t count = get_number(r, 4);
    struct vt_io *io = count <= MAX_PORTS ? vt_arena_array(&r->arena, (size_t)count + 1, sizeof(*io)) : NULL;

    r->bad |= !io;
    *n = io ? (int)count : 0;
    for (int i = 0; i < *n && !r->bad; i++) {
        get_port(r, &io[i]);
    }
    return io;
}

/* Magic, version, size and hash; *head is the size of the whole head. */
static int check_prologue(const unsigned char *data, size_t bytes, size_t *head, struct vt_error *err)
{
    struct reader r = {.at = data, .end = data + bytes};
    uint64_t version, hash;

    if (bytes < PROLOGUE || memcmp(data, magic, sizeof(magic))) {
        return vt_fail(err, VT_E_FORMAT,
                       "the %zu bytes are no compiled model: give what ov_compiled_model_export_model wrote",
                       bytes);
    }
    r.at += sizeof(magic);
    version = get_number(&r, 4);
    *head = (size_t)get_number(&r, 4);
    hash = get_number(&r, 8);
    if (version != FORMAT_VERSION) {
        return vt_fail(err, VT_E_ABI,
                       "the compiled model has format %llu, this runtime reads format %d; compile it anew",
                       (unsigned long long)version, FORMAT_VERSION);
    }
    if (*head < PROLOGUE || *head > bytes || vt_hash(data + PROLOGUE, *head - PROLOGUE, 0) != hash) {
        return vt_fail(err, VT_E_FORMAT,
                       "the head of the compiled model is damaged or cut off; compile it anew");
    }
    return VT_OK;
}

static int check_writer(struct reader *r, const struct vt_module *module, struct vt_error *err)
{
    const char *runtime = get_text(r), *plugin = get_text(r), *version = get_text(r);
    uint64_t build = get_number(r, 8);

    if (!r->bad && strcmp(plugin, module->fns->name)) {
        return vt_fail(err, VT_E_ABI, "the model was compiled for device %s, not for %s", plugin,
                       module->fns->name);
    }
    if (!r->bad && (strcmp(runtime, vt_runtime_version()) || strcmp(version, plugin_version(module->fns)))) {
        return vt_fail(err, VT_E_ABI,
                       "the model was compiled by runtime %s with plugin %s, this is runtime %s with plugin "
                       "%s; compile it anew",
                       runtime, version, vt_runtime_version(), plugin_version(module->fns));
    }
    if (!r->bad && build != vt_exported_build(module->fns)) {
        return vt_fail(
            err, VT_E_ABI,
            "the model was compiled by another build of runtime %s or of its plugin %s; compile it "
            "anew",
            runtime, plugin);
    }
    return VT_OK;
}

/* The plugin's part, which begins `head` bytes into the blob. */
static int import(struct vt_blob *blob, size_t head, struct vt_module *module, const char *device_id,
                  const struct vt_config *config, void **impl, struct vt_error *err)
{
    if (VT_TABLE_HAS(module->fns, import_blob)) {
        return module->fns->import_blob(module->impl, device_id, blob, head, config, impl, err);
    }
    return module->fns->import(module->impl, device_id, (const char *)blob->data + head, blob->size - head,
                               config, impl, err);
}

int vt_exported_open(struct vt_blob *blob, struct vt_module *module, const char *device_id,
                     const char *device, const struct vt_config *config, struct vt_compiled **compiled,
                     struct vt_error *err)
{
    const unsigned char *begin = blob->data;
    struct reader r = {0};
    const struct vt_io *io[2];
    const char *name;
    size_t head = 0;
    void *impl = NULL;
    int n_io[2], status;

    if (!vt_exported_possible(module->fns)) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: import of a compiled model for %s", device);
    }
    status = check_prologue(begin, blob->size, &head, err);
    if (status) {
        return status;
    }
    r.at = begin + PROLOGUE;
    r.end = begin + head;
    status = check_writer(&r, module, err);
    name = get_text(&r);
    io[VT_INPUT] = get_ports(&r, &n_io[VT_INPUT]);
    io[VT_OUTPUT] = get_ports(&r, &n_io[VT_OUTPUT]);
    if (status == VT_OK && r.bad) {
        status = vt_fail(err, VT_E_FORMAT, "the head of the compiled model is damaged; compile it anew");
    }
    if (status == VT_OK) {
        status = import(blob, head, module, device_id, config, &impl, err);
        if (status) {
            vt_fail(err, status, "device %s does not take the compiled model", device);
        }
    }
    if (status == VT_OK) {
        status = vt_compiled_create(module, impl, device, name, io, n_io, compiled, err);
    }
    vt_arena_finish(&r.arena);
    return status;
}
