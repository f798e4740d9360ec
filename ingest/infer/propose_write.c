/* The text of a proposal: JSON, with what was guessed from what as comments.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "common/printable.h"
#include "common/reject_limit.h"
#include "infer/propose_p.h"

enum {
    ALWAYS_LET_PASS = 10 /* see reject_limit.h */,
    NAME_BYTES = 60,
    WHY_BYTES = 200,
    OMISSIONS_SHOWN = 10
};

/* 10,000 */
static void add_count(struct buffer *text, size_t count)
{
    if (count >= 1000) {
        add_count(text, count / 1000);
        buffer_format(text, ",%03zu", count % 1000);
    } else {
        buffer_format(text, "%zu", count);
    }
}

static void add_counted(struct buffer *text, size_t count, const char *what)
{
    add_count(text, count);
    buffer_format(text, " %s%s", what, count == 1 ? "" : "s");
}

/* Names and values of the data must not end the comment that they stand in. */
static void add_shown(struct buffer *text, struct slice shown)
{
    printable_write(shown, NAME_BYTES, text);
}

static void write_refused(const struct proposal *proposal, struct buffer *text)
{
    static const struct reject_limit usual = {.kind = LIMIT_DEFAULT};
    const struct sample *const sample = &proposal->sample;
    const struct column_profiles *const facts = &proposal->facts;
    bool const unread = sample->refused_count > 0;
    size_t const count = sample->refused_count + facts->refused_count;
    if (count == 0) return;
    buffer_add_text(text, "// ");
    add_counted(text, count, "record");
    buffer_format(text, " would be refused, as line %llu: ",
                  (unsigned long long)(unread ? sample->refused_line : facts->refused_line));
    printable_write(unread ? sample->refused_why : facts->refused_why, WHY_BYTES, text);
    buffer_add_byte(text, '\n');
    if (reject_limit_exceeded(&usual, count, facts->record_count + count))
        buffer_add_text(text,
                        "// They are many: tally ingest needs --max-rejects to let them pass.\n");
}

static void write_top(const struct proposal *proposal, struct buffer *text)
{
    const struct sample *const sample = &proposal->sample;
    size_t const count = sample->record_count + sample->refused_count;
    buffer_add_text(text, "// Guessed from ");
    source_write_name(sample->source, text);
    buffer_add_text(text, sample->is_all ? ", all of its " : ", its first ");
    add_counted(text, count, "record");
    buffer_add_text(
        text, ".\n// Look it through, and change what is not so: key and types stay as they are "
              "once there are\n// events, views can be changed at any time.\n");
    write_refused(proposal, text);
    if (count == 0)
        buffer_add_text(text,
                        "// There is no record: types are unknown, and all fields strings.\n");
    buffer_add_text(text, "{\n");
}

static void write_timezone(const struct proposal *proposal, struct buffer *text)
{
    buffer_add_text(text, "  \"timezone\": \"UTC\",");
    for (size_t i = 0; i < proposal->stream.field_count; i++) {
        const struct inference *const inference = proposal->seen[i];
        const char *const format = proposal->inferred[i].format;
        if (proposal->inferred[i].type != FIELD_TIME) continue;
        bool const has_offset =
            format[0] ? strpbrk(format, "zZ") != NULL
                      : inference->numbers > 0 || inference->with_offset == inference->times;
        if (has_offset) continue;
        buffer_add_text(text, " // times as in ");
        add_shown(text, proposal->stream.fields[i].name);
        buffer_add_text(text, " have no offset: name the zone they are in, as \"Europe/Berlin\"");
        break;
    }
    buffer_add_byte(text, '\n');
}

static void write_key(const struct proposal *proposal, struct buffer *text)
{
    if (proposal->key_count == 0) {
        buffer_add_text(
            text, "      // No \"key\": nothing surely identifies a record. So every record "
                  "counts; a file "
                  "that comes\n      // again is recognised as a whole, single records are not.\n");
        return;
    }
    bool const pair = proposal->key_count == 2;
    buffer_add_text(text, pair ? "      \"key\": [" : "      \"key\": ");
    json_string(proposal_name(proposal, proposal->key[0]), text);
    if (pair) {
        buffer_add_text(text, ", ");
        json_string(proposal_name(proposal, proposal->key[1]), text);
    }
    buffer_add_text(text, pair ? "], // " : ", // ");
    if (proposal->key_repeats == 0) {
        buffer_add_text(text, pair ? "together different in " : "different in ");
        add_counted(text, proposal->facts.record_count, "record");
        buffer_add_text(text, ": is it so in all files?\n");
    } else {
        add_counted(text, proposal->key_repeats, "record");
        buffer_add_text(text, " with a key that was there before\n");
    }
    if (proposal->version == NO_FIELD_CHOSEN) {
        buffer_add_text(text,
                        "      \"on_duplicate\": \"ignore\", // a key that comes again changes "
                        "nothing; \"replace\" takes the last\n");
        return;
    }
    buffer_add_text(text, "      \"on_duplicate\": {\"newest\": ");
    json_string(proposal_name(proposal, proposal->version), text);
    buffer_add_text(text, "}, // of the records of one key the latest counts\n");
    if (proposal->operation == NO_FIELD_CHOSEN) return;
    buffer_add_text(text, "      \"delete_when\": \"");
    buffer_add_slice(text, proposal_name(proposal, proposal->operation));
    buffer_add_text(text, " = '");
    buffer_add_slice(text, proposal->delete_word);
    buffer_add_text(text, "'\", // a guess from the name and values of the field\n");
}

