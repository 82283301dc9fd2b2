#include "core.h"
#include "vintner.h"

const char *vt_version(void)
{
    return vt_runtime_version();
}
