/* The tensors of a request: setting, getting, and what the plugin is told of them. */
#include "request_impl.h"

#include "shape.h"

#include <stdlib.h>

/* ---- tensors */

static const char *port_name(const struct vt_io *io)
{
    return io->n_names ? io->names[0] : io->node_name;
}

int vt_request_check_idle(const struct vt_request *r, struct vt_error *err)
{
    if (atomic_load_explicit(&r->state, memory_order_acquire) != VT_IDLE) {
        return vt_fail(err, VT_E_BUSY, "the request is running");
    }
    return VT_OK;
}

static int check_index(const struct vt_request *r, enum vt_side side, int index, struct vt_error *err)
{
    if (index < 0 || index >= r->compiled->n_io[side]) {
        return vt_fail(err, VT_E_RANGE, "the model has %d %ss, there is no %s %d", r->compiled->n_io[side],
                       vt_side_name(side), vt_side_name(side), index);
    }
    return VT_OK;
}

static int check_type(const struct vt_io *io, enum vt_side side, int index, const struct vt_tensor *t,
                      struct vt_error *err)
{
    if (io->type != VT_DYNAMIC && io->type != t->type) {
        return vt_fail(err, VT_E_TYPE, "%s %d '%s' has the element type %s, the tensor has %s",
                       vt_side_name(side), index, port_name(io), vt_type_info(io->type)->name,
                       vt_type_info(t->type)->name);
    }
    return VT_OK;
}

static int check_fit(const struct vt_io *io, enum vt_side side, int index, const struct vt_tensor *t,
                     struct vt_error *err)
{
    char want[VT_SHAPE_TEXT], have[VT_SHAPE_TEXT];
    int status = check_type(io, side, index, t, err);

    if (status == VT_OK && !vt_pshape_accepts(&io->shape, t->rank, t->dims)) {
        status =
            vt_fail(err, VT_E_SHAPE, "%s %d '%s' takes the shape %s, the tensor has %s", vt_side_name(side),
                    index, port_name(io), vt_pshape_text(&io->shape, want, sizeof(want)),
                    vt_shape_text(t->rank, t->dims, have));
    }
    return status;
}

int vt_request_set(struct vt_request *request, enum vt_side side, int index, struct vt_buffer *buffer,
                   struct vt_error *err)
{
    struct vt_slot *slot;
    int status = vt_request_check_idle(request, err);

    status = status ? status : check_index(request, side, index, err);
    if (status == VT_OK) {
        const struct vt_io *io = &request->compiled->io[side][index];

        /* An empty tensor as an output is a wish for memory that grows. */
        if (side == VT_OUTPUT && vt_tensor_count(&buffer->t) == 0) {
            status = check_type(io, side, index, &buffer->t, err);
        } else {
            status = check_fit(io, side, index, &buffer->t, err);
        }
    }
    if (status) {
        return status;
    }
    slot = &request->slots[side][index];
    vt_buffer_ref(buffer);
    vt_buffer_unref(slot->buffer);
    slot->buffer = buffer;
    slot->bound = 0;
    return VT_OK;
}

/* More is no size that comes: memory then grows with what does. */
#define ROOM_MOST ((size_t)1 << 30)

/* What the largest shape of an output will want; 0: not known, or very much. */
static size_t room_of(const struct vt_io *io)
{
    int64_t dims[VT_MAX_RANK];
    struct vt_tensor t;

    for (int i = 0; i < io->shape.rank; i++) {
        dims[i] = io->shape.dims[i].max;
    }
    if (io->shape.rank < 0 || io->type == VT_DYNAMIC || io->type == VT_STRING ||
        !vt_tensor_describe(&t, io->type, io->shape.rank, dims)) {
        return 0;
    }
    return t.bytes <= ROOM_MOST ? t.bytes : 0;
}

/* Dynamic dims begin as 0. An output whose shape is not known has no memory before it is written. */
static int make_buffer(struct vt_request *r, enum vt_side side, int index, struct vt_error *err)
{
    const struct vt_io *io = &r->compiled->io[side][index];
    struct vt_slot *slot = &r->slots[side][index];
    enum vt_type type = io->type == VT_DYNAMIC ? VT_F32 : io->type;
    int rank = io->shape.rank < 0 ? 1 : io->shape.rank, status;
    int64_t dims[VT_MAX_RANK] = {0};
    bool known = vt_pshape_is_static(&io->shape);

    for (int i = 0; i < io->shape.rank; i++) {
        dims[i] = vt_dim_is_static(io->shape.dims[i]) ? io->shape.dims[i].min : 0;
    }
    if (side == VT_OUTPUT && !known) {
        status = vt_buffer_create_empty(type, rank, dims, &slot->buffer, err);
        if (status == VT_OK) {
            slot->buffer->room = room_of(io);
        }
    } else {
        status = vt_buffer_create(type, rank, dims, &slot->buffer, err);
    }
    if (status) {
        vt_context(err, "%s %d '%s': ", vt_side_name(side), index, port_name(io));
    }
    return status;
}