static void write_time(const struct proposal *proposal, struct buffer *text)
{
    size_t times = 0;
    for (size_t i = 0; i < proposal->stream.field_count; i++)
        times += proposal->inferred[i].type == FIELD_TIME;
    if (times == 0) return;
    buffer_add_text(text, "      \"time\": ");
    json_string(proposal_name(proposal, proposal->time), text);
    buffer_add_byte(text, ',');
    if (times > 1) buffer_add_text(text, " // of several times the one that views go by");
    buffer_add_byte(text, '\n');
}

static void write_type(const struct proposal *proposal, size_t index, struct buffer *text)
{
    static const char *const types[] = {
        [FIELD_STRING] = "string",   [FIELD_BOOL] = "bool", [FIELD_INT] = "int",
        [FIELD_DECIMAL] = "decimal", [FIELD_TIME] = "time", [FIELD_FLOAT] = "float",
    };
    const struct field *const field = &proposal->stream.fields[index];
    bool const same = slice_equal(field->name, field->column);
    if (same && !field->format.length) {
        buffer_format(text, "\"%s\"", types[field->type]);
        return;
    }
    buffer_format(text, "{\"type\": \"%s\"", types[field->type]);
    if (field->format.length) {
        buffer_add_text(text, ", \"format\": ");
        json_string(field->format, text);
    }
    if (!same) {
        buffer_add_text(text, ", \"column\": ");
        json_string(field->column, text);
    }
    buffer_add_byte(text, '}');
}

/* A part of a comment; *FIRST: nothing stands in front of it. */
static void begin_remark(struct buffer *text, bool *first)
{
    buffer_add_text(text, *first ? " // " : "; ");
    *first = false;
}

/* A time is shown to the day, or to the second. */
static void propose_write_add_value(const struct proposal *proposal, const struct value *value,
                                    bool exact, struct buffer *text)
{
    enum { DAY_BYTES = 10, SECOND_BYTES = 19 };
    if (value->kind != VALUE_TIME) {
        value_text(value, (struct value_type){.kind = value->kind}, proposal->zone, text);
        return;
    }
    char time[CALENDAR_TEXT_BYTES];
    (void)calendar_write(value->time_ns, proposal->zone, time); /* longer than both */
    buffer_add(text, time, exact ? SECOND_BYTES : DAY_BYTES);
}

static void add_range(const struct proposal *proposal, const struct column_profile *fact,
                      struct buffer *text)
{
    int128 const two_days_ns = (int128)2 * 86400 * 1000000000;
    bool const exact = fact->least.kind == VALUE_TIME &&
                       fact->greatest.time_ns - fact->least.time_ns < two_days_ns;
    propose_write_add_value(proposal, &fact->least, exact, text);
    if (fact->distinct == 1) return;
    buffer_add_text(text, " to ");
    propose_write_add_value(proposal, &fact->greatest, exact, text);
}

static void write_values(const struct proposal *proposal, const struct column_profile *fact,
                         struct buffer *text)
{
    size_t const values = proposal->facts.record_count - fact->nulls;
    if (fact->distinct == 1 && values > 1) buffer_add_text(text, "always ");
    if (fact->least.kind != VALUE_NULL) {
        add_range(proposal, fact, text);
    } else if (fact->distinct == fact->shown_count) {
        for (size_t i = 0; i < fact->shown_count; i++) {
            if (i > 0) buffer_add_text(text, ", ");
            buffer_add_slice(text, fact->shown[i]);
        }
    } else {
        if (fact->distinct == values)
            buffer_add_text(text, "all");
        else
            add_count(text, fact->distinct);
        buffer_add_text(text, " different, as ");
        buffer_add_slice(text, fact->shown[0]);
    }
}

static void write_remarks(const struct proposal *proposal, size_t index, struct buffer *text)
{
    const struct column_profile *const fact = &proposal->facts.of[index];
    bool first = true;
    if (proposal->notes[index].length) {
        begin_remark(text, &first);
        buffer_add_slice(text, proposal->notes[index]);
    }
    if (fact->distinct > 0) {
        begin_remark(text, &first);
        write_values(proposal, fact, text);
    }
    if (fact->nulls > 0 && fact->distinct > 0) {
        begin_remark(text, &first);
        buffer_add_text(text, "null in ");
        add_count(text, fact->nulls);
        buffer_add_text(text, " of ");
        add_count(text, proposal->facts.record_count);
    }
}

