/* Parsing of mustache: see mustache.h. The terms are the specification's: a tag is standalone if it
 * is alone in its line, which then leaves nothing in the output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/email/limits.h"
#include "services/email/mustache.h"

/* One template or partial being read. */
struct source {
    const char *text, *at, *end;
    const char *name; /* of a partial; "" for the template */
    char open[EMAIL_MUSTACHE_MAX_DELIMITER + 1], close[EMAIL_MUSTACHE_MAX_DELIMITER + 1];
};

struct parser {
    struct email_mustache_parsed *parsed;
    const struct email_mustache_loader *loader;
    struct email_mustache_error *error;
    struct svc_buf texts;                      /* ops hold offsets into it until the end */
    size_t sections[EMAIL_MUSTACHE_MAX_DEPTH]; /* indices of the ops of those open */
    size_t depth;
    const char *partials[EMAIL_MUSTACHE_MAX_PARTIALS]; /* being included, outermost first */
    size_t partial_count;
    size_t read_bytes; /* of the template and of each partial included */
    enum svc_status status;
};

static size_t line_of(const struct source *source, const char *at) {
    size_t line = 1;
    for (const char *c = source->text; c < at; c++) {
        line += *c == '\n';
    }
    return line;
}

static bool stop(struct parser *parser, const struct source *source, const char *at,
                 const char *what, const char *name) {
    parser->status = SVC_MALFORMED;
    parser->error->line = line_of(source, at);
    snprintf(parser->error->detail, sizeof(parser->error->detail), "%s%s%s%s%.64s%s",
             *source->name != '\0' ? "partial " : "", source->name,
             *source->name != '\0' ? ": " : "", what, name, *name != '\0' ? "}}" : "");
    return false;
}

static bool stop_with(struct parser *parser, enum svc_status status, const char *what) {
    parser->status = status;
    parser->error->line = 0;
    snprintf(parser->error->detail, sizeof(parser->error->detail), "%s", what);
    return false;
}

/* Appends an op, whose text is copied with a NUL behind it. */
static bool put_op(struct parser *parser, enum email_mustache_kind kind, enum email_escape escape,
                   const char *text, size_t size_bytes, const char *indent) {
    struct email_mustache_parsed *parsed = parser->parsed;
    if (parsed->program.count == EMAIL_MUSTACHE_MAX_OPS) {
        return stop_with(parser, SVC_TOO_LARGE, "the template has too many tags");
    }
    if (parsed->program.count == parsed->capacity) {
        size_t capacity = parsed->capacity == 0 ? 64 : 2 * parsed->capacity;
        struct email_mustache_op *ops = malloc(capacity * sizeof(*ops));
        if (ops == NULL) {
            return stop_with(parser, SVC_NO_MEMORY, "no memory for a template");
        }
        if (parsed->capacity > 0) {
            memcpy(ops, parsed->ops, parsed->capacity * sizeof(*ops));
        }
        free(parsed->ops);
        parsed->ops = ops;
        parsed->capacity = capacity;
    }
    size_t offset = parser->texts.size_bytes, indent_offset = offset + size_bytes + 1;
    svc_buf_append(&parser->texts, text, size_bytes);
    svc_buf_append_char(&parser->texts, '\0');
    if (indent != NULL) {
        svc_buf_append(&parser->texts, indent, strlen(indent) + 1);
    }
    if (svc_buf_status(&parser->texts) != SVC_OK) {
        return stop_with(parser, svc_buf_status(&parser->texts), "the template does not fit");
    }
    parsed->ops[parsed->program.count++] = (struct email_mustache_op){
        .kind = kind,
        .escape = escape,
        .size_bytes = (uint32_t)size_bytes,
        .text = (const char *)(uintptr_t)offset,
        .indent = indent != NULL ? (const char *)(uintptr_t)indent_offset : NULL};
    return true;
}

