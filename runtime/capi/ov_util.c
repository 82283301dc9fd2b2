#include "openvino/c/ov_util.h"

#include "capi.h"
#include "log.h"

static void forward(void *user, int level, const char *line)
{
    ov_util_log_callback_func func = (ov_util_log_callback_func)user;

    (void)level;
    if (func) {
        func(line);
    }
}

void ov_util_set_log_callback(ov_util_log_callback_func func)
{
    vt_log_set_callback(forward, (void *)func);
}

void ov_util_reset_log_callback(void)
{
    vt_log_set_callback(NULL, NULL);
}
