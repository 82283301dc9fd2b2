#include "openvino/c/ov_util.h"

#include "log.h"

#include <stdatomic.h>

static _Atomic(ov_util_log_callback_func) callback;

static void forward(void *user, int level, const char *line)
{
    ov_util_log_callback_func func = atomic_load(&callback);

    (void)user;
    (void)level;
    if (func) {
        func(line);
    }
}

void ov_util_set_log_callback(ov_util_log_callback_func func)
{
    atomic_store(&callback, func);
    vt_log_set_callback(forward, NULL);
}

void ov_util_reset_log_callback(void)
{
    vt_log_set_callback(NULL, NULL);
    atomic_store(&callback, NULL);
}
