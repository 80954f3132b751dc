/* webhook-send: signs events as their senders do, and sends them. For integration, tests and load.
 * See `help`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "services/base/environment.h"
#include "services/base/file.h"
#include "services/base/json.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/webhook/tools/send_replay.h"

static const char help[] =
    "usage: webhook-send [OPTIONS] URL FILE          signs and sends FILE (-: standard input)\n"
    "       webhook-send replay [OPTIONS] URL FILE   sends the events of FILE, one a line:\n"
    "         "
    "{\"path\":\"/webhooks/payment\",\"scheme\":\"platform\",\"id\":\"...\",\"body\":{...}}\n"
    "         path is appended to URL; \"text\" in place of \"body\" is sent byte for byte; "
    "scheme,\n"
    "         id and contentType are optional\n"
    "\n"
    "  --scheme S        platform (default), standard, standard-public, toss, toss-bytes, none\n"
    "  --secret-file F   the secrets; else the variable WEBHOOK_SECRET. Words: whsec_ and whsk_\n"
    "                    keys, and secrets of the platform and of Toss; or JSON\n"
    "                    {\"platform\":[...],\"standard\":[...],\"toss\":[...]}\n"
    "  --id ID           webhook-id of Standard Webhooks (default: from the body)\n"
    "  --content-type T  default application/json\n"
    "  --time T          of the signature: now (default), now-301, now+5, 2026-01-02T03:04:05Z\n"
    "  --timeout MS      of a request (default 15000)\n"
    "  --json            the result as JSON\n"
    "\n"
    "of replay:\n"
    "  --jobs N          requests at a time, up to 16 (default 1)\n"
    "  --rate R          requests a second at most\n"
    "  --shuffle SEED    in a random order; 8 bytes of memory for each event\n"
    "  --double PERCENT  of the events are sent twice\n"
    "  --corrupt PERCENT of the events have a copy sent that is damaged after it was signed\n"
    "  --seed N          of the two above, without --shuffle (default 1)\n"
    "  --part K/N        of each N events the Kth alone: N processes share a file\n"
    "  --retry N         rounds in which events with 429, 5xx or no response are sent again\n"
    "  --retry-refused   those with 404 or 409 as well\n"
    "  --retry-delay MS  before each of these rounds (default 1000)\n"
    "\n"
    "Exit status: 0 all accepted (2xx), and no damaged copy; 1 not; 2 usage; 3 a file, a secret "
    "or\n"
    "the network's set-up fails.\n";

enum exit_status { EXIT_ACCEPTED, EXIT_REFUSED, EXIT_USAGE, EXIT_FAILED };
enum { MAX_SECRET_FILE_BYTES = 64 * 1024 };

struct arguments {
    struct send_replay replay;
    bool is_replay, is_json;
    const char *secret_file, *id, *content_type, *url, *file;
};

/* ---------------------------------------------------------------------- arguments */

static bool read_int(const char *text, int low, int high, int *number) {
    uint64_t value = 0;
    const bool is_read =
        svc_parse_uint(text, (uint64_t)high, &value) && (int64_t)value >= (int64_t)low;
    *number = is_read ? (int)value : *number;
    return is_read;
}

static bool read_rate(const char *text, double *rate) {
    char *end = NULL;
    *rate = strtod(text, &end);
    return end != text && *end == '\0' && *rate >= 0.001 && *rate <= 1e6;
}

/* As the distance from now: a replay goes on. */
static bool read_time(const char *text, int64_t now_ms, int64_t *offset_ms) {
    uint64_t seconds = 0;
    int64_t at_ms = 0;
    if (strcmp(text, "now") == 0) {
        *offset_ms = 0;
        return true;
    }
    if (strncmp(text, "now+", 4) == 0 || strncmp(text, "now-", 4) == 0) {
        const bool is_read = svc_parse_uint(text + 4, UINT64_C(10000000000), &seconds);
        *offset_ms = (int64_t)seconds * (text[3] == '-' ? -1000 : 1000);
        return is_read;
    }
    const bool is_read = svc_parse_iso8601(text, &at_ms);
    *offset_ms = at_ms - now_ms;
    return is_read;
}

