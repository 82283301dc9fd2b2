#include "read.h"

#include "vt/strings.h"

#include <stdlib.h>

static int parse_dims(const struct ir_reader *r, const struct ir_layer *layer, const char *text,
                      int64_t dims[VT_MAX_RANK], int *rank)
{
    const struct ir_elem *at = layer->elem;
    const char *p = text + strspn(text, " \t\r\n");

    *rank = 0;
    while (*p) {
        char number[32];
        size_t n = strcspn(p, ",");

        if (*rank == VT_MAX_RANK) {
            return ir_fail(r, at, layer, VT_E_RANGE, "shape=\"%.80s\" has more than %d dimensions", text,
                           VT_MAX_RANK);
        }
        snprintf(number, sizeof(number), "%.*s", (int)(n < 31 ? n : 31), p);
        if (n > 30 || !ir_parse_i64(number, &dims[*rank])) {
            return ir_fail(r, at, layer, VT_E_FORMAT,
                           "shape=\"%.80s\" is not a list of whole numbers separated by commas", text);
        }
        if (dims[*rank] < 0 || dims[*rank] > IR_MAX_DIM) {
            return ir_fail(r, at, layer, VT_E_RANGE, "dimension %lld of shape=\"%.80s\" is outside 0..%lld",
                           (long long)dims[*rank], text, (long long)IR_MAX_DIM);
        }
        ++*rank;
        p += n;
        if (*p && !*++p) {
            return ir_fail(r, at, layer, VT_E_FORMAT, "shape=\"%.80s\" ends with a comma", text);
        }
    }
    return VT_OK;
}

static int describe(const struct ir_reader *r, const struct ir_layer *layer, const struct ir_elem *data,
                    struct vt_tensor *t)
{
    const char *type_text = ir_attr(data, "element_type"), *shape = ir_attr(data, "shape");
    enum vt_type type;
    int64_t dims[VT_MAX_RANK];
    int rank, status;

    if (!type_text || !shape) {
        return ir_fail(r, layer->elem, layer, VT_E_FORMAT,
                       "a constant needs <data element_type shape offset size>");
    }
    if (!ir_parse_type(type_text, &type) || type == VT_DYNAMIC) {
        return ir_fail(r, layer->elem, layer, VT_E_TYPE,
                       "element_type=\"%.40s\" is no element type of a constant", type_text);
    }
    status = parse_dims(r, layer, shape, dims, &rank);
    if (status) {
        return status;
    }
    if (!vt_tensor_describe(t, type, rank, dims)) {
        return ir_fail(r, layer->elem, layer, VT_E_RANGE, "shape=\"%.80s\" has too many elements", shape);
    }
    return VT_OK;
}

static int open_weights(struct ir_reader *r, const struct ir_layer *layer, int64_t offset,
                        const struct vt_tensor *t)
{
    struct vt_error why = {0};

    if (r->weights) {
        return VT_OK;
    }
    if (!r->weights_path) {
        return ir_fail(r, layer->elem, layer, VT_E_INVALID,
                       "needs %zu bytes of weights at offset %lld, but no weights were given with the model",
                       t->bytes, (long long)offset);
    }
    if (r->host->blob_map(r->weights_path, &r->weights, &why)) {
        r->weights = NULL;
        return ir_fail(r, layer->elem, layer, why.code,
                       "%.400s; put the .bin file beside the .xml file, or give its path", why.text);
    }
    return VT_OK;
}

/* The range of the weights file that a constant views; `used` is its length. */
static int find_data(struct ir_reader *r, const struct ir_layer *layer, const struct ir_elem *data,
                     struct vt_tensor *t, size_t *used)
{
    const char *file = r->weights_path ? r->weights_path : "the weights";
    const char *bytes;
    int64_t offset, size;
    size_t total;
    int status = ir_need_i64(r, data, layer, "offset", &offset);

    status = status ? status : ir_need_i64(r, data, layer, "size", &size);
    if (status) {
        return status;
    }
    if (offset < 0 || size < 0) {
        return ir_fail(r, layer->elem, layer, VT_E_RANGE, "offset %lld and size %lld must not be negative",
                       (long long)offset, (long long)size);
    }
    /* More is allowed: OpenVINO writes size="1" for a constant without elements. */
    if ((uint64_t)size < t->bytes && t->type != VT_STRING) {
        return ir_fail(r, layer->elem, layer, VT_E_FORMAT,
                       "size=\"%lld\" does not fit: %s of shape \"%.80s\" takes %zu bytes", (long long)size,
                       vt_type_info(t->type)->name, ir_attr(data, "shape"), t->bytes);
    }
    if (!t->bytes) {
        return VT_OK;
    }
    status = open_weights(r, layer, offset, t);
    if (status) {
        return status;
    }
    bytes = r->host->blob_data(r->weights, &total);
    if ((uint64_t)offset > total || (uint64_t)size > total - (uint64_t)offset) {
        return ir_fail(r, layer->elem, layer, VT_E_FORMAT,
                       "needs bytes %lld to %llu of '%s', which has %zu; the file is cut off or belongs to "
                       "another model",
                       (long long)offset, (unsigned long long)offset + (unsigned long long)size, file, total);
    }
    t->data = (void *)(bytes + offset);
    *used = (size_t)size;
    return VT_OK;
}

static int build_strings(struct ir_net *net, struct ir_layer *layer, struct vt_tensor *t, size_t bytes)
{
    struct ir_reader *r = net->r;
    const void *packed = t->data;

    /* Each string takes four bytes of the file. */
    t->data = (uint64_t)vt_tensor_count(t) <= bytes / 4 ? malloc(t->bytes + 1) : NULL;
    if (!t->data && (uint64_t)vt_tensor_count(t) <= bytes / 4) {
        return ir_fail(r, layer->elem, layer, VT_E_NOMEM, "out of memory for %zu bytes", t->bytes);
    }
    if (!t->data || !vt_strings_unpack(t, packed, bytes)) {
        free(t->data);
        return ir_fail(r, layer->elem, layer, VT_E_FORMAT,
                       "its %zu bytes of weights are not the packed form of %lld strings", bytes,
                       (long long)vt_tensor_count(t));
    }
    layer->node = r->host->constant_create(net->graph, layer->name, t, NULL, r->err);
    free(t->data);
    return layer->node ? VT_OK : ir_context(r, layer->elem);
}

int ir_constant_build(struct ir_net *net, struct ir_layer *layer)
{
    struct ir_reader *r = net->r;
    const struct ir_elem *data = ir_child(layer->elem, "data");
    struct vt_tensor t;
    size_t bytes = 0;
    int status = describe(r, layer, data, &t);

    status = status ? status : find_data(r, layer, data, &t, &bytes);
    if (status) {
        return status;
    }
    if (t.type == VT_STRING) {
        return build_strings(net, layer, &t, bytes);
    }
    layer->node = r->host->constant_create(net->graph, layer->name, &t, t.bytes ? r->weights : NULL, r->err);
    return layer->node ? VT_OK : ir_context(r, layer->elem);
}
