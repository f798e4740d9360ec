// SPDX-License-Identifier: Apache-2.0
#include "cli/load_options.h"

#include <sched.h>
#include <stdlib.h>

#include "cli/options.h"
#include "common/byte_size.h"
#include "verify/verify.h"

enum { MEMORY_LEAST_MEBIBYTES = 16, MEMORY_DEFAULT_MEBIBYTES = 512, THREADS_MOST = 256 };

struct resources load_resources_default(void)
{
    cpu_set_t processors;
    int const count =
        sched_getaffinity(0, sizeof processors, &processors) == 0 ? CPU_COUNT(&processors) : 1;
    return (struct resources){.memory_bytes = (size_t)MEMORY_DEFAULT_MEBIBYTES << 20,
                              .threads = (size_t)(count < THREADS_MOST ? count : THREADS_MOST)};
}

struct resources load_resources_to_verify(struct resources resources)
{
    size_t const most = resources.memory_bytes / VERIFY_THREAD_BYTES;
    if (resources.threads > most) resources.threads = most ? most : 1;
    return resources;
}

bool load_option_max_rejects(const char *value, struct reject_limit *limit)
{
    if (reject_limit_read(slice_text(value), limit)) return true;
    options_complain(
        "--max-rejects: '%s' is neither a number nor a percentage (write 100, or 2.5%%)", value);
    return false;
}

bool load_option_format(const char *value, enum input_format *format)
{
    if (input_format_read(value, format)) return true;
    options_complain("--format '%s' is not known (give ndjson or csv)", value);
    return false;
}

bool load_option_memory(const char *value, size_t *bytes)
{
    if (byte_size_read(value, bytes) && *bytes >= (size_t)MEMORY_LEAST_MEBIBYTES << 20) return true;
    options_complain("--memory: '%s' is not a size of at least %dM (write 512M, or 2G)", value,
                     MEMORY_LEAST_MEBIBYTES);
    return false;
}

bool load_option_threads(const char *value, size_t *threads)
{
    char *end;
    unsigned long const count = strtoul(value, &end, 10);
    *threads = count;
    if (*value >= '1' && *value <= '9' && !*end && count <= THREADS_MOST) return true;
    options_complain("--threads: '%s' is not a number from 1 to %d", value, THREADS_MOST);
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