int vt_request_get(struct vt_request *request, enum vt_side side, int index, struct vt_buffer **buffer,
                   struct vt_error *err)
{
    int status = vt_request_check_idle(request, err);

    status = status ? status : check_index(request, side, index, err);
    if (status == VT_OK && !request->slots[side][index].buffer) {
        status = make_buffer(request, side, index, err);
    }
    if (status == VT_OK) {
        *buffer = vt_buffer_ref(request->slots[side][index].buffer);
    }
    return status;
}

/* ---- before and after a run */

/* Plugins read dense tensors: a region is copied before each run, since its elements may change. */
static int prepare_gather(struct vt_slot *slot, struct vt_error *err)
{
    const struct vt_tensor *t = &slot->buffer->t;

    if (slot->scratch && (!slot->buffer->strides || slot->scratch->t.type != t->type)) {
        vt_buffer_unref(slot->scratch);
        slot->scratch = NULL;
    }
    if (!slot->buffer->strides) {
        return VT_OK;
    }
    return slot->scratch ? vt_buffer_reshape(slot->scratch, t->rank, t->dims, err)
                         : vt_buffer_create(t->type, t->rank, t->dims, &slot->scratch, err);
}

static int bind_input(struct vt_request *r, int index, struct vt_error *err)
{
    struct vt_slot *slot = &r->slots[VT_INPUT][index];
    int status = VT_OK;

    if (!slot->buffer) {
        status = make_buffer(r, VT_INPUT, index, err);
    }
    if (status == VT_OK) {
        status = check_fit(&r->compiled->io[VT_INPUT][index], VT_INPUT, index, &slot->buffer->t, err);
    }
    if (status == VT_OK) {
        status = prepare_gather(slot, err);
    }
    if (status == VT_OK) {
        const struct vt_buffer *source = slot->scratch ? slot->scratch : slot->buffer;

        status = r->fns->bind_input(r->impl, index, &source->t, err);
        if (status) {
            return vt_fail(err, status, "device %s does not take the tensor of input %d", r->compiled->device,
                           index);
        }
        slot->bound = slot->buffer->generation;
    }
    return status;
}

static int fixed_dims(const struct vt_io *io, int64_t dims[VT_MAX_RANK])
{
    for (int i = 0; i < io->shape.rank; i++) {
        dims[i] = io->shape.dims[i].min;
    }
    return io->shape.rank;
}

/* Whoever holds the tensor may have changed its shape; an output takes the shape of its port. */
static int bind_output(struct vt_request *r, int index, struct vt_error *err)
{
    const struct vt_io *io = &r->compiled->io[VT_OUTPUT][index];
    struct vt_slot *slot = &r->slots[VT_OUTPUT][index];
    struct vt_buffer *target;
    int64_t dims[VT_MAX_RANK];
    int rank = fixed_dims(io, dims), status = VT_OK;

    if (!slot->buffer) {
        status = make_buffer(r, VT_OUTPUT, index, err);
    } else if (!vt_pshape_accepts(&io->shape, slot->buffer->t.rank, slot->buffer->t.dims)) {
        status = vt_buffer_reshape(slot->buffer, rank, dims, err);
    }
    if (status == VT_OK && slot->scratch) {
        status = vt_buffer_reshape(slot->scratch, rank, dims, err);
    }
    if (status) {
        return vt_context(err, "output %d '%s': ", index, port_name(io));
    }
    target = slot->scratch ? slot->scratch : slot->buffer;
    status = r->fns->bind_output(r->impl, index, &target->t, target->capacity, err);
    if (status) {
        return vt_fail(err, status, "device %s does not take the tensor of output %d", r->compiled->device,
                       index);
    }
    slot->bound = slot->buffer->generation;
    return VT_OK;
}

static bool shares_memory(const struct vt_buffer *a, const struct vt_buffer *b)
{
    uintptr_t x = (uintptr_t)a->t.data, y = (uintptr_t)b->t.data;

    size_t span = b->strides ? b->capacity : b->t.bytes;

    return a == b || (x < y + span && y < x + a->capacity);
}

static bool shares_with_input(const struct vt_request *r, const struct vt_buffer *buffer)
{
    for (int i = 0; i < r->compiled->n_io[VT_INPUT]; i++) {
        const struct vt_buffer *in = r->slots[VT_INPUT][i].buffer;

        if (in && shares_memory(buffer, in)) {
            return true;
        }
    }
    return false;
}

static int make_scratch(struct vt_slot *slot, const struct vt_tensor *t, struct vt_error *err)
{
    int status = vt_buffer_create(t->type, t->rank, t->dims, &slot->scratch, err);

    if (status == VT_OK) {
        slot->scratch->views = true;
    }
    return status;
}

/* An output in the memory of an input would be written while the input is still needed; one that is no dense
 * tensor is written aside too, and so are strings, of which plugins write views. */
