/* Where the library's own messages go. */
#ifndef OPENVINO_C_OV_UTIL_H
#define OPENVINO_C_OV_UTIL_H

#include "openvino/c/ov_common.h"

/* `message` is valid during the call only. May be called from any thread, several at a time. */
typedef void (*ov_util_log_callback_func)(const char *message);

/* Send messages to `func`, process-wide; NULL silences them. */
OPENVINO_C_API(void) ov_util_set_log_callback(ov_util_log_callback_func func);

/* Send messages to the standard output again. */
OPENVINO_C_API(void) ov_util_reset_log_callback(void);

#endif
