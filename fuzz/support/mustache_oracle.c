#include "fuzz/support/mustache_oracle.h"

#include <string.h>

#include "fuzz/support/fuzz.h"

#define MAX_CONTEXTS 64
#define MAX_STEPS    1000000
#define BLANKS       " \t"
#define SPACES       " \t\r\n"

/* What is being rendered: one for all templates. */
struct state {
    const struct mustache_oracle *oracle;
    struct svc_buf *out;
    const struct svc_json *contexts[MAX_CONTEXTS]; /* the innermost is the last */
    size_t depth, steps;
    bool is_over;
};

/* A place in a source, with the delimiters that hold there. */
struct place {
    const char *source, *at;
    char open[64], close[64];
};

struct tag {
    char kind;       /* a sigil, 'v' for a variable, 0 for the end of the source */
    char name[4096]; /* its content, without blanks around it */
    char indent[64]; /* of a partial that is alone in its line */
};

/* ---------------------------------------------------------------------- reading */

/* Whether a tag from `start` to `end` is alone in its line; *line and *next are then the ends of
 * what it takes. */
static bool is_alone(const char *source, const char *start, const char *end, const char **line,
                     const char **next) {
    *line = start;
    while (*line > source && strchr(BLANKS, (*line)[-1]))
        --*line;
    *next = end + strspn(end, BLANKS);
    const bool is_first = *line == source || (*line)[-1] == '\n';
    const bool is_last = !**next || !strncmp(*next, "\n", 1) || !strncmp(*next, "\r\n", 2);
    if (**next)
        *next += strcspn(*next, "\n") + 1;
    return is_first && is_last;
}

static void copy_name(const char *from, const char *to, char name[4096]) {
    from += strspn(from, SPACES);
    while (to > from && strchr(SPACES, to[-1]))
        to--;
    const size_t size = to > from ? (size_t)(to - from) : 0;
    FUZZ_CHECK(size < 4096, "a name of %zu bytes", size);
    memcpy(name, from, size);
    name[size] = '\0';
}

static void set_delimiters(struct place *place, const char *content) {
    FUZZ_CHECK(sscanf(content, "%63s %63s", place->open, place->close) == 2,
               "accepted delimiters \"%s\"", content);
}

/* Reads the text up to the next tag, and the tag, and moves behind it. The text's size is
 * *text_bytes, from where the place was. */
static void next_tag(struct place *place, struct tag *tag, size_t *text_bytes) {
    char ending[80];
    const char *start = strstr(place->at, place->open);
    tag->kind = tag->name[0] = tag->indent[0] = '\0';
    if (!start) {
        *text_bytes = strlen(place->at);
        place->at += *text_bytes;
        return;
    }
    const char *content = start + strlen(place->open);
    content += strspn(content, SPACES);
    tag->kind = *content && strchr("#^/!>={&", *content) ? *content++ : 'v';
    snprintf(ending, sizeof(ending), "%s%s",
             tag->kind == '='   ? "="
             : tag->kind == '{' ? "}"
                                : "",
             place->close);
    const char *end = strstr(content, ending);
    FUZZ_CHECK(end, "an accepted tag that does not end: %.40s", start);
    copy_name(content, end, tag->name);
    end += strlen(ending);
    const char *line = start, *next = end;
    const bool takes_line =
        strchr("#^/!>=", tag->kind) && is_alone(place->source, start, end, &line, &next);
    if (takes_line && tag->kind == '>')
        snprintf(tag->indent, sizeof(tag->indent), "%.*s", (int)(start - line), line);
    const char *text_end = takes_line ? line : start;
    *text_bytes = text_end > place->at ? (size_t)(text_end - place->at) : 0;
    place->at = takes_line ? next : end;
    if (tag->kind == '=')
        set_delimiters(place, tag->name);
}

/* Moves behind the end of the section that has just begun. */
static void skip_section(struct place *place, const char *name) {
    struct tag tag;
    size_t text_bytes, depth = 1;
    while (depth) {
        next_tag(place, &tag, &text_bytes);
        FUZZ_CHECK(tag.kind, "the accepted section %s does not end", name);
        depth += tag.kind == '#' || tag.kind == '^';
        depth -= tag.kind == '/';
    }
    FUZZ_CHECK(!strcmp(tag.name, name), "%s ends %s", tag.name, name);
}

/* ---------------------------------------------------------------------- data */

