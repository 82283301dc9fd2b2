/* One plan, step by step, in a frame. Nothing is allocated here once a plan was run in its frame. */
#include "model.h"

#include <stdlib.h>
#include <time.h>

/* Pointers to what differs from one inference to the next: inputs and outputs. */
static int bind_ports(struct cpu_run *run, const struct cpu_ports *ports)
{
    const struct cpu_plan *plan = run->plan;
    int status = VT_OK;

    for (int i = 0; i < plan->n_results && status == VT_OK; i++) {
        int root = plan->values[plan->results[i]].root;

        if (plan->values[root].place == CPU_AT_OUTPUT) {
            run->data[root] =
                ports->output(ports->ctx, i, &plan->values[plan->results[i]].t, &status, run->err);
        }
    }
    for (int i = 0; i < plan->n_ports && status == VT_OK; i++) {
        const struct cpu_value *v = &plan->values[plan->ports[i]], *root = &plan->values[v->root];

        if (v->t.rank < 0) {
            run->dynamic[plan->ports[i]] = ports->inputs[root->port];
        } else if (root->place == CPU_AT_INPUT) {
            run->data[plan->ports[i]] = cpu_part_of(ports->inputs[root->port].data, v->root_offset);
        } else {
            run->data[plan->ports[i]] = cpu_part_of(run->data[v->root], v->root_offset);
        }
    }
    return status;
}

static int64_t now_us(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int run_steps(struct cpu_run *run, struct vt_profile *profile)
{
    const struct cpu_plan *plan = run->plan;
    int status = VT_OK;

    for (int i = 0; i < plan->n_steps && status == VT_OK; i++) {
        const struct cpu_step *step = &plan->steps[i];

        if (atomic_load_explicit(run->cancelled, memory_order_relaxed)) {
            return vt_fail(run->err, VT_E_CANCELLED, "the inference was cancelled");
        }
        run->serial = step->serial;
        if (profile) {
            int64_t real = now_us(CLOCK_MONOTONIC), cpu = now_us(CLOCK_THREAD_CPUTIME_ID);

            status = step->run(step, run);
            profile[i].real_us = now_us(CLOCK_MONOTONIC) - real;
            profile[i].cpu_us = now_us(CLOCK_THREAD_CPUTIME_ID) - cpu;
        } else {
            status = step->run(step, run);
        }
        if (status && step->node) {
            vt_fail(run->err, status, "%s failed", step->kernel);
            vt_context(run->err, "node '%s': ", run->host->node_name(step->node));
        }
    }
    return status;
}

/* Results whose shape came out of the data. */
static int copy_dynamic(struct cpu_run *run, const struct cpu_ports *ports)
{
    const struct cpu_plan *plan = run->plan;
    int status = VT_OK;

    for (int i = 0; i < plan->n_results && status == VT_OK; i++) {
        const struct vt_tensor *t = &run->dynamic[plan->results[i]];

        if (plan->values[plan->results[i]].t.rank < 0) {
            void *dst = ports->output(ports->ctx, i, t, &status, run->err);

            if (status == VT_OK && t->bytes) {
                memcpy(dst, t->data, t->bytes);
            }
        }
    }
    return status;
}

static void free_dynamic(struct cpu_run *run)
{
    const struct cpu_plan *plan = run->plan;

    for (int i = 0; plan->has_dynamic && i < plan->n_values; i++) {
        if (plan->values[i].place == CPU_AT_DYNAMIC) {
            cpu_return(run, run->dynamic[i].data);
            run->dynamic[i].data = NULL;
        }
    }
}

int cpu_run_plan(struct cpu_run *run, const struct cpu_plan *plan, struct cpu_frame *frame,
                 const struct cpu_ports *ports, struct vt_profile *profile)
{
    int status = cpu_frame_bind(run->model, frame, plan, run->err);

    if (status) {
        return status;
    }
    run->plan = plan;
    run->frame = frame;
    run->data = frame->data;
    run->dynamic = frame->dynamic;
    run->scratch = frame->scratch.data;
    run->scratch_stride = plan->scratch_bytes;
    status = bind_ports(run, ports);
    status = status ? status : run_steps(run, profile);
    status = status ? status : copy_dynamic(run, ports);
    free_dynamic(run);
    return status;
}

int cpu_run_inner(const struct cpu_run *outer, struct cpu_plans *plans, const struct cpu_ports *ports)
{
    struct cpu_run run = *outer;
    struct cpu_plan *plan;
    int status = cpu_plans_get(plans, ports->inputs, &plan, run.err);

    if (status) {
        return status;
    }
    if (!outer->frame->deeper) {
        outer->frame->deeper = calloc(1, sizeof(*outer->frame->deeper));
    }
    if (outer->frame->deeper) {
        status = cpu_run_plan(&run, plan, outer->frame->deeper, ports, NULL);
    } else {
        status = vt_fail(run.err, VT_E_NOMEM, "out of memory");
    }
    cpu_plan_release(plan);
    return status;
}

void *cpu_output_now(struct cpu_run *run, const struct cpu_step *step, int port, enum vt_type type, int rank,
                     const int64_t *dims)
{
    int value = step->out[port];
    struct vt_tensor t, *dynamic = &run->dynamic[value];

    if (!vt_tensor_describe(&t, type, rank, dims)) {
        vt_fail(run->err, VT_E_SHAPE, "output %d is too large", port);
        return NULL;
    }
    if (run->plan->values[value].place != CPU_AT_DYNAMIC) {
        if (t.bytes != run->plan->values[value].t.bytes) {
            vt_fail(run->err, VT_E_SHAPE, "output %d has another size than was inferred", port);
            return NULL;
        }
        return run->data[value];
    }
    cpu_return(run, dynamic->data);
    t.data = cpu_borrow(run, t.bytes);
    *dynamic = t;
    if (!t.data) {
        vt_fail(run->err, VT_E_NOMEM, "out of memory for %zu bytes of output %d", t.bytes, port);
    }
    return t.data;
}

void *cpu_frame_buffer(struct cpu_frame *frame, int index, size_t bytes)
{
    struct cpu_buffer *b;

    if (index >= frame->n_buffers) {
        b = realloc(frame->buffers, (size_t)(index + 1) * sizeof(*b));
        if (!b) {
            return NULL;
        }
        memset(b + frame->n_buffers, 0, (size_t)(index + 1 - frame->n_buffers) * sizeof(*b));
        frame->buffers = b;
        frame->n_buffers = index + 1;
    }
    b = &frame->buffers[index];
    if (!b->data || b->bytes < bytes) {
        void *data = aligned_alloc(64, (bytes + 64) & ~(size_t)63);

        if (!data) {
            return NULL;
        }
        if (b->data) {
            memcpy(data, b->data, b->bytes);
        }
        free(b->data);
        *b = (struct cpu_buffer){data, bytes};
    }
    return b->data;
}
