/* Segment documents: see trace_document.h. Fields and their limits are those of "AWS X-Ray segment
 * documents" in the X-Ray developer guide: names of up to 200 characters of letters, digits, blanks
 * and _.:/%&#=+\-@, other strings up to 250, identifiers of 16 hexadecimal digits, times in seconds
 * since 1970 with a fraction. */
#include "lambda/runtime/trace_document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/base/json.h"
#include "services/base/limits.h"
#include "services/base/text.h"

#define DAEMON_HEADER "{\"format\":\"json\",\"version\":1}\n"
#define ID_BYTES      17
/* The list of subsegments, and in it an object with the deepest field: cause, exceptions, one. */
#define LEVEL_DEPTH 5

static void format_id(uint64_t id, char out[ID_BYTES]) {
    (void)snprintf(out, ID_BYTES, "%016" PRIx64, id);
}

static void put_name(struct svc_json_writer *writer, const char *name) {
    char clean[SVC_SPAN_NAME_BYTES];
    size_t size = 0;
    for (; name[size] != '\0' && size + 1 < sizeof(clean); size++) {
        const char c = name[size];
        const bool is_allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ||
                                strchr(" _.:/%&#=+\\-@", c) != NULL;
        clean[size] = (char)(is_allowed ? c : '_');
    }
    clean[size] = '\0';
    svc_json_add_text(writer, "name", size > 0 ? clean : "_");
}

static void put_seconds(struct svc_json_writer *writer, const char *name, int64_t time_us) {
    svc_json_name(writer, name);
    svc_json_put_millionths(writer, time_us);
}

static const struct svc_span_value *find(const struct svc_span *span, const char *name) {
    for (size_t i = 0; i < span->value_count; i++) {
        if (strcmp(span->values[i].name, name) == 0) {
            return &span->values[i];
        }
    }
    return NULL;
}

static void add_found_text(struct svc_json_writer *writer, const struct svc_span *span,
                           const char *name, const char *field) {
    const struct svc_span_value *value = find(span, name);
    if (value != NULL && value->text != NULL) {
        svc_json_add_text(writer, field, value->text);
    }
}

static void put_aws(struct svc_json_writer *writer, const struct svc_span *span) {
    const struct svc_span_value *attempts = find(span, SVC_SPAN_ATTEMPTS);
    svc_json_add_text(writer, "namespace", "aws");
    svc_json_name(writer, "aws");
    svc_json_begin_object(writer);
    add_found_text(writer, span, SVC_SPAN_OPERATION, "operation");
    add_found_text(writer, span, SVC_SPAN_REGION, "region");
    add_found_text(writer, span, SVC_SPAN_REQUEST_ID, "request_id");
    if (attempts != NULL && attempts->number > 0) {
        svc_json_add_int(writer, "retries", attempts->number - 1);
    }
    svc_json_end_object(writer);
}

static void put_database(struct svc_json_writer *writer, const struct svc_span *span) {
    svc_json_add_text(writer, "namespace", "remote");
    svc_json_name(writer, "sql");
    svc_json_begin_object(writer);
    add_found_text(writer, span, SVC_SPAN_DATABASE_IS, "database_type");
    add_found_text(writer, span, SVC_SPAN_STATEMENT, "sanitized_query");
    svc_json_end_object(writer);
}

static void put_http(struct svc_json_writer *writer, const struct svc_span *span) {
    const struct svc_span_value *status = find(span, SVC_SPAN_HTTP_STATUS);
    if (status == NULL || status->number < 100 || status->number > 599) {
        return;
    }
    svc_json_name(writer, "http");
    svc_json_begin_object(writer);
    svc_json_name(writer, "response");
    svc_json_begin_object(writer);
    svc_json_add_int(writer, "status", status->number);
    svc_json_end_object(writer);
    svc_json_end_object(writer);
}

/* A throttled call is the caller's error, too. The exception's identifier only has to differ from
 * those of the segments. */
static void put_failure(struct svc_json_writer *writer, const struct svc_span *span) {
    char id[ID_BYTES];
    if (span->result == SVC_SPAN_OK) {
        return;
    }
    svc_json_add_bool(writer, span->result == SVC_SPAN_FAULT ? "fault" : "error", true);
    if (span->result == SVC_SPAN_THROTTLED) {
        svc_json_add_bool(writer, "throttle", true);
    }
    format_id(~span->id, id);
    svc_json_name(writer, "cause");
    svc_json_begin_object(writer);
    svc_json_name(writer, "exceptions");
    svc_json_begin_array(writer);
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "id", id);
    svc_json_add_text(writer, "type", span->error_type != NULL ? span->error_type : "unknown");
    if (span->error_message != NULL) {
        svc_json_add_text(writer, "message", span->error_message);
    }
    svc_json_add_bool(writer, "remote", span->kind != SVC_SPAN_LOCAL);
    svc_json_end_object(writer);
    svc_json_end_array(writer);
    svc_json_end_object(writer);
}

