/* compile_templates OUTPUT FOLDER...: checks the mailer's templates and writes them as C.
 *
 * Run when the project is built. Each file is taken from the last FOLDER that has it, so that a
 * folder of a user's own may replace single templates or partials. Files:
 *
 *   NAME.LANG.html           the HTML part          NAME: email_template_info's `file`
 *   NAME.LANG.txt            "Subject: ...", an empty line, the text part
 *   partials/P.LANG.html, partials/P.html (and .txt)     {{> P}}, the one with a language first
 *
 * A fault ends the build with "FILE:LINE: sentence". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/email/limits.h"
#include "services/email/template_check.h"

enum { MAX_FILES = 64, PATH_BYTES = 1024 };

struct file {
    char name[128]; /* below a folder */
    char path[PATH_BYTES];
    char *text;
};

struct tool {
    const char *const *folders;
    size_t folder_count;
    struct file files[MAX_FILES];
    size_t file_count;
    const char *language, *ending; /* of the template being parsed, for its partials */
    FILE *out;
};

static char *read_all(FILE *file, const char *path) {
    char *text = malloc(EMAIL_MUSTACHE_MAX_SOURCE + 1);
    if (text == NULL) {
        return NULL;
    }
    size_t size = fread(text, 1, EMAIL_MUSTACHE_MAX_SOURCE + 1, file);
    if (size > EMAIL_MUSTACHE_MAX_SOURCE || ferror(file) || memchr(text, '\0', size) != NULL) {
        fprintf(stderr, "%s: cannot be read, is too large, or has a NUL\n", path);
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

/* A file by its name; NULL if no folder has it. Kept until the end. */
static const struct file *load(struct tool *tool, const char *name) {
    for (size_t i = 0; i < tool->file_count; i++) {
        if (strcmp(tool->files[i].name, name) == 0) {
            return &tool->files[i];
        }
    }
    for (size_t i = tool->folder_count; i > 0 && tool->file_count < MAX_FILES; i--) {
        struct file *file = &tool->files[tool->file_count];
        snprintf(file->name, sizeof(file->name), "%s", name);
        int size = snprintf(file->path, sizeof(file->path), "%s/%s", tool->folders[i - 1], name);
        FILE *stream = size < PATH_BYTES ? fopen(file->path, "rb") : NULL;
        if (stream != NULL) {
            file->text = read_all(stream, file->path);
            fclose(stream);
            if (file->text == NULL) {
                return NULL;
            }
            tool->file_count++;
            return file;
        }
    }
    return NULL;
}

static const char *load_partial(void *user, const char *name) {
    struct tool *tool = user;
    char path[200];
    snprintf(path, sizeof(path), "partials/%s.%s.%s", name, tool->language, tool->ending);
    const struct file *file = load(tool, path);
    if (file == NULL) {
        snprintf(path, sizeof(path), "partials/%s.%s", name, tool->ending);
        file = load(tool, path);
    }
    return file != NULL ? file->text : NULL;
}

/* The line of a template that a sentence which begins with "{{name}}" is about; 1: unknown. */
static size_t line_of(const char *text, const char *detail) {
    char name[80] = "";
    size_t line = 1;
    if (sscanf(detail, "{{%79[^}]", name) != 1 || *name == '\0') {
        return 1;
    }
    const char *found = text;
    while ((found = strstr(found, name)) != NULL) {
        char before = found > text ? found[-1] : ' ';
        if (strchr("{#^ &", before) != NULL) {
            break;
        }
        found++;
    }
    for (const char *c = text; found != NULL && c < found; c++) {
        line += *c == '\n';
    }
    return line;
}

static bool parse_part(struct tool *tool, const struct file *file, const char *text,
                       const struct email_template_info *info, enum email_part part,
                       struct email_mustache_parsed *parsed) {
    struct email_mustache_error error;
    struct email_template_fault fault;
    const struct email_mustache_loader loader = {load_partial, tool};
    enum svc_status status = email_mustache_parse(text, "", &loader, parsed, &error);
    size_t before = 0;
    for (const char *c = file->text; c < text && part == EMAIL_PART_TEXT; c++) {
        before += *c == '\n';
    }
    if (status != SVC_OK) {
        fprintf(stderr, "%s:%zu: %s\n", file->path, before + error.line, error.detail);
        return false;
    }
    if (!email_check_part(info, part, parsed, &fault)) {
        fprintf(stderr, "%s:%zu: %s\n", file->path, line_of(file->text, fault.detail),
                fault.detail);
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------------- C */

static void put_string(FILE *out, const char *text, size_t size_bytes) {
    fputc('"', out);
    for (size_t i = 0; i < size_bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c == '\n') {
            fputs(i + 1 < size_bytes ? "\\n\"\n        \"" : "\\n", out);
        } else if (c < 0x20 || c == '?' || c >= 0x7f) {
            fprintf(out, "\\%03o",
                    c); /* always three digits: nothing after them is taken for one */
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static const char *kind_name(enum email_mustache_kind kind) {
    static const char *const names[] = {"TEXT", "VARIABLE", "SECTION", "INVERTED", "PARTIAL"};
    return names[kind];
}

static const char *escape_name(enum email_escape escape) {
    static const char *const names[] = {"NONE",     "HTML",  "ATTRIBUTE", "URL",
                                        "URL_PART", "PLAIN", "SUBJECT"};
    return names[escape];
}

static void put_program(FILE *out, const char *name, const char *language, const char *part,
                        const struct email_mustache_parsed *parsed) {
    fprintf(out, "\nstatic const struct email_mustache_op %s_%s_%s[] = {\n", name, language, part);
    for (size_t i = 0; i < parsed->program.count; i++) {
        const struct email_mustache_op *op = &parsed->ops[i];
        fprintf(out, "    {EMAIL_MUSTACHE_%s, EMAIL_ESCAPE_%s, %u, %u, ", kind_name(op->kind),
                escape_name(op->escape), (unsigned)op->size_bytes, (unsigned)op->skip);
        put_string(out, op->text, op->size_bytes);
        fputs(", 0},\n", out);
    }
    fputs("};\n", out);
}

static const char *const part_names[EMAIL_PARTS] = {"subject", "html", "text"};

/* Parses, checks and writes one template in one language. */
static bool compile(struct tool *tool, const struct email_template_info *info,
                    enum email_language language, struct email_mustache_parsed *parts) {
    static const char subject_mark[] = "Subject: ";
    struct email_template_fault fault;
    char name[128], subject[EMAIL_MAX_SUBJECT_BYTES];
    tool->language = email_language_name(language);
    snprintf(name, sizeof(name), "%s.%s.html", info->file, tool->language);
    const struct file *html = load(tool, name);
    snprintf(name, sizeof(name), "%s.%s.txt", info->file, tool->language);
    const struct file *text = load(tool, name);
    if (html == NULL || text == NULL) {
        fprintf(stderr, "%s.%s: no folder has its .html and .txt\n", info->file, tool->language);
        return false;
    }
    size_t line_bytes = strcspn(text->text, "\n");
    if (strncmp(text->text, subject_mark, strlen(subject_mark)) != 0 ||
        strncmp(text->text + line_bytes, "\n\n", 2) != 0 || line_bytes >= sizeof(subject)) {
        fprintf(stderr, "%s:1: does not begin with \"Subject: ...\" and an empty line\n",
                text->path);
        return false;
    }
    snprintf(subject, sizeof(subject), "%.*s", (int)(line_bytes - strlen(subject_mark)),
             text->text + strlen(subject_mark));
    tool->ending = "html";
    if (!parse_part(tool, html, html->text, info, EMAIL_PART_HTML, &parts[EMAIL_PART_HTML])) {
        return false;
    }
    tool->ending = "txt";
    if (!parse_part(tool, text, subject, info, EMAIL_PART_SUBJECT, &parts[EMAIL_PART_SUBJECT]) ||
        !parse_part(tool, text, text->text + line_bytes + 2, info, EMAIL_PART_TEXT,
                    &parts[EMAIL_PART_TEXT])) {
        return false;
    }
    if (!email_check_template(info, language, parts, &fault)) {
        fprintf(stderr, "%s: %s\n", html->path, fault.detail);
        return false;
    }
    for (int part = 0; part < EMAIL_PARTS; part++) {
        put_program(tool->out, info->file, tool->language, part_names[part], &parts[part]);
    }
    return true;
}

static bool compile_all(struct tool *tool) {
    bool is_good = true;
    fputs("/* Made of services/email/templates; see compile_templates.c. */\n"
          "#include \"services/email/templates.h\"\n",
          tool->out);
    for (int i = 0; i < (int)EMAIL_TEMPLATES * (int)EMAIL_LANGUAGES; i++) {
        struct email_mustache_parsed parts[EMAIL_PARTS];
        memset(parts, 0, sizeof(parts));
        is_good = compile(tool, email_template_info((enum email_template)(i / EMAIL_LANGUAGES)),
                          (enum email_language)(i % EMAIL_LANGUAGES), parts) &&
                  is_good;
        for (int part = 0; part < EMAIL_PARTS; part++) {
            email_mustache_clear(&parts[part]);
        }
    }
    fputs("\n#define PROGRAM(ops) {(ops), sizeof(ops) / sizeof((ops)[0])}\n"
          "const struct email_mustache_program\n"
          "    email_programs[EMAIL_TEMPLATES][EMAIL_LANGUAGES][EMAIL_PARTS] = {\n",
          tool->out);
    for (int i = 0; i < EMAIL_TEMPLATES; i++) {
        const struct email_template_info *info = email_template_info((enum email_template)i);
        for (int k = 0; k < EMAIL_LANGUAGES; k++) {
            for (int part = 0; part < EMAIL_PARTS; part++) {
                fprintf(tool->out, "        [EMAIL_%s][%d][%d] = PROGRAM(%s_%s_%s),\n", info->name,
                        k, part, info->file, email_language_name((enum email_language)k),
                        part_names[part]);
            }
        }
    }
    fputs("};\n", tool->out);
    return is_good;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fputs("usage: compile_templates OUTPUT FOLDER...\n", stderr);
        return 2;
    }
    struct tool *tool = calloc(1, sizeof(*tool));
    if (tool == NULL) {
        return 1;
    }
    tool->folders = (const char *const *)argv + 2;
    tool->folder_count = (size_t)argc - 2;
    tool->out = fopen(argv[1], "wb");
    if (tool->out == NULL) {
        perror(argv[1]);
        free(tool);
        return 1;
    }
    bool is_good = compile_all(tool);
    is_good = fclose(tool->out) == 0 && is_good;
    if (!is_good) {
        remove(argv[1]);
    }
    for (size_t i = 0; i < tool->file_count; i++) {
        free(tool->files[i].text);
    }
    free(tool);
    return is_good ? 0 : 1;
}
