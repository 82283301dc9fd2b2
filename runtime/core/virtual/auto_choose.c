/* AUTO: which device is next for a model. */
#include "graph.h"
#include "relay.h"

#include <stdlib.h>

/* ---- which models use which devices, for MODEL_PRIORITY */

struct vt_taken {
    const struct vt_relay *relay;
    char name[VT_DEVICE_NAME];
    int priority; /* 0 is the highest */
    struct vt_taken *next;
};

static int priority_of(const struct vt_relay *r)
{
    const char *text = vt_settings_get(&r->config.own, "MODEL_PRIORITY");

    return strcmp(text, "HIGH") == 0 ? 0 : strcmp(text, "MEDIUM") == 0 ? 1 : 2;
}

/* Whether a model of higher priority uses a device. */
static bool is_taken(const struct vt_relay *r, const char *name)
{
    struct vt_virtual *v = r->plugin;
    bool taken = false;

    pthread_mutex_lock(&v->lock);
    for (struct vt_taken *t = v->taken; t; t = t->next) {
        taken |= strcmp(t->name, name) == 0 && t->priority < priority_of(r);
    }
    pthread_mutex_unlock(&v->lock);
    return taken;
}

void vt_auto_take(struct vt_relay *r, const char *name)
{
    struct vt_taken *t = calloc(1, sizeof(*t));

    /* Without memory the next model just chooses as if this one were not there. */
    if (t) {
        t->relay = r;
        snprintf(t->name, sizeof(t->name), "%s", name);
        t->priority = priority_of(r);
        pthread_mutex_lock(&r->plugin->lock);
        t->next = r->plugin->taken;
        r->plugin->taken = t;
        pthread_mutex_unlock(&r->plugin->lock);
    }
}

void vt_auto_give_back(const struct vt_relay *r)
{
    struct vt_taken **at = &r->plugin->taken;

    pthread_mutex_lock(&r->plugin->lock);
    while (*at) {
        struct vt_taken *t = *at;

        if (t->relay == r) {
            *at = t->next;
            free(t);
        } else {
            at = &t->next;
        }
    }
    pthread_mutex_unlock(&r->plugin->lock);
}

/* ---- choosing */

bool vt_auto_is_quantized(const struct vt_graph *graph)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        if (vt_node_is(graph->nodes[i], "FakeQuantize")) {
            return true;
        }
    }
    return false;
}

static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        if ((at == text || at[-1] == ' ') && (!at[n] || at[n] == ' ')) {
            return true;
        }
    }
    return false;
}

/* Whether a device says that it computes in what the model is made for; one that says nothing can. */
static bool is_capable(const struct vt_relay *r, const struct vt_member *m)
{
    char *text = NULL;
    bool capable;

    if (vt_core_get_property(r->core, m->name, "OPTIMIZATION_CAPABILITIES", &text, NULL)) {
        return true;
    }
    capable = r->quantized ? has_word(text, "INT8")
                           : has_word(text, "FP32") || has_word(text, "FP16") || has_word(text, "BF16");
    free(text);
    return capable;
}

int vt_auto_choose(const struct vt_relay *r, int except)
{
    for (int effort = 0; effort < 3; effort++) {
        for (int i = 0; i < r->members.n; i++) {
            const struct vt_member *m = &r->members.items[i];

            if (i == except || atomic_load(&m->state) != VT_MEMBER_NEW) {
                continue;
            }
            if (effort < 2 && !is_capable(r, m)) {
                continue;
            }
            if (effort == 0 && is_taken(r, m->name)) {
                continue;
            }
            return i;
        }
    }
    return -1;
}
