/* TensorProto as a Constant: a view where the bytes are in the file as a tensor has them, decoded else. */
#include "model.h"

#include "vt/checked.h"
#include "vt/strings.h"

#include <stdlib.h>
#include <string.h>

enum vt_type onnx_proto_type(int64_t data_type, const char **missing)
{
    static const struct {
        enum vt_type type;
        const char *missing;
    } rows[] = {
        [1] = {VT_F32, NULL},
        [2] = {VT_U8, NULL},
        [3] = {VT_I8, NULL},
        [4] = {VT_U16, NULL},
        [5] = {VT_I16, NULL},
        [6] = {VT_I32, NULL},
        [7] = {VT_I64, NULL},
        [8] = {VT_STRING, NULL},
        [9] = {VT_BOOLEAN, NULL},
        [10] = {VT_F16, NULL},
        [11] = {VT_F64, NULL},
        [12] = {VT_U32, NULL},
        [13] = {VT_U64, NULL},
        [14] = {VT_DYNAMIC, "complex64"},
        [15] = {VT_DYNAMIC, "complex128"},
        [16] = {VT_BF16, NULL},
        [17] = {VT_F8E4M3, NULL},
        [18] = {VT_DYNAMIC, "float8e4m3fnuz"},
        [19] = {VT_F8E5M2, NULL},
        [20] = {VT_DYNAMIC, "float8e5m2fnuz"},
        [21] = {VT_U4, NULL},
        [22] = {VT_I4, NULL},
        [23] = {VT_F4E2M1, NULL},
        [24] = {VT_F8E8M0, NULL},
        [25] = {VT_U2, NULL},
        [26] = {VT_DYNAMIC, "int2"},
    };

    *missing = NULL;
    if (data_type < 1 || data_type >= (int64_t)(sizeof(rows) / sizeof(rows[0]))) {
        return VT_DYNAMIC;
    }
    *missing = rows[data_type].missing;
    return rows[data_type].type;
}

static int fail(struct onnx_model *m, const struct onnx_tensor *tensor, int code, const char *what)
{
    return onnx_model_fail(m, code, "tensor '%s': %s", tensor->name, what);
}

static int describe(struct onnx_model *m, const struct onnx_tensor *tensor, int n_dims, const int64_t *dims,
                    struct vt_tensor *t)
{
    const char *missing;
    enum vt_type type = onnx_proto_type(tensor->data_type, &missing);

    if (type == VT_DYNAMIC) {
        return onnx_model_fail(m, missing ? VT_E_UNSUPPORTED : VT_E_FORMAT, "tensor '%s': %s%s%s (%lld)",
                               tensor->name, missing ? "not implemented: " : "", "element type ",
                               missing ? missing : "is unknown", (long long)tensor->data_type);
    }
    if (n_dims > VT_MAX_RANK) {
        return onnx_model_fail(m, VT_E_UNSUPPORTED, "tensor '%s': not implemented: %d dimensions",
                               tensor->name, n_dims);
    }
    if (!vt_tensor_describe(t, type, n_dims, dims)) {
        return fail(m, tensor, VT_E_FORMAT, "its dimensions are negative or too large");
    }
    return VT_OK;
}

/* ---- where the bytes are */

static bool leaves_folder(const char *path)
{
    if (*path == '/') {
        return true;
    }
    while (*path) {
        size_t n = strcspn(path, "/");

        if (n == 2 && path[0] == '.' && path[1] == '.') {
            return true;
        }
        path += n + (path[n] == '/');
    }
    return false;
}

int onnx_external_path(struct onnx_model *m, const struct onnx_tensor *tensor, const char **path)
{
    if (!tensor->file || !*tensor->file) {
        return fail(m, tensor, VT_E_FORMAT, "its data is in another file, which is not named");
    }
    if (!m->folder) {
        return onnx_model_fail(
            m, VT_E_INVALID,
            "tensor '%s': its data is in the file '%s': read such a model from a file, not "
            "from memory",
            tensor->name, tensor->file);
    }
    if (leaves_folder(tensor->file)) {
        return onnx_model_fail(m, VT_E_INVALID,
                               "tensor '%s': its data is in '%s', outside of the model's folder: refused",
                               tensor->name, tensor->file);
    }
    *path = onnx_arena_printf(&m->arena, "%s%s", m->folder, tensor->file);
    return *path ? VT_OK : fail(m, tensor, VT_E_NOMEM, "out of memory");
}