static int find_overlaps(struct vt_request *r, struct vt_error *err)
{
    r->overlaps = false;
    for (int i = 0; i < r->compiled->n_io[VT_OUTPUT]; i++) {
        struct vt_slot *slot = &r->slots[VT_OUTPUT][i];
        bool strings =
            (slot->buffer ? slot->buffer->t.type : r->compiled->io[VT_OUTPUT][i].type) == VT_STRING;
        int status = strings && !slot->buffer ? make_buffer(r, VT_OUTPUT, i, err) : VT_OK;
        bool shares = !status && slot->buffer &&
                      (strings || slot->buffer->strides || shares_with_input(r, slot->buffer));

        if (shares && !slot->scratch) {
            status = make_scratch(slot, &slot->buffer->t, err);
            slot->bound = 0;
        } else if (!shares && slot->scratch) {
            vt_buffer_unref(slot->scratch);
            slot->scratch = NULL;
            slot->bound = 0;
        }
        if (status) {
            return status;
        }
        r->overlaps |= shares;
    }
    return VT_OK;
}

static bool is_bound(const struct vt_slot *slot)
{
    return slot->buffer && slot->buffer->generation == slot->bound;
}

int vt_request_bind(struct vt_request *r, struct vt_error *err)
{
    int status = VT_OK;

    r->gathers = false;
    for (int i = 0; i < r->compiled->n_io[VT_INPUT] && status == VT_OK; i++) {
        if (!is_bound(&r->slots[VT_INPUT][i])) {
            status = bind_input(r, i, err);
        }
        r->gathers |= r->slots[VT_INPUT][i].scratch != NULL;
    }
    status = status ? status : find_overlaps(r, err);
    for (int i = 0; i < r->compiled->n_io[VT_OUTPUT] && status == VT_OK; i++) {
        struct vt_slot *slot = &r->slots[VT_OUTPUT][i];

        if (slot->fixed) {
            status = is_bound(slot) ? VT_OK : bind_output(r, i, err);
        } else {
            slot->bound = slot->buffer ? slot->buffer->generation : 0;
        }
    }
    return status;
}

bool vt_request_is_bound(const struct vt_request *r)
{
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < r->compiled->n_io[side]; i++) {
            if (!is_bound(&r->slots[side][i])) {
                return false;
            }
        }
    }
    return true;
}

int vt_request_give_output(void *ctx, int port, struct vt_tensor *t)
{
    struct vt_request *r = ctx;
    struct vt_slot *slot;
    struct vt_buffer *target;
    struct vt_error *err = &r->error;
    int status = check_index(r, VT_OUTPUT, port, err);

    if (status) {
        return status;
    }
    slot = &r->slots[VT_OUTPUT][port];
    if (!slot->buffer) {
        status = vt_buffer_create_empty(t->type, t->rank, t->dims, &slot->buffer, err);
        if (status) {
            return status;
        }
        slot->buffer->room = room_of(&r->compiled->io[VT_OUTPUT][port]);
    }
    target = slot->scratch ? slot->scratch : slot->buffer;
    if (target->t.type != t->type) {
        if (r->compiled->io[VT_OUTPUT][port].type != VT_DYNAMIC || target->t.data) {
            return vt_fail(err, VT_E_TYPE, "output %d has the element type %s, its tensor has %s", port,
                           vt_type_info(t->type)->name, vt_type_info(target->t.type)->name);
        }
        target->t.type = t->type;
        if (t->type == VT_STRING) { /* nobody knew before */
            status = make_scratch(slot, t, err);
            target = slot->scratch;
            r->overlaps = true;
        }
    }
    if (status) {
        return status;
    }
    if (target->t.rank != t->rank || !target->t.data ||
        memcmp(target->t.dims, t->dims, (size_t)t->rank * sizeof(t->dims[0]))) {
        status = vt_buffer_reshape(target, t->rank, t->dims, err);
        if (status) {
            vt_context(err, "output %d '%s': ", port, port_name(&r->compiled->io[VT_OUTPUT][port]));
            return status;
        }
    }
    if (target == slot->buffer && !slot->fixed) {
        slot->bound = target->generation;
    }
    t->data = target->t.data;
    t->bytes = target->t.bytes;
    return VT_OK;
}

void vt_request_gather(struct vt_request *r)
{
    for (int i = 0; i < r->compiled->n_io[VT_INPUT]; i++) {
        const struct vt_slot *slot = &r->slots[VT_INPUT][i];

        if (slot->scratch) {
            vt_buffer_copy(slot->buffer, slot->scratch);
        }
    }
}

int vt_request_copy_scratch(struct vt_request *r, struct vt_error *err)
{
    for (int i = 0; i < r->compiled->n_io[VT_OUTPUT]; i++) {
        struct vt_slot *slot = &r->slots[VT_OUTPUT][i];
        struct vt_tensor *src = slot->scratch ? &slot->scratch->t : NULL;
        int status = src ? vt_buffer_reshape(slot->buffer, src->rank, src->dims, err) : VT_OK;

        if (status) {
            return vt_context(err, "output %d '%s': ", i, port_name(&r->compiled->io[VT_OUTPUT][i]));
        }
        if (src && src->type == VT_STRING) {
            status = vt_buffer_copy_strings(slot->buffer, src, err);
        } else if (src && src->bytes) {
            vt_buffer_copy(slot->scratch, slot->buffer);
        }
        if (status) {
            return status;
        }
    }
    return VT_OK;
}