/* Whether there is such a value. The first part of a name is looked for in all contexts. */
static bool find(const struct state *state, const char *name, const struct svc_json **value) {
    char part[4096];
    size_t level = state->depth;
    bool is_found = false;
    *value = state->contexts[state->depth - 1];
    if (!strcmp(name, "."))
        return true;
    size_t size = strcspn(name, ".");
    snprintf(part, sizeof(part), "%.*s", (int)size, name);
    while (level > 0 && !is_found) {
        is_found = svc_json_has(state->contexts[--level], part);
        *value = svc_json_get(state->contexts[level], part);
    }
    while (is_found && name[size]) {
        name += size + 1;
        size = strcspn(name, ".");
        snprintf(part, sizeof(part), "%.*s", (int)size, name);
        is_found = svc_json_has(*value, part);
        *value = svc_json_get(*value, part);
    }
    return is_found;
}

static bool is_list(const struct svc_json *value) {
    return svc_json_type(value) == SVC_JSON_ARRAY;
}

/* false, null and the empty list are false; everything else is true. */
static bool is_true(const struct svc_json *value) {
    bool is_set = true;
    return svc_json_type(value) != SVC_JSON_NULL && !(is_list(value) && !svc_json_count(value)) &&
           !(svc_json_bool(value, &is_set) && !is_set);
}

/* ---------------------------------------------------------------------- rendering */

static void render(struct state *state, struct place *place);

static void render_section(struct state *state, struct place *place, const struct tag *tag) {
    const struct svc_json *value = NULL;
    const bool is_shown = find(state, tag->name, &value) && is_true(value);
    const struct place begin = *place;
    const size_t times = tag->kind == '^' ? !is_shown
                         : !is_shown      ? 0
                         : is_list(value) ? svc_json_count(value)
                                          : 1;
    if (state->depth == MAX_CONTEXTS)
        state->is_over = true;
    for (size_t i = 0; i < times && !state->is_over; i++) {
        *place = begin;
        if (tag->kind == '#')
            state->contexts[state->depth++] = is_list(value) ? svc_json_at(value, i) : value;
        render(state, place);
        state->depth -= tag->kind == '#';
    }
    *place = begin;
    skip_section(place, tag->name);
}

/* The partial's lines, each indented, as a template of its own. */
static void render_partial(struct state *state, const struct tag *tag) {
    const char *text = state->oracle->partial(state->oracle->user, tag->name);
    struct place place = {.open = "{{", .close = "}}"};
    struct svc_buf indented;
    svc_buf_init(&indented, (size_t)1 << 20);
    for (bool is_line_start = true; text && *text; text++) {
        if (is_line_start)
            svc_buf_append_text(&indented, tag->indent);
        svc_buf_append_char(&indented, *text);
        is_line_start = *text == '\n';
    }
    FUZZ_CHECK(svc_buf_status(&indented) == SVC_OK, "a partial that is too large");
    place.source = place.at = svc_buf_text(&indented);
    render(state, &place);
    svc_buf_clear(&indented);
}

/* Up to the end of the source, or of the section around. */
static void render(struct state *state, struct place *place) {
    const struct svc_json *value = NULL;
    struct tag *tag = fuzz_alloc(sizeof(*tag));
    for (bool goes_on = true; goes_on && !state->is_over;) {
        size_t text_bytes = 0;
        const char *text = place->at;
        next_tag(place, tag, &text_bytes);
        svc_buf_append(state->out, text, text_bytes);
        state->is_over |= ++state->steps > MAX_STEPS || svc_buf_status(state->out) != SVC_OK;
        switch (tag->kind) {
        case '\0':
        case '/':
            goes_on = false;
            break;
        case 'v':
        case '{':
        case '&':
            if (find(state, tag->name, &value))
                state->oracle->write(state->oracle->user, value, tag->kind != 'v', state->out);
            break;
        case '#':
        case '^':
            render_section(state, place, tag);
            break;
        case '>':
            render_partial(state, tag);
            break;
        default:
            break;
        }
    }
    free(tag);
}

bool mustache_oracle_render(const struct mustache_oracle *oracle, const char *source,
                            const struct svc_json *data, struct svc_buf *out) {
    struct state state = {.oracle = oracle, .out = out, .contexts = {data}, .depth = 1};
    struct place place = {.source = source, .at = source, .open = "{{", .close = "}}"};
    render(&state, &place);
    return !state.is_over;
}
