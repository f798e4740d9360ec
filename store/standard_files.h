/* standard_files.h - what each program does first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>

/* Opens /dev/null where the caller has closed a standard file, so that nothing that is opened later takes its place: the store's
 * file would be printed into. Writing to it fails, rightly. false: it cannot be opened. */
bool standard_files_hold(void);
