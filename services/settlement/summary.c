/* The summary object: see summary.h. */
#include "services/settlement/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/aws/s3.h"
#include "services/base/json.h"
#include "services/base/text.h"

/* A seller takes 1.5 KB; handed on to the upload in pieces of this size. */
#define PIECE_BYTES      ((size_t)32 * 1024)
#define MAX_BUFFER_BYTES ((size_t)128 * 1024)

/* Rounds against other writers before it gives up. */
#define TRIES 4

struct stream {
    struct awsc_s3_upload *upload;
    struct svc_buf buffer;
    struct svc_json_writer writer;
    struct settle_run_totals *totals;
    enum svc_status status;
    bool is_upload_failed; /* awsc_s3_upload_finish states why */
};

void settle_summary_key(const struct settle_period *period, char out[SETTLE_OBJECT_KEY_BYTES]) {
    char first[SETTLE_DAY_BYTES], last[SETTLE_DAY_BYTES];
    const bool is_custom = period->type == SETTLE_CUSTOM;
    settle_day_write(period->first_day, first);
    settle_day_write(period->last_day, last);
    (void)snprintf(out, SETTLE_OBJECT_KEY_BYTES, "settlements/%s/%s/summary%s%s.json",
                   settle_period_type_name(period->type), first, is_custom ? "." : "",
                   is_custom ? last : "");
}

/* The writer counts what it has written by itself: its buffer may be emptied. */
static void hand_on(struct stream *stream, bool is_end) {
    if (stream->status == SVC_OK) {
        stream->status = svc_buf_status(&stream->buffer);
    }
    if (stream->status == SVC_OK && (is_end || stream->buffer.size_bytes >= PIECE_BYTES)) {
        stream->status =
            awsc_s3_upload_write(stream->upload, stream->buffer.bytes, stream->buffer.size_bytes);
        svc_buf_reset(&stream->buffer);
    }
}

static void put_files(struct svc_json_writer *writer, const struct settle_period *period,
                      const char *seller_id) {
    char key[SETTLE_OBJECT_KEY_BYTES];
    svc_json_name(writer, "files");
    svc_json_begin_object(writer);
    for (int i = 0; i < SETTLE_FORMATS; i++) {
        const enum settle_format format = (enum settle_format)i;
        if (settle_object_key(period, seller_id, format, 0, key)) {
            svc_json_add_text(writer, settle_format_extension(format), key);
        }
    }
    svc_json_end_object(writer);
}

struct each {
    struct stream *stream;
    const struct settle_run *run;
};

static bool put_seller(void *user, const struct settle_run_seller *seller) {
    const struct each *each = user;
    struct stream *stream = each->stream;
    struct svc_json_writer *writer = &stream->writer;
    const struct settle_version *newest = seller->newest;
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "sellerId", seller->seller_id);
    svc_json_add_text(writer, "status", seller->state);
    if (seller->failure[0] != '\0') {
        svc_json_add_text(writer, "failure", seller->failure);
    }
    svc_json_add_int(writer, "version", newest->version);
    if (newest->version > 0) {
        svc_json_add_text(writer, "sellerName", newest->seller_name);
        svc_json_add_text(writer, "reason", newest->reason);
        put_files(writer, &each->run->period, seller->seller_id);
        svc_json_name(writer, "summary");
        svc_json_begin_object(writer);
        settle_figures_put(writer, newest);
        svc_json_end_object(writer);
    }
    svc_json_end_object(writer);
    if (!settle_run_totals_add(stream->totals, seller)) {
        stream->status = SVC_TOO_LARGE;
    }
    hand_on(stream, false);
    return stream->status == SVC_OK;
}

static void put_head(struct stream *stream, const struct settle_run *run,
                     enum settle_run_state state) {
    struct svc_json_writer *writer = &stream->writer;
    char run_id[24], planned_at[SVC_ISO8601_BYTES];
    svc_format_iso8601(run->planned_ms, planned_at);
    (void)snprintf(run_id, sizeof(run_id), "%" PRIu64, run->run_id);
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "runId", run_id);
    settle_figures_put_period(writer, &run->period);
    svc_json_add_int(writer, "generation", run->generation);
    svc_json_add_text(writer, "plannedAt", planned_at);
    svc_json_add_text(writer, "status", settle_run_state_name(state));
    svc_json_add_text(writer, "rules", run->rules);
    svc_json_name(writer, "sellers");
    svc_json_begin_array(writer);
}

