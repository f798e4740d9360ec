/* An input file of any form: what is proposed for it is a schema.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "infer/propose.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "schema/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO_BUFFER struct buffer text = {0};
    struct schema *schema;
    struct error err;
    char path[64];
    AUTO_FD int const fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length) __builtin_trap();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!propose_schema(path, &text, &err)) return 0;
    if (!schema_read(buffer_slice(&text), NULL, &schema, &err)) __builtin_trap();
    schema_free(schema);
    return 0;
}
