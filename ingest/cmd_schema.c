// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "commands.h"
#include "options.h"
#include "text_file.h"
#include "tree_print.h"

enum { OPTION_APPLY = OPTION_FIRST };

static const struct option options[] = {
    {.name = "apply", .has_arg = required_argument, .val = OPTION_APPLY},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "schema",
    .line = "tally schema STORE [--apply FILE]",
    .help = "Prints the schema in force.\n\n"
            "  --apply FILE   put another schema in force; - is standard input\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

static bool set_option(void *context, int code, const char *value)
{
    const char **const file = context;
    if (code == OPTION_APPLY) *file = value;
    return true;
}

/* Drops the blanks outside of strings, which mean nothing in JSON. */
static void compact(struct slice json, struct buffer *into)
{
    bool inside = false, escaped = false;
    for (size_t i = 0; i < json.length; i++) {
        uint8_t const byte = json.at[i];
        bool const blank = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
        if (inside || !blank) buffer_add_byte(into, byte);
        if (byte == '"' && !escaped) inside = !inside;
        escaped = inside && byte == '\\' && !escaped;
    }
}

static bool same_content(struct slice one, struct slice other)
{
    AUTO_BUFFER struct buffer left = {0};
    AUTO_BUFFER struct buffer right = {0};
    compact(one, &left);
    compact(other, &right);
    return slice_equal(buffer_slice(&left), buffer_slice(&right));
}

static void print_schema(struct slice text)
{
    (void)fwrite(text.at, 1, text.length, stdout); /* report_end looks, here and below */
    if (text.length == 0 || text.at[text.length - 1] != '\n') (void)putchar('\n');
}

static enum exit_status apply(const struct schema *in_force, const char *file)
{
    AUTO_BUFFER struct buffer text = {0};
    struct schema *schema;
    struct error err;
    if (!text_file_read(file, &text, &err)) return report_error(&err);
    if (same_content(in_force->text, buffer_slice(&text))) {
        (void)puts("this schema is in force already");
        return EXIT_GOOD;
    }
    if (!schema_read(buffer_slice(&text), NULL, &schema, &err)) {
        (void)error_wrap(&err, "%s", file);
        return report_error(&err);
    }
    schema_free(schema);
    (void)error_set(&err, ERROR_SCHEMA, "changing the schema of a store is not supported yet");
    (void)error_remedy(&err, "make a new store with 'tally init' and ingest into it");
    return report_error(&err);
}

enum exit_status cmd_schema(int argc, char **argv)
{
    const char *file = NULL;
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, set_option, &file, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    if (!tree_view_open(&view, argv[first], &err)) return report_error(&err);
    if (file) return apply(view.snapshot->schema, file);
    print_schema(view.snapshot->schema->text);
    return EXIT_GOOD;
}
