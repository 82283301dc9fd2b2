#include "vintner.h"
#include "core.h"

const char *vt_version(void)
{
    return vt_runtime_version();
}
