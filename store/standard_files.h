/* standard_files.h - standard input, output and error, as a program finds them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>

/* Opens /dev/null where the caller has closed a standard file, so that nothing that is opened later takes its place: the store's
 * file would be printed into. Writing to it fails, rightly. false: it cannot be opened. */
bool standard_files_hold(void);
/* Whether it is a terminal that shows colours, and nobody said that they should not be (https://no-color.org). */
bool standard_error_is_coloured(void);
