// SPDX-License-Identifier: Apache-2.0
#include "schema/schema.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct slice const utc = {0};
    struct schema *schema;
    struct error err;
    if (schema_read(slice_of(bytes, length), &utc, &schema, &err)) schema_free(schema);
    return 0;
}
