/* Inference requests: tensors of all ports, and one run at a time.
 *
 * One thread at a time uses a request, except for wait, wait_for and cancel, which any thread may call. While
 * it runs, everything else is answered with VT_E_BUSY. Core, model and compiled model may go before it. */
#ifndef VT_REQUEST_H
#define VT_REQUEST_H

#include "buffer.h"
#include "compiled.h"

struct vt_request;

int vt_request_create(struct vt_compiled *compiled, struct vt_request **request, struct vt_error *err);

/* Waits for a running inference, whose callback is not called any more. Allowed inside of the request's own
 * callback. NULL is allowed. */
void vt_request_destroy(struct vt_request *request);

struct vt_compiled *vt_request_compiled(const struct vt_request *request);

/* Let a port use a tensor, of which the request takes a reference. VT_E_RANGE for a port that does not exist,
 * VT_E_TYPE and VT_E_SHAPE when the tensor does not fit it. An output also takes an empty tensor, which
 * grows.
 */
int vt_request_set(struct vt_request *request, enum vt_side side, int index, struct vt_buffer *buffer,
                   struct vt_error *err);

/* The tensor of a port, a new reference. It is made on demand: with memory, dynamic dims 0; a dynamic output
 * has no memory before the first inference. */
int vt_request_get(struct vt_request *request, enum vt_side side, int index, struct vt_buffer **buffer,
                   struct vt_error *err);

/* Run in the calling thread; no callback is called. VT_E_CANCELLED when another thread cancelled it. */
int vt_request_infer(struct vt_request *request, struct vt_error *err);

/* Run in a thread of the compiled model's; as many requests as it has streams run at the same time. */
int vt_request_start(struct vt_request *request, struct vt_error *err);

/* Wait until what was started has ended and its callback has returned; the result is that of the inference,
 * again and again until the next start. VT_OK when nothing was started. */
int vt_request_wait(struct vt_request *request, struct vt_error *err);

/* The same for at most `milliseconds`: VT_E_NOT_READY, without a message, when the time is up or nothing was
 * ever started. VT_E_INVALID for a negative time. */
int vt_request_wait_for(struct vt_request *request, int64_t milliseconds, struct vt_error *err);

/* Ask what runs to stop soon; it then ends with VT_E_CANCELLED. Nothing happens to an idle request. */
void vt_request_cancel(struct vt_request *request);

/* Called after each asynchronous inference, however it ended, on a thread of the compiled model's, before
 * waiters go on. It may start the request again. fn NULL: none. */
int vt_request_set_callback(struct vt_request *request, void (*fn)(void *arg), void *arg,
                            struct vt_error *err);

struct vt_state;

/* Give a variable a value, which is copied. VT_E_TYPE and VT_E_SHAPE when the model cannot take it. */
int vt_request_state_set(struct vt_request *request, struct vt_state *state, const struct vt_tensor *value,
                         struct vt_error *err);

/* What each step of the last inference cost; the list lives until the next one or the request's end. Without
 * PERF_COUNT the steps have no times; empty where the device does not list them. */
int vt_request_profile(struct vt_request *request, const struct vt_profile **list, int *n,
                       struct vt_error *err);

/* Variable states (runtime/graph/state.h), owned by the request; VT_E_UNSUPPORTED where the device hides
 * them.
 */
int vt_request_states(struct vt_request *request, struct vt_state_store **states, struct vt_error *err);

#endif
