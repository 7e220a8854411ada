#include "base/ctl.h"

hl_code hl_ctl_check(const hl_ctl *ctl, hl_error *err)
{
    if (!hl_ctl_cancelled(ctl))
        return HL_OK;
    return hl_fail(err, HL_E_STOPPED,
                   "stopped as asked\nRun the same command with --resume to go on.");
}