static int open_file(struct onnx_model *m, const struct onnx_tensor *tensor, struct onnx_file **file)
{
    const char *path;
    int status = onnx_external_path(m, tensor, &path);

    if (status) {
        return status;
    }
    for (*file = m->files; *file; *file = (*file)->next) {
        if (strcmp((*file)->path, path) == 0) {
            return VT_OK;
        }
    }
    *file = onnx_arena_alloc(&m->arena, 1, sizeof(**file));
    if (!*file) {
        return fail(m, tensor, VT_E_NOMEM, "out of memory");
    }
    (*file)->path = path;
    status = m->host->blob_map(path, &(*file)->blob, m->err);
    if (status) {
        return vt_context(m->err, "%s: tensor '%s': ", m->label, tensor->name);
    }
    (*file)->next = m->files;
    m->files = *file;
    return VT_OK;
}

static int external_bytes(struct onnx_model *m, const struct onnx_tensor *tensor, size_t need,
                          struct onnx_bytes *bytes, struct vt_blob **blob)
{
    struct onnx_file *file;
    size_t size;
    const uint8_t *p;
    uint64_t length = tensor->length < 0 ? need : (uint64_t)tensor->length;
    int status = open_file(m, tensor, &file);

    if (status) {
        return status;
    }
    p = m->host->blob_data(file->blob, &size);
    if (!vt_range_fits((uint64_t)tensor->offset, length, size)) {
        return onnx_model_fail(
            m, VT_E_FORMAT, "tensor '%s': '%s' is too short: %zu bytes, %llu are wanted at %lld",
            tensor->name, file->path, size, (unsigned long long)length, (long long)tensor->offset);
    }
    *bytes = (struct onnx_bytes){p + tensor->offset, (size_t)length};
    *blob = file->blob;
    return VT_OK;
}

/* ---- decoding */

/* ONNX keeps a boolean in a byte whose other values nobody forbids. */
static bool clean_booleans(const struct onnx_bytes *bytes)
{
    for (size_t i = 0; i < bytes->n; i++) {
        if (bytes->p[i] > 1) {
            return false;
        }
    }
    return true;
}

static int own(struct onnx_model *m, const struct onnx_tensor *tensor, struct onnx_data *d)
{
    d->owned = calloc(d->t.bytes ? d->t.bytes : 1, 1);
    d->t.data = d->t.bytes ? d->owned : NULL;
    return d->owned ? VT_OK : fail(m, tensor, VT_E_NOMEM, "out of memory");
}

static int take_raw(struct onnx_model *m, const struct onnx_tensor *tensor, struct onnx_bytes raw,
                    struct vt_blob *blob, struct onnx_data *d)
{
    int status;

    if (d->t.type == VT_STRING) {
        return fail(m, tensor, VT_E_FORMAT, "strings cannot be raw bytes");
    }
    if (raw.n != d->t.bytes) {
        return onnx_model_fail(m, VT_E_FORMAT, "tensor '%s': it has %zu bytes of data, its shape wants %zu",
                               tensor->name, raw.n, d->t.bytes);
    }
    if (d->t.type == VT_BOOLEAN && !clean_booleans(&raw)) {
        status = own(m, tensor, d);
        for (size_t i = 0; status == VT_OK && i < raw.n; i++) {
            ((uint8_t *)d->owned)[i] = raw.p[i] != 0;
        }
        return status;
    }
    d->t.data = raw.n ? (void *)(uintptr_t)raw.p : NULL;
    d->blob = blob;
    return VT_OK;
}

/* Which field has the numbers of a type, and in which form. */
static uint32_t typed_field(enum vt_type type, enum onnx_wire_kind *kind)
{
    *kind = ONNX_VARINT;
    switch (type) {
    case VT_F32: *kind = ONNX_FIXED32; return 4;
    case VT_F64: *kind = ONNX_FIXED64; return 10;
    case VT_I64: return 7;
    case VT_U32:
    case VT_U64: return 11;
    default: return 5;
    }
}

