/* The CPU plugin on arbitrary compiled models: the hashes are made right first, so that damage reaches the
 * readers behind them. What can be loaded must also survive being written, loaded and written again. */
#include "blob.h"
#include "host.h"
#include "map.h"

#include <stdlib.h>

const struct vt_plugin *vt_plugin_entry(int host_major, int host_minor);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct memory {
    char *data;
    size_t n, capacity;
};

static int keep(void *ctx, const void *data, size_t bytes)
{
    struct memory *m = ctx;

    if (m->capacity - m->n < bytes) {
        m->capacity = 2 * (m->n + bytes);
        m->data = realloc(m->data, m->capacity);
        if (!m->data) {
            abort();
        }
    }
    if (bytes) {
        memcpy(m->data + m->n, data, bytes);
    }
    m->n += bytes;
    return VT_OK;
}

static uint64_t samples_of(const struct vt_host *host, const char *base, const struct cpu_blob_head *head,
                           const struct cpu_blob_item *items, size_t bytes)
{
    uint64_t samples = 0;

    for (uint64_t i = 0; i < head->n_items; i++) {
        uint64_t begin = head->data_offset + items[i].offset;

        if (begin > bytes || items[i].bytes > bytes - begin || items[i].offset > bytes) {
            return 0;
        }
        samples = cpu_blob_sample(host, base + begin, (size_t)items[i].bytes, samples);
    }
    return samples;
}

static void repair(const struct vt_host *host, char *base, size_t bytes)
{
    struct cpu_blob_head head;
    uint64_t table;

    if (bytes < sizeof(head)) {
        return;
    }
    memcpy(&head, base, sizeof(head));
    memcpy(head.magic, cpu_blob_magic, sizeof(head.magic));
    head.isa = (uint32_t)cpu_model_isa(host);
    table = cpu_blob_table(&head);
    if (head.graph_bytes <= bytes && head.n_items <= bytes / sizeof(struct cpu_blob_item) && table <= bytes &&
        head.n_items * sizeof(struct cpu_blob_item) <= bytes - table) {
        const struct cpu_blob_item *items = (const void *)(base + table);

        head.samples = samples_of(host, base, &head, items, bytes);
        head.hash = cpu_blob_hash(host, &head, base + sizeof(head), items);
    }
    memcpy(base, &head, sizeof(head));
}

static void *load(const struct vt_plugin *plugin, void *device, struct vt_blob *blob)
{
    const char *key = "INFERENCE_NUM_THREADS", *value = "1";
    struct vt_config config = {1, &key, &value};
    struct vt_error err = {0};
    void *compiled = NULL;
    int status = plugin->import_blob(device, "", blob, 0, &config, &compiled, &err);

    if (status && (compiled || err.code != status || !err.text[0])) {
        abort(); /* a failure without a message, or with a model */
    }
    return compiled;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static void *device;
    const struct vt_plugin *plugin = vt_plugin_entry(VT_ABI_MAJOR, VT_ABI_MINOR);
    const struct vt_host *host = vt_core_host();
    struct vt_blob *blob = vt_blob_copy(data, bytes), *again;
    struct memory m[2] = {0};
    void *compiled;

    if (!device && plugin->create(host, &device, NULL)) {
        abort();
    }
    repair(host, (char *)(uintptr_t)blob->data, bytes);
    compiled = load(plugin, device, blob);
    vt_blob_unref(blob);
    for (int round = 0; compiled && round < 2; round++) {
        if (plugin->compiled->export(compiled, keep, &m[round], NULL)) {
            abort();
        }
        plugin->compiled->destroy(compiled);
        again = vt_blob_copy(m[round].data, m[round].n);
        compiled = load(plugin, device, again);
        vt_blob_unref(again);
        if (!compiled) {
            abort(); /* what was just written cannot be read */
        }
    }
    if (compiled) {
        plugin->compiled->destroy(compiled);
    }
    free(m[0].data);
    free(m[1].data);
    return 0;
}