/* Whether a value has a place of its own in the document. */
static bool has_place(const char *name) {
    static const char *const names[] = {
        SVC_SPAN_OPERATION,   SVC_SPAN_REGION,    SVC_SPAN_REQUEST_ID, SVC_SPAN_ATTEMPTS,
        SVC_SPAN_HTTP_STATUS, SVC_SPAN_STATEMENT, SVC_SPAN_DATABASE_IS};
    return SVC_IS_ONE_OF(name, names);
}

static void add_value(struct svc_json_writer *writer, const struct svc_span_value *value) {
    if (value->text != NULL) {
        svc_json_add_text(writer, value->name, value->text);
    } else {
        svc_json_add_int(writer, value->name, value->number);
    }
}

static size_t count_others(const struct svc_span *span) {
    size_t count = 0;
    for (size_t i = 0; i < span->value_count; i++) {
        count += !has_place(span->values[i].name);
    }
    return count;
}

/* The other values: annotations, which X-Ray indexes, as long as their number allows; else
 * metadata. The number of spans that found no place is one of the first span's. */
static void put_values(struct svc_json_writer *writer, struct lrt_xray *xray,
                       const struct svc_trace *trace, const struct svc_span *span) {
    const size_t dropped = span->parent == NULL ? trace->dropped : 0;
    const size_t count = count_others(span) + (dropped > 0);
    if (count == 0) {
        return;
    }
    const bool is_indexed =
        span->kind == SVC_SPAN_LOCAL && xray->annotations + count <= LRT_XRAY_MAX_ANNOTATIONS;
    svc_json_name(writer, is_indexed ? "annotations" : "metadata");
    svc_json_begin_object(writer);
    if (!is_indexed) {
        svc_json_name(writer, "default");
        svc_json_begin_object(writer);
    }
    if (dropped > 0) {
        svc_json_add_int(writer, "spans_dropped", (int64_t)dropped);
    }
    for (size_t i = 0; i < span->value_count; i++) {
        if (!has_place(span->values[i].name)) {
            add_value(writer, &span->values[i]);
        }
    }
    if (!is_indexed) {
        svc_json_end_object(writer);
    }
    svc_json_end_object(writer);
    xray->annotations += is_indexed ? count : 0;
}

/* What of a span does not depend on the others. */
static void put_fields(struct svc_json_writer *writer, struct lrt_xray *xray,
                       const struct svc_trace *trace, const struct svc_span *span) {
    put_seconds(writer, "start_time", span->begin_us);
    put_seconds(writer, "end_time", span->end_us);
    if (span->kind == SVC_SPAN_AWS) {
        put_aws(writer, span);
    } else if (span->kind == SVC_SPAN_DATABASE) {
        put_database(writer, span);
    } else if (span->kind == SVC_SPAN_REMOTE) {
        svc_json_add_text(writer, "namespace", "remote");
    }
    put_http(writer, span);
    put_failure(writer, span);
    put_values(writer, xray, trace, span);
}

static void put_head(struct svc_json_writer *writer, const struct svc_span *span) {
    char id[ID_BYTES];
    format_id(span->id, id);
    svc_json_begin_object(writer);
    put_name(writer, span->name);
    svc_json_add_text(writer, "id", id);
}

static bool is_full(const struct svc_json_writer *writer) {
    return writer->out->size_bytes >= LRT_XRAY_FULL_DATAGRAM_BYTES ||
           writer->depth + LEVEL_DEPTH > SVC_MAX_JSON_DEPTH;
}

/* The spans below `span`, as subsegments. The search is quadratic in the number of spans, which is
 * bounded; the recursion is by the depth of JSON. */
static void put_children(struct svc_json_writer *writer, struct lrt_xray *xray,
                         const struct svc_trace *trace, const struct svc_span *span) {
    bool has_begun = false;
    for (size_t i = (size_t)(span - trace->spans) + 1; i < trace->count; i++) {
        const struct svc_span *child = &trace->spans[i];
        if (child->parent != span) {
            continue;
        }
        if (is_full(writer)) {
            xray->is_put_off[i] = true;
            continue;
        }
        if (!has_begun) {
            svc_json_name(writer, "subsegments");
            svc_json_begin_array(writer);
            has_begun = true;
        }
        put_head(writer, child);
        put_fields(writer, xray, trace, child);
        put_children(writer, xray, trace, child);
        svc_json_end_object(writer);
    }
    if (has_begun) {
        svc_json_end_array(writer);
    }
}

bool lrt_xray_write(struct lrt_xray *xray, const struct svc_trace *trace,
                    const struct svc_span *span) {
    struct svc_json_writer writer;
    char parent[ID_BYTES];
    svc_buf_reset(&xray->datagram);
    svc_buf_append_text(&xray->datagram, DAEMON_HEADER);
    svc_json_writer_init(&writer, &xray->datagram);
    put_head(&writer, span);
    svc_json_add_text(&writer, "type", "subsegment");
    svc_json_add_text(&writer, "trace_id", xray->context.root);
    if (span->parent != NULL) {
        format_id(span->parent->id, parent);
    }
    svc_json_add_text(&writer, "parent_id", span->parent != NULL ? parent : xray->context.parent);
    put_fields(&writer, xray, trace, span);
    put_children(&writer, xray, trace, span);
    svc_json_end_object(&writer);
    return svc_json_writer_status(&writer) == SVC_OK;
}
