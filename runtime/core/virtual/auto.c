/* AUTO and MULTI: when a model is compiled for which of its devices. */
#include "log.h"
#include "relay.h"

#include <stdlib.h>

/* ---- compiling */

static int find_cpu(const struct vt_relay *r)
{
    for (int i = 0; i < r->members.n; i++) {
        if (strcmp(r->members.items[i].target.module->name, "CPU") == 0) {
            return i;
        }
    }
    return -1;
}

static bool is_yes(const struct vt_relay *r, const char *key)
{
    const char *value = vt_settings_get(&r->config.own, key);

    return value && strcmp(value, "YES") == 0;
}

/* Compile for one device after the other, from `at` on, until one takes the model; negative when none does.
 */
static int compile_first(struct vt_relay *r, int at, int except)
{
    const char *name = vt_virtual_name(r->plugin->kind);

    while (at >= 0) {
        struct vt_member *m = &r->members.items[at];

        if (vt_member_compile(r->core, m, r->model, &r->config.pass, NULL) == VT_OK) {
            vt_auto_take(r, m->name);
            vt_log(VT_LOG_INFO, "%s: model '%s' is compiled for %s", name, r->name, m->name);
            return at;
        }
        vt_log(VT_LOG_WARNING, "%s: %s", name, m->reason.text);
        at = vt_auto_choose(r, except);
    }
    return -1;
}

/* What nobody uses and no inference will go to: NULL or for the caller to unref, without the lock that is
 * held here. Members that did not fail can be compiled again. */
static struct vt_compiled *take_idle(struct vt_relay *r, int at)
{
    struct vt_member *m = &r->members.items[at];
    struct vt_compiled *idle = m->compiled;
    bool failed = atomic_load(&m->state) == VT_MEMBER_FAILED;

    if (!idle || m->users ||
        (!failed && (r->spread || atomic_load(&r->current) == at || atomic_load(&r->goal) >= 0))) {
        return NULL;
    }
    m->compiled = NULL;
    if (!failed) {
        atomic_store(&m->state, VT_MEMBER_NEW);
    }
    return idle;
}

bool vt_relay_retain(struct vt_relay *r, int at)
{
    bool ready;

    pthread_mutex_lock(&r->lock);
    ready = vt_member_is_ready(&r->members.items[at]);
    r->members.items[at].users += ready;
    pthread_mutex_unlock(&r->lock);
    return ready;
}

void vt_relay_release(struct vt_relay *r, int at)
{
    struct vt_compiled *idle;

    pthread_mutex_lock(&r->lock);
    r->members.items[at].users--;
    idle = take_idle(r, at);
    pthread_mutex_unlock(&r->lock);
    vt_compiled_unref(idle);
}

/* A model may hold all its weights: it goes when nothing can be compiled any more. With the lock held. */
static void drop_model(struct vt_relay *r)
{
    if (atomic_load(&r->goal) < 0 && (r->spread || !r->fallback)) {
        vt_model_unref(r->model);
        r->model = NULL;
    }
}

static void *compile_behind(void *arg)
{
    struct vt_relay *r = arg;
    struct vt_compiled *idle = NULL;
    int at;

    pthread_setname_np(pthread_self(), "vt_auto");
    at = compile_first(r, atomic_load(&r->goal), r->helper);
    pthread_mutex_lock(&r->lock);
    if (at >= 0) {
        atomic_store(&r->current, at);
    }
    atomic_store(&r->goal, -1);
    /* While the CPU is still being compiled itself it stays: the foreground looks again. */
    if (r->helper_started) {
        idle = take_idle(r, r->helper);
        drop_model(r);
    }
    pthread_cond_broadcast(&r->settled);
    pthread_mutex_unlock(&r->lock);
    vt_compiled_unref(idle);
    return NULL;
}

/* All reasons in one message. */
static int none_compiles(const struct vt_relay *r, struct vt_error *err)
{
    char text[1200] = "";
    size_t at = 0;
    int code = VT_E_DEVICE;

    for (int i = 0; i < r->members.n && at < sizeof(text); i++) {
        const struct vt_member *m = &r->members.items[i];

        if (atomic_load(&m->state) == VT_MEMBER_FAILED) {
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? "; " : "", m->reason.text);
            code = m->reason.code;
        }
    }
    return vt_fail(err, code, "%s: no device compiles the model: %s", vt_virtual_name(r->plugin->kind), text);
}

/* The CPU starts at once and works until the better device is ready. */
static int start_with_helper(struct vt_relay *r, int goal, struct vt_error *err)
{
    struct vt_settings pass = {0};
    int status = VT_OK, none = -1;

    atomic_store(&r->goal, goal);
    if (pthread_create(&r->thread, NULL, compile_behind, r)) {
        atomic_store(&r->goal, -1);
        return vt_fail(err, VT_E_NOMEM, "cannot start a thread to compile the model");
    }
    r->threaded = true;
    for (int i = 0; i < r->config.pass.n && status == VT_OK; i++) {
        status = vt_settings_put(&pass, r->config.pass.keys[i], r->config.pass.values[i]);
    }
    /* It is there for the first answers: what counts is how soon they come. */
    status = status ? status : vt_settings_put(&pass, "PERFORMANCE_HINT", "LATENCY");
    status = status ? vt_fail(err, status, "out of memory")
                    : vt_member_compile(r->core, &r->members.items[r->helper], r->model, &pass, NULL);
    vt_settings_finish(&pass);
    if (status == VT_OK) {
        struct vt_compiled *idle;

        pthread_mutex_lock(&r->lock);
        atomic_compare_exchange_strong(&r->current, &none, r->helper);
        r->helper_started = true;
        idle = take_idle(r, r->helper);
        pthread_mutex_unlock(&r->lock);
        vt_compiled_unref(idle);
        return VT_OK;
    }
    pthread_mutex_lock(&r->lock);
    while (atomic_load(&r->goal) >= 0) {
        pthread_cond_wait(&r->settled, &r->lock);
    }
    pthread_mutex_unlock(&r->lock);
    return atomic_load(&r->current) >= 0 ? VT_OK : none_compiles(r, err);
}