static void put_tail(struct stream *stream) {
    struct svc_json_writer *writer = &stream->writer;
    const struct settle_run_totals *totals = stream->totals;
    svc_json_end_array(writer);
    svc_json_name(writer, "counts");
    svc_json_begin_object(writer);
    svc_json_add_int(writer, "sellers", totals->sellers);
    svc_json_add_int(writer, "done", totals->done);
    svc_json_add_int(writer, "failed", totals->failed);
    svc_json_add_int(writer, "open", totals->open);
    svc_json_end_object(writer);
    svc_json_name(writer, "totals");
    svc_json_begin_object(writer);
    settle_figures_put(writer, &totals->sum);
    svc_json_end_object(writer);
    svc_json_end_object(writer);
    (void)svc_buf_append_char(&stream->buffer, '\n');
    hand_on(stream, true);
}

static enum svc_status write_stream(struct settle_ledger *ledger, const struct settle_run *run,
                                    enum settle_run_state state, struct stream *stream,
                                    struct svc_error *error) {
    struct each each = {stream, run};
    put_head(stream, run, state);
    const enum svc_status status = settle_ledger_each_seller(ledger, run, put_seller, &each, error);
    if (status != SVC_OK) {
        return status;
    }
    if (stream->status == SVC_OK) {
        put_tail(stream);
    }
    if (stream->status == SVC_OK) {
        stream->status = svc_json_writer_status(&stream->writer);
    }
    if (stream->status == SVC_OK || stream->is_upload_failed) {
        return SVC_OK;
    }
    return svc_fail(error, stream->status, "the summary: %s", svc_status_message(stream->status));
}

/* ---------------------------------------------------------------------- the object's place */

/* Which run's end an object states, as its metadata holds it. */
struct stamp {
    char run_id[24], generation[12], planned_ms[24], state[16];
};

static struct stamp stamp_of(const struct settle_run *run, enum settle_run_state state) {
    struct stamp stamp;
    (void)snprintf(stamp.run_id, sizeof(stamp.run_id), "%" PRIu64, run->run_id);
    (void)snprintf(stamp.generation, sizeof(stamp.generation), "%" PRIu32, run->generation);
    (void)snprintf(stamp.planned_ms, sizeof(stamp.planned_ms), "%" PRId64, run->planned_ms);
    (void)svc_copy_text(stamp.state, sizeof(stamp.state), settle_run_state_name(state));
    return stamp;
}

/* Whether the object is of a later plan, or of a later end of this plan. The time of the plan is
 * compared as well: a ledger that was set up anew counts its generations from 1 again. */
static bool is_later(const struct awsc_s3_info *info, const struct settle_run *run,
                     enum settle_run_state state) {
    const char *there = awsc_s3_metadata(info, "state");
    uint64_t run_id = 0, generation = 0, planned_ms = 0;
    const bool is_same_run =
        there != NULL && svc_parse_uint(awsc_s3_metadata(info, "run"), UINT64_MAX, &run_id) &&
        svc_parse_uint(awsc_s3_metadata(info, "generation"), UINT32_MAX, &generation) &&
        svc_parse_uint(awsc_s3_metadata(info, "planned-ms"), INT64_MAX, &planned_ms) &&
        run_id == run->run_id;
    if (!is_same_run || (int64_t)planned_ms < run->planned_ms || generation < run->generation) {
        return false;
    }
    return generation > run->generation || (int64_t)planned_ms > run->planned_ms ||
           (state == SETTLE_RUN_INCOMPLETE &&
            strcmp(there, settle_run_state_name(SETTLE_RUN_CLOSED)) == 0);
}

