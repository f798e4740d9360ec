/* resources.h - what a command may take.
 *
 * Place    from the command line to each transaction and proof.
 * Memory   none: it is a value.
 * Threads  pure.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stddef.h>

struct resources {
    size_t memory_bytes; /* about; each user says what it counts */
    size_t threads;      /* 0 is 1 */
};
