/* random.h - random bytes from the kernel.
 *
 * Place    keys of hashes, the nonces of commits, names that nobody else has.
 * Promise  nobody can foresee them.
 * Memory   the caller's.
 * Threads  any.
 * Errors   false, with errno: the system gives none, as a filter of system calls may have it.
 * Limits   256 bytes: so many come whole or not at all.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

bool random_draw(void *ret_bytes, size_t size) MUST_CHECK;