/* One number as the element type has it. Two elements of four bits, or four of two, come as one number. */
static void store(enum vt_type type, void *data, int64_t i, uint64_t value)
{
    switch (vt_type_info(type)->bits) {
    case 16: ((uint16_t *)data)[i] = (uint16_t)value; break;
    case 32: ((uint32_t *)data)[i] = (uint32_t)value; break;
    case 64: ((uint64_t *)data)[i] = value; break;
    default: ((uint8_t *)data)[i] = type == VT_BOOLEAN ? value != 0 : (uint8_t)value; break;
    }
}

static int take_numbers(struct onnx_model *m, const struct onnx_tensor *tensor, struct onnx_data *d)
{
    enum onnx_wire_kind kind;
    uint32_t field = typed_field(d->t.type, &kind);
    int64_t count = onnx_numbers_count(tensor->message, field, kind), want = vt_tensor_count(&d->t);
    struct onnx_numbers it = onnx_numbers(tensor->message, field, kind);
    uint64_t value;
    int status;

    want = vt_type_info(d->t.type)->bits < 8 ? (int64_t)d->t.bytes : want;
    if (count < 0) {
        return fail(m, tensor, VT_E_FORMAT, "its data is damaged");
    }
    if (count != want) {
        return onnx_model_fail(m, VT_E_FORMAT, "tensor '%s': it has %lld numbers, its shape wants %lld",
                               tensor->name, (long long)count, (long long)want);
    }
    status = own(m, tensor, d);
    for (int64_t i = 0; status == VT_OK && i < count && onnx_numbers_next(&it, &value) > 0; i++) {
        store(d->t.type, d->owned, i, value);
    }
    return status;
}

/* Elements that view the texts in the message. They are counted first: a shape alone makes no room. */
static int take_texts(struct onnx_model *m, const struct onnx_tensor *tensor, struct onnx_data *d)
{
    struct onnx_wire w = onnx_wire(tensor->message);
    int64_t want = vt_tensor_count(&d->t), count = 0;
    struct onnx_field f;
    int more, status;

    while ((more = onnx_wire_next(&w, &f)) > 0) {
        count += f.number == 6 && f.kind == ONNX_BYTES;
    }
    if (more < 0) {
        return fail(m, tensor, VT_E_FORMAT, "its data is damaged");
    }
    if (count != want) {
        return onnx_model_fail(m, VT_E_FORMAT, "tensor '%s': it has %lld strings, its shape wants %lld",
                               tensor->name, (long long)count, (long long)want);
    }
    status = own(m, tensor, d);
    w = onnx_wire(tensor->message);
    for (int64_t i = 0; status == VT_OK && onnx_wire_next(&w, &f) > 0;) {
        if (f.number == 6 && f.kind == ONNX_BYTES) {
            vt_string_set(&d->t, i++, (const char *)f.bytes.p, f.bytes.n);
        }
    }
    return status;
}

/* Data of a tensor whose type and shape are in d->t. */
static int take_data(struct onnx_model *m, const struct onnx_tensor *tensor, struct onnx_data *d)
{
    struct vt_blob *blob = m->blob;
    struct onnx_bytes raw = tensor->raw;
    int status;

    if (tensor->segment) {
        return fail(m, tensor, VT_E_UNSUPPORTED, "not implemented: tensors in segments");
    }
    if (tensor->external) {
        status = external_bytes(m, tensor, d->t.bytes, &raw, &blob);
        return status ? status : take_raw(m, tensor, raw, blob, d);
    }
    if (raw.p) {
        return take_raw(m, tensor, raw, blob, d);
    }
    if (d->t.type == VT_STRING) {
        return take_texts(m, tensor, d);
    }
    return take_numbers(m, tensor, d);
}

void onnx_data_finish(struct onnx_data *d)
{
    free(d->owned);
    d->owned = NULL;
}