static int start_auto(struct vt_relay *r, struct vt_error *err)
{
    int first = vt_auto_choose(r, -1), cpu = find_cpu(r);

    if (cpu >= 0 && cpu != first && is_yes(r, "ENABLE_STARTUP_FALLBACK")) {
        r->helper = cpu;
        return start_with_helper(r, first, err);
    }
    first = compile_first(r, first, -1);
    atomic_store(&r->current, first);
    return first >= 0 ? VT_OK : none_compiles(r, err);
}

static int start_multi(struct vt_relay *r, struct vt_error *err)
{
    int ready = 0;

    for (int i = 0; i < r->members.n; i++) {
        struct vt_member *m = &r->members.items[i];

        if (vt_member_compile(r->core, m, r->model, &r->config.pass, NULL) == VT_OK) {
            ready++;
        } else {
            vt_log(VT_LOG_WARNING, "%s: %s", vt_virtual_name(r->plugin->kind), m->reason.text);
        }
    }
    return ready ? VT_OK : none_compiles(r, err);
}

/* MULTI is there for throughput. */
static int default_hint(struct vt_relay *r, struct vt_error *err)
{
    if (r->plugin->kind != VT_MULTI || vt_settings_get(&r->config.pass, "PERFORMANCE_HINT")) {
        return VT_OK;
    }
    if (vt_settings_put(&r->config.own, "PERFORMANCE_HINT", "THROUGHPUT") ||
        vt_settings_put(&r->config.pass, "PERFORMANCE_HINT", "THROUGHPUT")) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    return VT_OK;
}

int vt_auto_compile(struct vt_virtual *v, struct vt_model *model, struct vt_members *members,
                    struct vt_virtual_config *config, void **compiled, struct vt_error *err)
{
    struct vt_relay *r = calloc(1, sizeof(*r));
    int status;

    if (!r) {
        vt_members_finish(members);
        vt_virtual_config_finish(config);
        vt_model_unref(model);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    r->plugin = v;
    r->core = vt_core_ref(v->core);
    r->model = model;
    r->name = strdup(vt_model_name(model));
    r->quantized = vt_auto_is_quantized(model->graph);
    r->members = *members;
    r->config = *config;
    r->n_io[VT_INPUT] = model->n_io[VT_INPUT];
    r->n_io[VT_OUTPUT] = model->n_io[VT_OUTPUT];
    r->stateful = vt_graph_is_stateful(model->graph);
    r->spread = v->kind == VT_MULTI ||
                strcmp(vt_settings_get(&r->config.own, "PERFORMANCE_HINT"), "CUMULATIVE_THROUGHPUT") == 0;
    r->round_robin = strcmp(vt_settings_get(&r->config.own, "SCHEDULE_POLICY"), "ROUND_ROBIN") == 0;
    r->fallback = r->members.n > 1 && is_yes(r, "ENABLE_RUNTIME_FALLBACK");
    r->helper = -1;
    atomic_init(&r->current, -1);
    atomic_init(&r->goal, -1);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->settled, NULL);
    status = r->name ? default_hint(r, err) : vt_fail(err, VT_E_NOMEM, "out of memory");
    status = status ? status : r->spread ? start_multi(r, err) : start_auto(r, err);
    if (status) {
        vt_relay_compiled_fns.destroy(r);
        return status;
    }
    pthread_mutex_lock(&r->lock);
    r->helper_started = true;
    drop_model(r);
    pthread_mutex_unlock(&r->lock);
    *compiled = r;
    return VT_OK;
}

/* ---- afterwards */

/* A wrong call fails on every device; these are the device's own troubles. */
static bool is_devices_fault(int status)
{
    return status == VT_E_DEVICE || status == VT_E_NOMEM || status == VT_E_UNSUPPORTED ||
           status == VT_E_INTERNAL || status == VT_E_IO;
}

static int next_ready(const struct vt_relay *r)
{
    for (int i = 0; i < r->members.n; i++) {
        if (vt_member_is_ready(&r->members.items[i])) {
            return i;
        }
    }
    return -1;
}

int vt_auto_replace(struct vt_relay *r, int failed, int status, const struct vt_error *reason)
{
    struct vt_member *m = &r->members.items[failed];
    int next;

    if (!is_devices_fault(status)) {
        return -1;
    }
    pthread_mutex_lock(&r->lock);
    if (vt_member_is_ready(m)) {
        m->reason = *reason;
        atomic_store(&m->state, VT_MEMBER_FAILED);
        vt_log(VT_LOG_WARNING, "%s: device %s failed for model '%s': %s", vt_virtual_name(r->plugin->kind),
               m->name, r->name, reason->text);
    }
    next = next_ready(r);
    while (next < 0 && atomic_load(&r->goal) >= 0) {
        pthread_cond_wait(&r->settled, &r->lock);
        next = next_ready(r);
    }
    if (next < 0 && !r->spread) {
        next = compile_first(r, vt_auto_choose(r, -1), -1);
    }
    if (next >= 0) {
        atomic_store(&r->current, next);
    } else if (m->compiled) {
        /* It may have been a passing trouble, and there is no other. */
        atomic_store(&m->state, VT_MEMBER_READY);
    }
    pthread_mutex_unlock(&r->lock);
    return next;
}

void vt_auto_finish(struct vt_relay *r)
{
    if (r->threaded) {
        pthread_join(r->thread, NULL);
    }
    vt_auto_give_back(r);
}