/* Makes the condition that of the object that is there now; *is_overtaken: it must stay. */
static enum svc_status look(struct awsc_client *aws, const struct settle_run *run,
                            enum settle_run_state state, struct awsc_s3_put *put,
                            char etag[SETTLE_ETAG_BYTES], bool *is_overtaken,
                            struct svc_error *error) {
    const struct awsc_s3_get get = {
        .bucket = put->bucket, .key = put->key, .deadline_ms = put->deadline_ms};
    char line[AWSC_ERROR_TEXT_BYTES];
    struct awsc_s3_info info = {0};
    struct awsc_error aws_error;
    const enum svc_status status = awsc_s3_head(aws, &get, &info, &aws_error);
    put->if_absent = status == SVC_NOT_FOUND;
    put->if_match = NULL;
    if (put->if_absent) {
        return SVC_OK;
    }
    if (status != SVC_OK) {
        return svc_fail(error, status, "the summary: %s", awsc_error_text(&aws_error, line));
    }
    const bool is_kept = svc_copy_text(etag, SETTLE_ETAG_BYTES, info.etag);
    put->if_match = etag;
    *is_overtaken = is_later(&info, run, state);
    awsc_s3_info_clear(&info);
    return is_kept ? SVC_OK
                   : svc_fail(error, SVC_BAD_RESPONSE, "an ETag of S3 is too long to be compared");
}

static enum svc_status write_once(struct settle_ledger *ledger, struct awsc_client *aws,
                                  const struct awsc_s3_put *put, const struct settle_run *run,
                                  enum settle_run_state state, struct settle_run_totals *totals,
                                  bool *is_contested, struct svc_error *error) {
    struct stream stream = {.totals = totals, .status = SVC_OK};
    struct awsc_error aws_error;
    struct awsc_s3_put_result put_result;
    char line[AWSC_ERROR_TEXT_BYTES];
    memset(totals, 0, sizeof(*totals));
    enum svc_status status = awsc_s3_upload_open(aws, put, 0, &stream.upload, &aws_error);
    if (status != SVC_OK) {
        return svc_fail(error, status, "%s", awsc_error_text(&aws_error, line));
    }
    svc_buf_init(&stream.buffer, MAX_BUFFER_BYTES);
    svc_json_writer_init(&stream.writer, &stream.buffer);
    status = write_stream(ledger, run, state, &stream, error);
    svc_buf_clear(&stream.buffer);
    if (status != SVC_OK) {
        awsc_s3_upload_abort(stream.upload);
        return status;
    }
    status = awsc_s3_upload_finish(stream.upload, &put_result);
    *is_contested = status == SVC_PRECONDITION_FAILED || status == SVC_CONFLICT ||
                    (status == SVC_NOT_FOUND && put->if_match != NULL);
    return status == SVC_OK ? SVC_OK
                            : svc_fail(error, status, "the summary: %s",
                                       awsc_error_text(&put_result.error, line));
}

enum svc_status settle_summary_write(struct settle_ledger *ledger, struct awsc_client *aws,
                                     const char *bucket, const struct settle_run *run,
                                     enum settle_run_state state, int64_t deadline_ms,
                                     struct settle_run_totals *totals, struct svc_error *error) {
    char key[SETTLE_OBJECT_KEY_BYTES], etag[SETTLE_ETAG_BYTES];
    const struct stamp stamp = stamp_of(run, state);
    const struct awsc_param metadata[] = {{"run", stamp.run_id},
                                          {"generation", stamp.generation},
                                          {"planned-ms", stamp.planned_ms},
                                          {"state", stamp.state}};
    struct awsc_s3_put put = {
        .bucket = bucket,
        .key = key,
        .content_type = settle_format_content_type(SETTLE_JSON),
        .metadata = metadata,
        .metadata_count = sizeof(metadata) / sizeof(metadata[0]),
        .if_absent = true,
        .deadline_ms = deadline_ms,
    };
    /* The first end of a first plan finds nothing: it asks no question. */
    bool is_contested = run->generation > 1 || run->state == SETTLE_RUN_INCOMPLETE;
    bool is_overtaken = false;
    settle_summary_key(&run->period, key);
    memset(totals, 0, sizeof(*totals));
    enum svc_status status = SVC_CONFLICT;
    for (int i = 0; i < TRIES; i++) {
        /* The ledger is read after the condition is taken, so that what is written is never older
         * than what it is written over. */
        status = is_contested ? look(aws, run, state, &put, etag, &is_overtaken, error) : SVC_OK;
        if (status != SVC_OK || is_overtaken) {
            return status;
        }
        is_contested = false;
        status = write_once(ledger, aws, &put, run, state, totals, &is_contested, error);
        if (!is_contested) {
            return status;
        }
    }
    return svc_fail(error, SVC_CONFLICT, "another invocation writes the summary at the same time");
}
