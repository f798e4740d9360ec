// SPDX-License-Identifier: Apache-2.0
#include "cli/load_options.h"

#include "cli/options.h"

enum { MEMORY_LEAST_MEBIBYTES = 16 };

bool load_option_max_rejects(const char *value, struct reject_limit *limit)
{
    if (reject_limit_read(slice_text(value), limit)) return true;
    options_complain(
        "--max-rejects: '%s' is neither a number nor a percentage (write 100, or 2.5%%)", value);
    return false;
}

bool load_option_memory(const char *value, size_t *bytes)
{
    if (options_read_size(value, bytes) && *bytes >= (size_t)MEMORY_LEAST_MEBIBYTES << 20)
        return true;
    options_complain("--memory: '%s' is not a size of at least %dM (write 512M, or 2G)", value,
                     MEMORY_LEAST_MEBIBYTES);
    return false;
}

bool load_option_commit_every(const char *value, struct follow_bound *bound)
{
    if (follow_read_bound(value, bound)) return true;
    options_complain("--commit-every: '%s' is neither a time nor a size (write 500ms, 2s, 1min, "
                     "64K or 16M)",
                     value);
    return false;
}