static bool read_part(const char *text, struct send_source_options *source) {
    uint64_t part = 0;
    const bool is_read = svc_read_number(&text, 1, UINT32_MAX, &part) && *text == '/' &&
                         svc_parse_uint(text + 1, UINT32_MAX, &source->parts) &&
                         part <= source->parts;
    source->part = part - 1;
    return is_read;
}

static bool read_replay_option(const char *name, const char *value, struct send_replay *replay) {
    struct send_source_options *source = &replay->source;
    if (strcmp(name, "--shuffle") == 0 || strcmp(name, "--seed") == 0) {
        source->is_shuffled |= strcmp(name, "--shuffle") == 0;
        return svc_parse_uint(value, UINT64_MAX, &source->seed);
    }
    if (strcmp(name, "--rate") == 0) {
        return read_rate(value, &replay->rate);
    }
    if (strcmp(name, "--part") == 0) {
        return read_part(value, source);
    }
    const struct {
        const char *name;
        int low, high, *number;
    } numbers[] = {
        {"--jobs", 1, SEND_MAX_JOBS, &replay->jobs},
        {"--double", 0, 100, &source->double_percent},
        {"--corrupt", 0, 100, &source->damage_percent},
        {"--retry", 0, 1000000, &replay->retries},
        {"--retry-delay", 0, 3600000, &replay->retry_delay_ms},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            return read_int(value, numbers[i].low, numbers[i].high, numbers[i].number);
        }
    }
    return false;
}

static bool read_option(const char *name, const char *value, struct arguments *arguments) {
    struct send_replay *replay = &arguments->replay;
    if (strcmp(name, "--scheme") == 0) {
        replay->scheme = send_scheme_of(value);
        return replay->scheme != SEND_SCHEMES;
    }
    if (strcmp(name, "--time") == 0) {
        return read_time(value, svc_wall_ms(replay->clock), &replay->time_offset_ms);
    }
    if (strcmp(name, "--timeout") == 0) {
        return read_int(value, 1, 3600000, &replay->timeout_ms);
    }
    if (strcmp(name, "--secret-file") == 0) {
        arguments->secret_file = value;
        return true;
    }
    if (arguments->is_replay) {
        return read_replay_option(name, value, replay);
    }
    const bool is_id = strcmp(name, "--id") == 0;
    *(is_id ? &arguments->id : &arguments->content_type) = value;
    return is_id || strcmp(name, "--content-type") == 0;
}

/* false: *fault is the argument that is wrong, or NULL. */
static bool read_arguments(int argc, char **argv, struct arguments *arguments, const char **fault) {
    const char *places[2] = {NULL, NULL};
    size_t count = 0;
    int i = 1;
    arguments->is_replay = argc > 1 && strcmp(argv[1], "replay") == 0;
    i += arguments->is_replay;
    for (; i < argc; i++) {
        *fault = argv[i];
        if (strcmp(argv[i], "--json") == 0) {
            arguments->is_json = true;
        } else if (arguments->is_replay && strcmp(argv[i], "--retry-refused") == 0) {
            arguments->replay.retry_refused = true;
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            if (i + 1 == argc || !read_option(argv[i], argv[i + 1], arguments)) {
                return false;
            }
            i++;
        } else if (count == 2) {
            return false;
        } else {
            places[count++] = argv[i];
        }
    }
    *fault = NULL;
    arguments->url = places[0];
    arguments->file = places[1];
    return count == 2;
}

/* ---------------------------------------------------------------------- files */

