// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "common/printable.h"
#include "common/text_file.h"
#include "common/writer_lock.h"
#include "database/store.h"
#include "infer/propose.h"

enum { OPTION_SCHEMA = OPTION_FIRST, OPTION_FROM };

static const struct option options[] = {
    {.name = "schema", .has_arg = required_argument, .val = OPTION_SCHEMA},
    {.name = "from", .has_arg = required_argument, .val = OPTION_FROM},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "init",
    .line = "tally init STORE --schema FILE | tally init [STORE] --from FILE",
    .help = "Makes the directory STORE and an empty store in it. Its parents must exist; an\n"
            "empty directory is taken as it is.\n\n"
            "  --schema FILE   the streams and views, as JSON, which may have comments; - is\n"
            "                  standard input\n"
            "  --from FILE     propose a schema for the data in FILE and print it; - is\n"
            "                  standard input. Its comments say what was guessed from what.\n"
            "                  With STORE, the store is made with it at once\n\n"
            "FILE is NDJSON, a JSON array, CSV or TSV, plain or compressed. Its first 10,000\n"
            "records are looked at, 16 MiB at most. Without STORE, change what is printed as\n"
            "you like, and give it to --schema.\n"
            "\n"
            "Example: tally init --from orders.csv\n",
    .options = options,
    .least_positionals = 0,
    .most_positionals = 1,
};

struct arguments {
    const char *schema;
    const char *from;
    const char *store; /* NULL: print only */
};

static bool cmd_init_set_option(void *context, int code, const char *value)
{
    struct arguments *const arguments = context;
    *(code == OPTION_SCHEMA ? &arguments->schema : &arguments->from) = value;
    return true;
}

static bool check(const struct arguments *arguments)
{
    if (arguments->schema && arguments->from)
        options_complain("--schema and --from do not go together: the one is the schema, the other "
                         "data to propose one for (leave one out)");
    else if (!arguments->schema && !arguments->from)
        options_complain("--schema FILE is missing, or --from FILE (usage: %s)", usage.line);
    else if (arguments->schema && !arguments->store)
        options_complain("STORE is missing (usage: %s)", usage.line);
    else
        return true;
    return false;
}

static enum exit_status create(const char *store, struct slice text, const char *path)
{
    struct error err;
    if (store_create(store, text, &err)) {
        struct notices const notices = console_notices(NULL);
        writer_await_mounts(store, &notices);
        return EXIT_GOOD;
    }
    if (err.kind == ERROR_SCHEMA) (void)error_wrap(&err, "%s", path);
    return console_error(&err);
}

/* What to do with the store that was made. */
static void emit_next(const struct arguments *arguments)
{
    AUTO_BUFFER struct buffer line = {0};
    buffer_add_text(&line, "next: tally ingest ");
    printable_write(slice_text(arguments->store), SIZE_MAX, &line);
    buffer_add_byte(&line, ' ');
    printable_write(slice_text(strcmp(arguments->from, "-") == 0 ? "FILE" : arguments->from),
                    SIZE_MAX, &line);
    buffer_add_byte(&line, '\0');
    console_notice(NULL, (const char *)line.at);
}

static enum exit_status propose(const struct arguments *arguments)
{
    AUTO_BUFFER struct buffer text = {0};
    struct error err;
    if (!propose_schema(arguments->from, &text, &err)) return console_error(&err);
    if (arguments->store) {
        enum exit_status const status =
            create(arguments->store, buffer_slice(&text), arguments->from);
        if (status != EXIT_GOOD) return status;
    }
    (void)fwrite(text.at, 1, text.length, stdout); /* console_end looks, here and below */
    (void)fflush(stdout);
    if (arguments->store) emit_next(arguments);
    return EXIT_GOOD;
}

enum exit_status cmd_init(int argc, char **argv)
{
    struct arguments arguments = {.schema = NULL};
    AUTO_BUFFER struct buffer text = {0};
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, cmd_init_set_option, &arguments, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    if (first < argc) arguments.store = argv[first];
    if (!check(&arguments)) return EXIT_FAILED;
    if (arguments.from) return propose(&arguments);
    if (!text_file_read(arguments.schema, &text, &err)) return console_error(&err);
    return create(arguments.store, buffer_slice(&text), arguments.schema);
}