static bool put_text(struct parser *parser, const char *from, const char *to) {
    return from >= to ||
           put_op(parser, EMAIL_MUSTACHE_TEXT, EMAIL_ESCAPE_NONE, from, (size_t)(to - from), NULL);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_space(char c) {
    return is_blank(c) || c == '\n' || c == '\r';
}

/* One tag, from its open delimiter to behind its close delimiter. */
struct tag {
    const char *start, *end;
    char sigil; /* one of # ^ / ! > = { &; 0: a variable */
    const char *content;
    size_t content_bytes; /* trimmed */
};

static bool read_tag(struct parser *parser, struct source *source, const char *start,
                     struct tag *tag) {
    char ending[EMAIL_MUSTACHE_MAX_DELIMITER + 2];
    const char *at = start + strlen(source->open);
    *tag = (struct tag){.start = start};
    while (at < source->end && is_space(*at)) {
        at++;
    }
    if (at < source->end && *at != '\0' && strchr("#^/!>={&", *at) != NULL) {
        tag->sigil = *at++;
    }
    snprintf(ending, sizeof(ending), "%s%s",
             tag->sigil == '='   ? "="
             : tag->sigil == '{' ? "}"
                                 : "",
             source->close);
    const char *close = strstr(at, ending);
    if (close == NULL) {
        return stop(parser, source, start, "a tag does not end", "");
    }
    tag->end = close + strlen(ending);
    while (at < close && is_space(*at)) {
        at++;
    }
    while (close > at && is_space(close[-1])) {
        close--;
    }
    tag->content = at;
    tag->content_bytes = (size_t)(close - at);
    return true;
}

/* Whether the tag is alone in its line: *from is the line's start, *to the start of the next. */
static bool is_standalone(const struct source *source, const struct tag *tag, const char **from,
                          const char **to) {
    if (tag->sigil == '\0' || tag->sigil == '{' || tag->sigil == '&') {
        return false;
    }
    const char *start = tag->start, *end = tag->end;
    while (start > source->text && is_blank(start[-1])) {
        start--;
    }
    while (end < source->end && is_blank(*end)) {
        end++;
    }
    if (start > source->text && start[-1] != '\n') {
        return false;
    }
    if (end < source->end) {
        if (*end == '\r' && end + 1 < source->end && end[1] == '\n') {
            end++;
        }
        if (*end != '\n') {
            return false;
        }
        end++;
    }
    *from = start;
    *to = end;
    return true;
}

static bool check_name(struct parser *parser, const struct source *source, const struct tag *tag) {
    bool is_good = tag->content_bytes > 0 && tag->content_bytes <= EMAIL_MUSTACHE_MAX_NAME;
    for (size_t i = 0; i < tag->content_bytes && is_good; i++) {
        bool is_dot = tag->content[i] == '.' && tag->content_bytes > 1;
        is_good =
            !is_space(tag->content[i]) &&
            !(is_dot && (i == 0 || i == tag->content_bytes - 1 || tag->content[i - 1] == '.'));
    }
    return is_good || stop(parser, source, tag->start, "a tag has no name, or a bad one", "");
}

static bool set_delimiters(struct parser *parser, struct source *source, const struct tag *tag) {
    const char *at = tag->content, *end = at + tag->content_bytes;
    const char *open_end = at, *close = NULL;
    while (open_end < end && !is_space(*open_end)) {
        open_end++;
    }
    close = open_end;
    while (close < end && is_space(*close)) {
        close++;
    }
    size_t open_bytes = (size_t)(open_end - at), close_bytes = (size_t)(end - close);
    bool is_good = open_bytes > 0 && close_bytes > 0 &&
                   open_bytes <= EMAIL_MUSTACHE_MAX_DELIMITER &&
                   close_bytes <= EMAIL_MUSTACHE_MAX_DELIMITER;
    for (const char *c = at; c < end && is_good; c++) {
        is_good = *c != '=' && (!is_space(*c) || (c >= open_end && c < close));
    }
    if (!is_good) {
        return stop(parser, source, tag->start, "these are not two delimiters", "");
    }
    memcpy(source->open, at, open_bytes);
    source->open[open_bytes] = '\0';
    memcpy(source->close, close, close_bytes);
    source->close[close_bytes] = '\0';
    return true;
}

static bool open_section(struct parser *parser, const struct source *source,
                         const struct tag *tag) {
    if (parser->depth == EMAIL_MUSTACHE_MAX_DEPTH) {
        return stop(parser, source, tag->start, "sections lie too deep in each other", "");
    }
    parser->sections[parser->depth++] = parser->parsed->program.count;
    return put_op(parser, tag->sigil == '#' ? EMAIL_MUSTACHE_SECTION : EMAIL_MUSTACHE_INVERTED,
                  EMAIL_ESCAPE_NONE, tag->content, tag->content_bytes, NULL);
}

/* `outer`: the sections that were open where this source began. */
static bool close_section(struct parser *parser, const struct source *source, const struct tag *tag,
                          size_t outer) {
    if (parser->depth == outer) {
        return stop(parser, source, tag->start, "a section ends that was not begun", "");
    }
    struct email_mustache_op *op = &parser->parsed->ops[parser->sections[parser->depth - 1]];
    const char *name = svc_buf_text(&parser->texts) + (uintptr_t)op->text;
    if (op->size_bytes != tag->content_bytes ||
        memcmp(name, tag->content, tag->content_bytes) != 0) {
        return stop(parser, source, tag->start, "another section ends than {{#", name);
    }
    op->skip = (uint32_t)parser->parsed->program.count;
    parser->depth--;
    return true;
}

static bool parse_source(struct parser *parser, struct source *source);

/* Reads `text` with `indent` before each of its lines. */
static bool parse_indented(struct parser *parser, const char *text, const char *indent,
                           const char *name) {
    struct svc_buf lines;
    svc_buf_init(&lines, EMAIL_MUSTACHE_MAX_SOURCE);
    for (const char *at = text; *at != '\0';) {
        size_t size = strcspn(at, "\n");
        size += at[size] == '\n';
        svc_buf_append_text(&lines, indent);
        svc_buf_append(&lines, at, size);
        at += size;
    }
    bool is_good = svc_buf_status(&lines) == SVC_OK ||
                   stop_with(parser, svc_buf_status(&lines), "the template does not fit");
    parser->read_bytes += lines.size_bytes;
    if (is_good && parser->read_bytes > EMAIL_MUSTACHE_MAX_READ) {
        is_good = stop_with(parser, SVC_TOO_LARGE, "the template includes too much");
    }
    if (is_good) {
        const char *source_text = svc_buf_text(&lines);
        struct source source = {source_text, source_text, source_text + strlen(source_text),
                                name,        "{{",        "}}"};
        is_good = parse_source(parser, &source);
    }
    svc_buf_clear(&lines);
    return is_good;
}

static bool include(struct parser *parser, const struct source *source, const struct tag *tag,
                    const char *indent) {
    char name[EMAIL_MUSTACHE_MAX_NAME + 1];
    memcpy(name, tag->content, tag->content_bytes);
    name[tag->content_bytes] = '\0';
    if (parser->loader == NULL) {
        return put_op(parser, EMAIL_MUSTACHE_PARTIAL, EMAIL_ESCAPE_NONE, name, tag->content_bytes,
                      indent);
    }
    for (size_t i = 0; i < parser->partial_count; i++) {
        if (strcmp(parser->partials[i], name) == 0) {
            return stop(parser, source, tag->start, "a partial includes itself: {{>", name);
        }
    }
    if (parser->partial_count == EMAIL_MUSTACHE_MAX_PARTIALS) {
        return stop(parser, source, tag->start, "partials lie too deep in each other", "");
    }
    const char *text = parser->loader->load(parser->loader->user, name);
    if (text == NULL) {
        return stop(parser, source, tag->start, "there is no such partial: {{>", name);
    }
    parser->partials[parser->partial_count++] = name;
    bool is_good = parse_indented(parser, text, indent, name);
    parser->partial_count--;
    return is_good;
}

static bool put_tag(struct parser *parser, struct source *source, const struct tag *tag,
                    const char *indent, size_t outer) {
    switch (tag->sigil) {
    case '!':
        return true;
    case '=':
        return set_delimiters(parser, source, tag);
    default:
        break;
    }
    if (!check_name(parser, source, tag)) {
        return false;
    }
    switch (tag->sigil) {
    case '#':
    case '^':
        return open_section(parser, source, tag);
    case '/':
        return close_section(parser, source, tag, outer);
    case '>':
        return include(parser, source, tag, indent);
    default:
        return put_op(parser, EMAIL_MUSTACHE_VARIABLE,
                      tag->sigil == '\0' ? EMAIL_ESCAPE_HTML : EMAIL_ESCAPE_NONE, tag->content,
                      tag->content_bytes, NULL);
    }
}

static bool parse_source(struct parser *parser, struct source *source) {
    const size_t outer = parser->depth;
    struct tag tag;
    while (true) {
        const char *start = strstr(source->at, source->open);
        if (start == NULL) {
            break;
        }
        if (!read_tag(parser, source, start, &tag)) {
            return false;
        }
        const char *from = tag.start, *to = tag.end;
        char indent[64] = "";
        if (is_standalone(source, &tag, &from, &to) && tag.sigil == '>') {
            size_t blanks = (size_t)(tag.start - from);
            if (blanks >= sizeof(indent)) {
                return stop(parser, source, tag.start, "a partial is indented too far", "");
            }
            memcpy(indent, from, blanks);
            indent[blanks] = '\0';
        }
        if (!put_text(parser, source->at, from) || !put_tag(parser, source, &tag, indent, outer)) {
            return false;
        }
        source->at = to;
    }
    if (parser->depth != outer) {
        const struct email_mustache_op *op =
            &parser->parsed->ops[parser->sections[parser->depth - 1]];
        return stop(parser, source, source->end, "a section does not end: {{#",
                    svc_buf_text(&parser->texts) + (uintptr_t)op->text);
    }
    return put_text(parser, source->at, source->end);
}

enum svc_status email_mustache_parse(const char *source, const char *indent,
                                     const struct email_mustache_loader *loader,
                                     struct email_mustache_parsed *parsed,
                                     struct email_mustache_error *error) {
    struct parser parser = {.parsed = parsed, .loader = loader, .error = error};
    memset(parsed, 0, sizeof(*parsed));
    memset(error, 0, sizeof(*error));
    svc_buf_init(&parser.texts, 2 * EMAIL_MUSTACHE_MAX_SOURCE);
    parse_indented(&parser, source, indent, "");
    /* The block of texts no longer moves: offsets become pointers. */
    parsed->texts = (char *)parser.texts.bytes;
    for (size_t i = 0; i < parsed->program.count; i++) {
        struct email_mustache_op *op = &parsed->ops[i];
        op->text = parsed->texts + (uintptr_t)op->text;
        op->indent = op->indent != NULL ? parsed->texts + (uintptr_t)op->indent : NULL;
    }
    parsed->program.ops = parsed->ops;
    return parser.status;
}

void email_mustache_clear(struct email_mustache_parsed *parsed) {
    free(parsed->ops);
    free(parsed->texts);
    memset(parsed, 0, sizeof(*parsed));
}
