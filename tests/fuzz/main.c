/* main.c - replays files through a fuzz target, where libFuzzer's own main is not linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <stdio.h>

#include "base/arena.h"
#include "fuzz.h"

static int replay(const char *path)
{
    AUTO_BUFFER struct buffer bytes = {0};
    FILE *const file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    for (int byte; (byte = fgetc(file)) != EOF;)
        buffer_add_byte(&bytes, (uint8_t)byte);
    int const bad = ferror(file);
    (void)fclose(file);
    if (!bad) (void)LLVMFuzzerTestOneInput(bytes.at, bytes.length);
    return bad;
}

int main(int argc, char **argv)
{
    int count = 0;
    DIR *const folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 1;
    }
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (replay(path)) return 1;
        count++;
    }
    (void)closedir(folder);
    return count == 0; /* nothing replayed proves nothing */
}
