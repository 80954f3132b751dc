/* Structured logs: see log.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "services/base/json.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/text.h"

static const char *const level_names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

void svc_log_to_stderr(void *user, const char *line, size_t size_bytes) {
    (void)user;
    while (size_bytes > 0) {
        ssize_t written = write(STDERR_FILENO, line, size_bytes);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return; /* a log that cannot be written must not stop the work */
        }
        line += written;
        size_bytes -= (size_t)written;
    }
}

void svc_log_init(struct svc_log *log, const struct svc_clock *clock, svc_log_sink_fn *sink,
                  void *user) {
    memset(log, 0, sizeof(*log));
    log->clock = clock;
    log->sink = sink != NULL ? sink : svc_log_to_stderr;
    log->user = user;
    log->level = SVC_LOG_INFO;
}

void svc_log_set_request_id(struct svc_log *log, const char *request_id) {
    size_t size = request_id == NULL ? 0 : strnlen(request_id, sizeof(log->request_id) - 1);
    if (size > 0) {
        memcpy(log->request_id, request_id, size);
    }
    log->request_id[size] = '\0';
}

bool svc_log_level_parse(const char *text, enum svc_log_level *level) {
    for (int i = SVC_LOG_TRACE; text != NULL && i <= SVC_LOG_FATAL; i++) {
        if (svc_equal_nocase(text, level_names[i])) {
            *level = (enum svc_log_level)i;
            return true;
        }
    }
    return false;
}

bool svc_log_enabled(const struct svc_log *log, enum svc_log_level level) {
    return log != NULL && level >= log->level;
}

static void put_cut(struct svc_json_writer *writer, const char *text) {
    if (text == NULL) {
        svc_json_put_null(writer);
        return;
    }
    static const char mark[] = "...";
    char cut[SVC_MAX_LOG_VALUE_BYTES + sizeof(mark)];
    const size_t size = svc_utf8_fit(text, SVC_MAX_LOG_VALUE_BYTES);
    if (text[size] == '\0') {
        svc_json_put_bytes(writer, text, size);
        return;
    }
    memcpy(cut, text, size);
    memcpy(cut + size, mark, sizeof(mark));
    svc_json_put_bytes(writer, cut, size + sizeof(mark) - 1);
}

static void put_head(struct svc_json_writer *writer, const struct svc_log *log,
                     enum svc_log_level level, const char *message) {
    char time[SVC_ISO8601_BYTES];
    svc_format_iso8601(svc_wall_ms(log->clock), time);
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "timestamp", time);
    svc_json_add_text(writer, "level", level_names[level]);
    svc_json_name(writer, "message");
    put_cut(writer, message);
    if (log->request_id[0] != '\0') {
        svc_json_add_text(writer, "requestId", log->request_id);
    }
}

static void put_field(struct svc_json_writer *writer, const struct svc_log_field *field) {
    svc_json_name(writer, field->name);
    switch (field->kind) {
    case SVC_LOG_KIND_TEXT:
        put_cut(writer, field->text);
        break;
    case SVC_LOG_KIND_INT:
        svc_json_put_int(writer, field->number);
        break;
    case SVC_LOG_KIND_BOOL:
        svc_json_put_bool(writer, field->number != 0);
        break;
    case SVC_LOG_END:
        break;
    }
}

void svc_log_write(const struct svc_log *log, enum svc_log_level level, const char *message,
                   const struct svc_log_field *fields) {
    if (!svc_log_enabled(log, level) || level > SVC_LOG_FATAL) {
        return;
    }
    struct svc_buf line;
    struct svc_json_writer writer;
    svc_buf_init(&line, SVC_MAX_LOG_LINE_BYTES);
    svc_json_writer_init(&writer, &line);
    put_head(&writer, log, level, message);
    for (; fields != NULL && fields->kind != SVC_LOG_END; fields++) {
        put_field(&writer, fields);
    }
    svc_json_end_object(&writer);
    if (svc_json_writer_status(&writer) != SVC_OK) {
        /* Too many fields for a line: write the head only, marked as cut. */
        svc_buf_reset(&line);
        svc_json_writer_init(&writer, &line);
        put_head(&writer, log, level, message);
        svc_json_add_bool(&writer, "cut", true);
        svc_json_end_object(&writer);
    }
    svc_buf_append_char(&line, '\n');
    if (svc_buf_status(&line) == SVC_OK) {
        log->sink(log->user, (const char *)line.bytes, line.size_bytes);
    }
    svc_buf_clear(&line);
}
