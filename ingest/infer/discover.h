/* discover.h - which columns an input has that nobody has described.
 *
 * Place    propose.c asks, before the sample is read for anything else.
 * Memory   names are copied to the sample's arena.
 * Threads  one owner of the sample.
 * Errors   those of the input, placed there.
 * Limits   SAMPLE_COLUMNS_MAX, SAMPLE_STEPS_MAX.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "infer/sample.h"

/* Fills the columns and omissions of the sample, which is open. Fails where there are none. */
bool discover_columns(struct sample *sample, struct error *err) MUST_CHECK;
