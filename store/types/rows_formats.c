// SPDX-License-Identifier: Apache-2.0
#include "types/rows_formats.h"

const char *const rows_extensions[ROWS_FORMATS] = {
    [ROWS_JSON] = ".json", [ROWS_NDJSON] = ".ndjson", [ROWS_CSV] = ".csv", [ROWS_PROM] = ".prom"};
const bool rows_on_demand[ROWS_FORMATS] = {[ROWS_PROM] = true};
