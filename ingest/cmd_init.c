// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "commands.h"
#include "options.h"
#include "store.h"
#include "text_file.h"

enum { OPTION_SCHEMA = OPTION_FIRST };

static const struct option options[] = {
    {.name = "schema", .has_arg = required_argument, .val = OPTION_SCHEMA},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "init",
    .line = "tally init STORE --schema FILE",
    .help = "Makes the directory STORE and an empty store in it. Its parents must exist; an\n"
            "empty directory is taken as it is.\n"
            "\n"
            "  --schema FILE   the streams and views, as JSON; - is standard input\n"
            "\n"
            "Example: tally init shop --schema shop.json\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

static bool set_option(void *context, int code, const char *value)
{
    const char **const schema = context;
    if (code == OPTION_SCHEMA) *schema = value;
    return true;
}

enum exit_status cmd_init(int argc, char **argv)
{
    const char *schema = NULL;
    AUTO_BUFFER struct buffer text = {0};
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, set_option, &schema, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    if (!schema) {
        options_complain("--schema FILE is missing (usage: %s)", usage.line);
        return EXIT_FAILED;
    }
    if (!text_file_read(schema, &text, &err)) return report_error(&err);
    if (!store_create(argv[first], buffer_slice(&text), &err)) {
        if (err.kind == ERROR_SCHEMA) (void)error_wrap(&err, "%s", schema);
        return report_error(&err);
    }
    return EXIT_GOOD;
}