int onnx_data_read(struct onnx_model *m, const struct onnx_tensor *tensor, struct onnx_data *d)
{
    int status;

    *d = (struct onnx_data){0};
    status = describe(m, tensor, tensor->n_dims, tensor->dims, &d->t);
    status = status ? status : take_data(m, tensor, d);
    if (status) {
        onnx_data_finish(d);
    }
    return status;
}

/* ---- sparse tensors */

/* The place of value i in the dense tensor, or -1. */
static int64_t place_of(const struct vt_tensor *dense, const struct vt_tensor *indices, int64_t i)
{
    const uint8_t *p = indices->data;
    int64_t place = 0, k, total = vt_tensor_count(dense);

    if (indices->rank == 1) {
        memcpy(&place, p + i * 8, 8);
        return place >= 0 && place < total ? place : -1;
    }
    for (int a = 0; a < dense->rank; a++) {
        memcpy(&k, p + (i * dense->rank + a) * 8, 8);
        if (k < 0 || k >= dense->dims[a]) {
            return -1;
        }
        place = place * dense->dims[a] + k;
    }
    return place;
}

static int scatter(struct onnx_model *m, const struct onnx_sparse *sparse, const struct onnx_data *values,
                   const struct onnx_data *indices, struct onnx_data *d)
{
    size_t size = vt_type_info(d->t.type)->bits / 8;
    int64_t n = vt_tensor_count(&values->t), place;

    if (values->t.rank != 1 || indices->t.type != VT_I64 || indices->t.rank < 1 || indices->t.rank > 2 ||
        indices->t.dims[0] != n || (indices->t.rank == 2 && indices->t.dims[1] != d->t.rank)) {
        return fail(m, &sparse->values, VT_E_FORMAT, "values and indices of the sparse tensor do not fit");
    }
    for (int64_t i = 0; i < n; i++) {
        place = place_of(&d->t, &indices->t, i);
        if (place < 0) {
            return fail(m, &sparse->values, VT_E_FORMAT, "an index of the sparse tensor is out of range");
        }
        memcpy((uint8_t *)d->owned + (size_t)place * size, (const uint8_t *)values->t.data + (size_t)i * size,
               size);
    }
    return VT_OK;
}

int onnx_data_read_sparse(struct onnx_model *m, const struct onnx_sparse *sparse, struct onnx_data *d)
{
    struct onnx_data values = {0}, indices = {0};
    int status;

    *d = (struct onnx_data){0};
    status = describe(m, &sparse->values, sparse->n_dims, sparse->dims, &d->t);
    if (status == VT_OK && (vt_type_info(d->t.type)->bits < 8 || d->t.bytes > ONNX_MAX_DENSE)) {
        status = fail(m, &sparse->values, VT_E_UNSUPPORTED,
                      "not implemented: sparse tensors of this type or size");
    }
    status = status ? status : onnx_data_read(m, &sparse->values, &values);
    status = status ? status : onnx_data_read(m, &sparse->indices, &indices);
    status = status ? status : own(m, &sparse->values, d);
    status = status ? status : scatter(m, sparse, &values, &indices, d);
    onnx_data_finish(&values);
    onnx_data_finish(&indices);
    if (status) {
        onnx_data_finish(d);
    }
    return status;
}

/* ---- constants */

static struct vt_node *make_node(struct onnx_model *m, struct vt_graph *graph, struct onnx_data *d,
                                 const char *name)
{
    struct vt_node *node = m->host->constant_create(graph, name, &d->t, d->blob, m->err);

    if (!node) {
        vt_context(m->err, "%s: ", m->label);
    }
    onnx_data_finish(d);
    return node;
}

struct vt_node *onnx_tensor_node(struct onnx_model *m, struct vt_graph *graph,
                                 const struct onnx_tensor *tensor, const char *name)
{
    struct onnx_data d;

    return onnx_data_read(m, tensor, &d) ? NULL : make_node(m, graph, &d, name);
}

struct vt_node *onnx_sparse_node(struct onnx_model *m, struct vt_graph *graph,
                                 const struct onnx_sparse *sparse, const char *name)
{
    struct onnx_data d;

    return onnx_data_read_sparse(m, sparse, &d) ? NULL : make_node(m, graph, &d, name);
}
