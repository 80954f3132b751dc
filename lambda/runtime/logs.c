/* Log lines as text where Lambda's log format is Text; JSON lines are written as they are. */
#include "lambda/runtime/logs.h"

#include <string.h>

#include "services/base/json.h"
#include "services/base/limits.h"

/* Whether a character ends a line or controls a terminal: C0, DEL, C1, U+2028, U+2029. */
static bool is_control(const unsigned char *c) {
    return c[0] < 0x20 || c[0] == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) ||
           (c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9));
}

/* Whether a string needs no quotes in a line. */
static bool is_plain(const char *text, bool blanks_allowed) {
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (is_control(c) || *c == '"' || (*c == ' ' && !blanks_allowed)) {
            return false;
        }
    }
    return text[0] != '\0';
}

static void append_value(struct svc_buf *out, const struct svc_json *value, bool blanks_allowed) {
    const char *text = svc_json_text(value);
    if (text != NULL && is_plain(text, blanks_allowed)) {
        svc_buf_append_text(out, text);
        return;
    }
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, out);
    svc_json_put_value(&writer, value);
}

static bool append_member(void *user, const char *name, const struct svc_json *value) {
    static const char *const head[] = {"timestamp", "requestId", "level", "message"};
    struct svc_buf *out = user;
    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
        if (strcmp(name, head[i]) == 0) {
            return true;
        }
    }
    svc_buf_append_char(out, '\t');
    svc_buf_append_text(out, name);
    svc_buf_append_char(out, '=');
    append_value(out, value, false);
    return true;
}

void lrt_logs_to_text(const char *line, size_t size_bytes, struct svc_buf *out) {
    struct svc_json *document = NULL;
    if (svc_json_parse(line, size_bytes, SVC_MAX_LOG_LINE_BYTES + 1, &document, NULL) != SVC_OK ||
        svc_json_type(document) != SVC_JSON_OBJECT) {
        svc_json_free(document);
        svc_buf_append(out, line, size_bytes);
        return;
    }
    append_value(out, svc_json_get(document, "timestamp"), true);
    svc_buf_append_char(out, '\t');
    const struct svc_json *request_id = svc_json_get(document, "requestId");
    if (request_id != NULL) {
        append_value(out, request_id, false);
    } else {
        svc_buf_append_char(out, '-');
    }
    svc_buf_append_char(out, '\t');
    append_value(out, svc_json_get(document, "level"), true);
    svc_buf_append_char(out, '\t');
    append_value(out, svc_json_get(document, "message"), true);
    svc_json_members(document, append_member, out);
    svc_buf_append_char(out, '\n');
    svc_json_free(document);
}

static void write_text(void *user, const char *line, size_t size_bytes) {
    struct svc_buf text;
    svc_buf_init(&text, 2 * SVC_MAX_LOG_LINE_BYTES);
    lrt_logs_to_text(line, size_bytes, &text);
    if (svc_buf_status(&text) == SVC_OK) {
        svc_log_to_stderr(user, svc_buf_text(&text), text.size_bytes);
    } else {
        svc_log_to_stderr(user, line, size_bytes);
    }
    svc_buf_clear(&text);
}

void lrt_logs_read_settings(struct svc_settings *from, struct svc_log *log) {
    /* As in enum svc_log_level. */
    static const char *const levels[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    static const char *const formats[] = {"JSON", "Text"};
    log->level = (enum svc_log_level)svc_setting_choice(from, "AWS_LAMBDA_LOG_LEVEL", levels,
                                                        SVC_LOG_FATAL + 1, log->level);
    if (svc_setting_choice(from, "AWS_LAMBDA_LOG_FORMAT", formats, 2, 0) == 1) {
        log->sink = write_text;
    }
}