static void write_omissions(const struct proposal *proposal, struct buffer *text)
{
    static const char *const reasons[] = {
        [OMITTED_ARRAY] = "has lists or objects",
        [OMITTED_DEEP] = "is nested too deeply",
        [OMITTED_TWICE] = "stands in the header twice: name its columns apart to read them",
        [OMITTED_UNREADABLE] = "has a name that is not UTF-8: convert the file, as with iconv",
        [OMITTED_NAMELESS] = "columns without a name cannot be told apart",
    };
    const struct sample *const sample = &proposal->sample;
    size_t shown = 0;
    for (size_t i = 0; i < sample->omission_count; i++) {
        const struct omission *const omission = &sample->omissions[i];
        bool used = false;
        for (size_t j = 0; j < proposal->stream.field_count; j++)
            used |= slice_equal(proposal->stream.fields[j].column, omission->column);
        if (used) continue;
        if (shown++ == OMISSIONS_SHOWN) {
            buffer_add_text(text, "        // ... and others\n");
            break;
        }
        buffer_add_text(text, "        // left out: ");
        add_shown(text, omission->column);
        buffer_format(text, "%s%s\n", omission->column.length ? " " : "",
                      reasons[omission->reason]);
    }
    if (sample->too_many_columns)
        buffer_format(text, "        // left out: all but the first %d columns\n",
                      SAMPLE_COLUMNS_MAX);
}

static void write_fields(const struct proposal *proposal, struct buffer *text)
{
    buffer_add_text(text, "      \"fields\": {\n");
    for (size_t i = 0; i < proposal->stream.field_count; i++) {
        buffer_add_text(text, "        ");
        json_string(proposal->stream.fields[i].name, text);
        buffer_add_text(text, ": ");
        write_type(proposal, i, text);
        if (i + 1 < proposal->stream.field_count) buffer_add_byte(text, ',');
        write_remarks(proposal, i, text);
        buffer_add_byte(text, '\n');
    }
    write_omissions(proposal, text);
    buffer_add_text(text, "      }\n");
}

static void write_view(const struct proposal *proposal, struct slice name, int field, bool by_time,
                       struct buffer *text)
{
    bool const by_field = field != NO_FIELD_CHOSEN;
    enum measure_reach const reach = by_field ? REACH_ALL : by_time ? REACH_TIME : REACH_TOTALS;
    bool first = true;
    buffer_add_text(text, "    ");
    json_string(name, text);
    buffer_add_text(text, ": {\n");
    if (by_field || by_time) buffer_add_text(text, "      \"by\": [");
    if (by_field) json_string(proposal_name(proposal, field), text);
    if (by_field && by_time) buffer_add_text(text, ", ");
    if (by_time) {
        struct slice const time = proposal_name(proposal, proposal->time);
        buffer_format(text, "\"%s(%.*s)\"", bucket_unit_names[proposal->unit], (int)time.length,
                      (const char *)time.at);
    }
    if (by_field || by_time) buffer_add_text(text, "],");
    if (by_time && !by_field)
        buffer_add_text(text, " // one of hour, day, week, month, quarter, year");
    if (by_field || by_time) buffer_add_byte(text, '\n');
    buffer_add_text(text, "      \"measures\": {");
    for (size_t i = 0; i < proposal->measure_count; i++) {
        const struct proposed_measure *const measure = &proposal->measures[i];
        if (measure->reach < reach || (by_field && measure->field == field)) continue;
        buffer_add_text(text, first ? "\n        " : ",\n        ");
        json_string(measure->name, text);
        buffer_add_text(text, ": ");
        json_string(measure->text, text);
        first = false;
    }
    buffer_add_text(text, "\n      }\n    }");
}

static void write_views(const struct proposal *proposal, struct buffer *text)
{
    static const char *const names[BUCKET_UNITS] = {
        [BUCKET_HOUR] = "hourly", [BUCKET_DAY] = "daily", [BUCKET_MONTH] = "monthly"};
    bool const by_time = proposal->time != NO_FIELD_CHOSEN;
    buffer_add_text(text, "  \"views\": {\n");
    write_view(proposal, slice_text("totals"), NO_FIELD_CHOSEN, false, text);
    if (by_time) {
        buffer_add_text(text, ",\n");
        write_view(proposal, slice_text(names[proposal->unit]), NO_FIELD_CHOSEN, true, text);
    }
    for (size_t i = 0; i < proposal->dimension_count; i++) {
        AUTO_BUFFER struct buffer name = {0};
        int const field = proposal->dimensions[i];
        buffer_add_text(&name, "by_");
        buffer_add_slice(&name, proposal_name(proposal, field));
        buffer_add_text(text, ",\n");
        write_view(proposal, buffer_slice(&name), field, by_time, text);
    }
    buffer_add_text(text, "\n  }\n}\n");
}

void propose_write(const struct proposal *proposal, struct buffer *text)
{
    write_top(proposal, text);
    write_timezone(proposal, text);
    buffer_add_text(text, "  \"streams\": {\n    ");
    json_string(proposal->stream.name, text);
    buffer_add_text(text, ": {\n");
    write_key(proposal, text);
    write_time(proposal, text);
    write_fields(proposal, text);
    buffer_add_text(text, "    }\n  },\n");
    write_views(proposal, text);
}
