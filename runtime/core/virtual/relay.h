/* AUTO and MULTI: a model compiled for several devices, of which each inference takes one.
 *
 * A request has at most one request of each device behind it, made when an inference first goes there, and
 * knows which bindings each of them has seen. Variable states live in those, so a request of a stateful model
 * is bound to one device: MULTI's from its creation, AUTO's from its first inference or the first look at its
 * states. */
#ifndef VT_RELAY_H
#define VT_RELAY_H

#include "virtual_impl.h"

struct vt_relay {
    struct vt_virtual *plugin;
    struct vt_core *core;   /* a reference: devices may be compiled late */
    struct vt_model *model; /* NULL when nothing will be compiled any more */
    char *name;             /* its name */
    bool quantized;
    struct vt_members members;
    struct vt_virtual_config config;
    int n_io[2];
    bool stateful;
    bool spread;      /* inferences go to all ready members, else to `current` */
    bool round_robin; /* spread: by turns, else the first that is free */
    bool fallback;    /* when a device fails at run time, another takes over */
    atomic_uint turn;
    atomic_int current; /* -1 before any member is ready */

    pthread_mutex_t lock; /* around users, compiling late, and `goal`'s end; whoever uses a member's compiled
                           * model holds it or counts as a user */

    /* AUTO's start on the CPU */
    pthread_cond_t settled;
    pthread_t thread;
    bool threaded;
    bool helper_started; /* what the foreground had to compile is compiled, under the lock */
    int helper;          /* member that works until `goal` is there; -1: none */
    atomic_int goal;     /* member that is being compiled in the background; -1: none (any more) */
};

/* auto.c: a compiled model is kept while requests use it, and freed when inferences do not go there any more:
 * that of the CPU after it stood in for another device. False when the member is not ready (any more). */
bool vt_relay_retain(struct vt_relay *relay, int at);
void vt_relay_release(struct vt_relay *relay, int at);

/* relay_request.c */
int vt_relay_create_request(void *compiled, void **request, struct vt_error *err);

/* auto_choose.c. The first member that was not tried yet, other than `except`: a capable one that no model of
 * higher priority uses, then a capable one, then any; negative when there is none. */
int vt_auto_choose(const struct vt_relay *relay, int except);

/* Whether a model is made for integers. */
bool vt_auto_is_quantized(const struct vt_graph *graph);

/* Note that the model uses a device, for models of lower priority; and that it uses none any more. */
void vt_auto_take(struct vt_relay *relay, const char *name);
void vt_auto_give_back(const struct vt_relay *relay);

/* auto.c: after the inference on a member failed, the member that is to repeat it; negative: none. */
int vt_auto_replace(struct vt_relay *relay, int failed, int status, const struct vt_error *reason);

/* auto.c: forget that the model uses devices, wait for the background thread. */
void vt_auto_finish(struct vt_relay *relay);

#endif