static enum svc_status read_secrets(const struct arguments *arguments, struct send_secrets *secrets,
                                    struct svc_error *error) {
    const char *from_environment = svc_setting(svc_environment_system(), "WEBHOOK_SECRET");
    struct svc_buf text;
    enum svc_status status = SVC_OK;
    svc_buf_init(&text, MAX_SECRET_FILE_BYTES);
    if (arguments->secret_file != NULL) {
        status = svc_read_file(arguments->secret_file, &text);
        if (status != SVC_OK) {
            svc_fail(error, status, "%s cannot be read, or is too large", arguments->secret_file);
        }
    } else if (from_environment != NULL && !svc_buf_append_text(&text, from_environment)) {
        status = svc_fail(error, svc_buf_status(&text), "WEBHOOK_SECRET is too long");
    }
    if (status == SVC_OK) {
        status = send_secrets_parse(svc_buf_text(&text), text.size_bytes, secrets, error);
    }
    svc_buf_wipe(&text);
    return status;
}

/* Standard input is copied to a file without a name: events are sent again from it. */
static FILE *open_events(const char *path) {
    if (strcmp(path, "-") != 0) {
        return fopen(path, "rb");
    }
    char block[16 * 1024];
    size_t size = 0;
    FILE *file = tmpfile();
    while (file != NULL && (size = fread(block, 1, sizeof(block), stdin)) > 0) {
        if (fwrite(block, 1, size, file) != size) {
            break;
        }
    }
    if (file != NULL && (ferror(stdin) || ferror(file) || fseeko(file, 0, SEEK_SET) != 0)) {
        fclose(file);
        file = NULL;
    }
    return file;
}

/* ---------------------------------------------------------------------- one event */

static bool print_response(const struct svc_http_exchange *exchange, int64_t duration_ms) {
    struct svc_buf text;
    struct svc_json_writer writer;
    svc_buf_init(&text, 2 * SVC_MAX_RESPONSE_BODY_BYTES);
    svc_json_writer_init(&writer, &text);
    svc_json_begin_object(&writer);
    svc_json_add_int(&writer, "status", exchange->http_status);
    svc_json_add_int(&writer, "durationMs", duration_ms);
    svc_json_name(&writer, "body");
    svc_json_put_bytes(&writer, svc_buf_text(&exchange->body), exchange->body.size_bytes);
    svc_json_end_object(&writer);
    const bool is_done = svc_json_writer_status(&writer) == SVC_OK;
    printf("%s\n", is_done ? svc_buf_text(&text) : "");
    svc_buf_clear(&text);
    return is_done;
}

static enum svc_status send_event_now(const struct arguments *arguments, struct send_event *event,
                                      int *http_status, struct svc_error *error) {
    const struct send_replay *replay = &arguments->replay;
    struct send_request *request = calloc(1, sizeof(*request));
    struct svc_http_exchange *exchange = NULL;
    const int64_t begin_ms = svc_monotonic_ms(replay->clock);
    enum svc_status status =
        request == NULL ? svc_fail(error, SVC_NO_MEMORY, "no memory for the request")
                        : send_request_make(arguments->url, event, replay->secrets,
                                            svc_wall_ms(replay->clock) + replay->time_offset_ms,
                                            SEND_WHOLE, 0, request, error);
    if (status != SVC_OK) {
        goto cleanup;
    }
    request->http.deadline_ms = svc_deadline_in(replay->clock, replay->timeout_ms);
    status = svc_http_send(replay->transport, &request->http, &exchange);
    if (status != SVC_OK) {
        svc_fail(error, status, "%s",
                 exchange != NULL ? exchange->error.detail : "the URL is not valid");
        goto cleanup;
    }
    *http_status = exchange->http_status;
    if (arguments->is_json) {
        print_response(exchange, svc_monotonic_ms(replay->clock) - begin_ms);
    } else {
        printf("%d\n", exchange->http_status);
        fwrite(svc_buf_text(&exchange->body), 1, exchange->body.size_bytes, stdout);
        fputs(exchange->body.size_bytes > 0 ? "\n" : "", stdout);
    }

cleanup:
    replay->transport->close(replay->transport->self, exchange);
    free(request);
    return status;
}

