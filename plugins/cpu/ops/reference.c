/* The last candidate: the core's reference, through the host. Also everything whose shapes come out of the
 * data. */
#include "impl.h"
#include "model.h"

static bool supports(const struct cpu_op *op, const char **reason)
{
    *reason = "it has no reference";
    return op->host->node_has_eval(op->node);
}

struct reference {
    struct vt_tensor *in, *out; /* descriptions; data is filled in for each run */
};

static int collect_inputs(const struct cpu_step *step, struct cpu_run *run, struct vt_tensor *in)
{
    const struct reference *ref = step->data;

    for (int i = 0; i < step->n_in; i++) {
        if (step->in[i] < 0) {
            in[i] = ref->in[i];
        } else if (run->plan->values[step->in[i]].t.rank < 0) {
            in[i] = run->dynamic[step->in[i]];
        } else {
            in[i] = ref->in[i];
            in[i].data = run->data[step->in[i]];
        }
    }
    return VT_OK;
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct reference *ref = step->data;
    struct vt_tensor *in = cpu_borrow(run, sizeof(*in) * (size_t)(step->n_in + step->n_out + 1));
    struct vt_tensor *out;
    int status;

    if (!in) {
        return vt_fail(run->err, VT_E_NOMEM, "out of memory");
    }
    out = in + step->n_in;
    collect_inputs(step, run, in);
    for (int i = 0; i < step->n_out; i++) {
        out[i] = ref->out[i];
        if (run->plan->values[step->out[i]].place != CPU_AT_DYNAMIC) {
            out[i].data = run->data[step->out[i]];
        }
    }
    status = run->heap ? run->host->node_eval_in(step->node, in, out, run->states, run->heap, run->err)
                       : run->host->node_eval(step->node, in, out, run->states, run->err);
    for (int i = 0; i < step->n_out && status == VT_OK; i++) {
        if (run->plan->values[step->out[i]].place == CPU_AT_DYNAMIC) {
            cpu_return(run, run->dynamic[step->out[i]].data);
            run->dynamic[step->out[i]] = out[i];
        }
    }
    cpu_return(run, in);
    return status;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct reference *ref = cpu_plan_alloc(b, sizeof(*ref));

    (void)option;
    if (ref) {
        ref->in = cpu_plan_alloc(b, sizeof(*ref->in) * (size_t)op->n_in);
        ref->out = cpu_plan_alloc(b, sizeof(*ref->out) * (size_t)op->n_out);
    }
    if (!ref || !ref->in || !ref->out) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < op->n_in; i++) {
        const struct cpu_value *v = cpu_build_in(b, step, i);

        if (v) {
            ref->in[i] = v->t;
        }
    }
    for (int i = 0; i < op->n_out; i++) {
        ref->out[i] = cpu_build_out(b, step, i)->t;
    }
    step->run = run;
    step->data = ref;
    return VT_OK;
}

const struct cpu_impl cpu_impl_reference = {
    .name = "ref",
    .supports = supports,
    .prepare = prepare,
};
