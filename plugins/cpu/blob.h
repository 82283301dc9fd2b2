/* A compiled model as bytes: head, graph, table of items, data.
 *
 * The graph is the one after all passes, in the core's binary form. Items are the constants that are kept and
 * the packed forms that were made; their data lies 64-byte aligned in the last part, which begins on a page,
 * so that a mapped file is used where it lies. A constant that the plan of a static model has in packed forms
 * only is left out. Plans are made anew when a blob is loaded: they cost little, and fit the threads asked
 * for.
 *
 * Checked when loading: a hash over head, graph and table; a hash over samples of every item; the instruction
 * set. Which build wrote it is checked by the core. */
#ifndef CPU_BLOB_H
#define CPU_BLOB_H

#include "model.h"

#define CPU_BLOB_PAGE ((uint64_t)4096)

/* A small blob has no forms, and leaves constants in the files that the model was read from: space 2 and
 * those behind it are the files, in the order of the table. */
enum cpu_blob_kind { CPU_BLOB_CONSTANT, CPU_BLOB_FORM, CPU_BLOB_FILE };

#define CPU_BLOB_FILES 64

struct cpu_blob_head {
    char magic[8];
    uint64_t hash; /* of the rest of this, the graph and the table */
    uint64_t samples;
    uint32_t isa, accurate;
    uint64_t graph_bytes, n_items;
    uint64_t data_offset, data_bytes;
    uint64_t absent_bytes; /* of addresses for constants that are left out */
};

struct cpu_blob_item {
    uint64_t kind;          /* enum cpu_blob_kind */
    uint64_t node;          /* of the constant, UINT64_MAX in sub-graphs; files: size */
    uint64_t key;           /* forms: as cpu_weights() was given it; files: time of change */
    uint64_t offset, bytes; /* in the data; files: their path and a NUL are there */
};

extern const char cpu_blob_magic[8];

static inline uint64_t cpu_blob_table(const struct cpu_blob_head *head)
{
    return (sizeof(*head) + head->graph_bytes + 7) & ~(uint64_t)7;
}

/* Of the head without its first fields, the graph, and the table. */
uint64_t cpu_blob_hash(const struct vt_host *host, const struct cpu_blob_head *head, const void *graph,
                       const struct cpu_blob_item *items);

/* Of some places of an item. */
uint64_t cpu_blob_sample(const struct vt_host *host, const void *data, size_t bytes, uint64_t seed);

int cpu_blob_write(struct cpu_model *model, bool small,
                   int (*write)(void *ctx, const void *data, size_t bytes), void *ctx, struct vt_error *err);

/* `config` as asked for; what the blob decides is taken from there. Its processors belong to the model, also
 * on failure. */
int cpu_blob_read(const struct vt_host *host, struct vt_blob *blob, size_t offset,
                  const struct cpu_config *config, struct cpu_model **model, struct vt_error *err);

#endif