static enum exit_status send_one(const struct arguments *arguments, struct svc_error *error) {
    struct send_event event;
    int http_status = 0;
    send_event_init(&event, arguments->replay.scheme);
    enum svc_status status = strcmp(arguments->file, "-") == 0
                                 ? svc_read_descriptor(STDIN_FILENO, &event.body)
                                 : svc_read_file(arguments->file, &event.body);
    if (status != SVC_OK) {
        svc_fail(error, status, "%s cannot be read, or is too large", arguments->file);
    } else if ((arguments->id != NULL &&
                !svc_copy_text(event.id, sizeof(event.id), arguments->id)) ||
               (arguments->content_type != NULL &&
                !svc_copy_text(event.content_type, sizeof(event.content_type),
                               arguments->content_type))) {
        status = svc_fail(error, SVC_INVALID_ARGUMENT, "--id or --content-type is too long");
    } else {
        status = send_event_now(arguments, &event, &http_status, error);
    }
    send_event_clear(&event);
    if (status == SVC_OK) {
        return http_status >= 200 && http_status < 300 ? EXIT_ACCEPTED : EXIT_REFUSED;
    }
    return svc_status_group(status) == SVC_GROUP_TRANSIENT ? EXIT_REFUSED : EXIT_FAILED;
}

/* ---------------------------------------------------------------------- a file of them */

static enum exit_status replay_file(const struct arguments *arguments, struct svc_error *error) {
    struct send_stats *stats = calloc(1, sizeof(*stats));
    FILE *file = open_events(arguments->file);
    enum exit_status result = EXIT_FAILED;
    if (stats == NULL || file == NULL) {
        svc_fail(error, SVC_IO, "%s cannot be read", arguments->file);
    } else if (send_replay_run(&arguments->replay, file, stats, error) == SVC_OK) {
        const bool is_right = stats->refused == 0 && stats->damaged_accepted == 0;
        result = is_right ? EXIT_ACCEPTED : EXIT_REFUSED;
        if (!arguments->is_json) {
            send_stats_print(stats, stdout);
        } else if (!send_stats_print_json(stats, stdout)) {
            result = EXIT_FAILED;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    free(stats);
    return result;
}

static enum exit_status run(struct arguments *arguments, struct svc_error *error) {
    struct send_secrets secrets;
    struct svc_transport *transport = NULL;
    enum exit_status result = EXIT_FAILED;
    enum svc_status status = read_secrets(arguments, &secrets, error);
    const struct svc_http_options options = {.user_agent = "webhook-send"};
    if (status == SVC_OK) {
        status = svc_http_create(&options, &transport, error);
    }
    if (status == SVC_OK) {
        arguments->replay.secrets = &secrets;
        arguments->replay.transport = transport;
        arguments->replay.base_url = arguments->url;
        result = arguments->is_replay ? replay_file(arguments, error) : send_one(arguments, error);
    }
    svc_http_destroy(transport);
    send_secrets_clear(&secrets);
    return result;
}

int main(int argc, char **argv) {
    struct arguments arguments = {.replay = {.clock = svc_clock_system(),
                                             .jobs = 1,
                                             .retry_delay_ms = 1000,
                                             .timeout_ms = 15000,
                                             .source = {.seed = 1, .parts = 1}}};
    struct svc_error error = {SVC_OK, ""};
    const char *fault = NULL;
    /* No secret in a core. */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return EXIT_ACCEPTED;
        }
    }
    if (!read_arguments(argc, argv, &arguments, &fault)) {
        if (fault != NULL) {
            fprintf(stderr, "webhook-send: %s: not an option, or not its value\n", fault);
        }
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    const enum exit_status result = run(&arguments, &error);
    if (error.detail[0] != '\0') {
        fprintf(stderr, "webhook-send: %s\n", error.detail);
    }
    return fflush(stdout) == 0 ? (int)result : EXIT_FAILED;
}
