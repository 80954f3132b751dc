/* Commands without AWS: see cli_render.h. */
#include <string.h>

#include "services/base/json.h"
#include "services/email/cli_render.h"
#include "services/email/json_schema.h"
#include "services/email/mime.h"
#include "services/email/render.h"

enum form { WHOLE, HTML, TEXT, SUBJECT, RAW };

struct request {
    const char *template_name, *path, *language, *to;
    enum form form;
};

static void put_render_usage(const struct email_cli *cli, FILE *out) {
    fprintf(
        out,
        "usage: %s render TEMPLATE DATA.json [options]\n"
        "\n"
        "Renders a mail from the data of a message, or from a whole message. DATA.json may be\n"
        "- for the standard input. Nothing is sent, and no AWS is needed.\n"
        "\n"
        "  TEMPLATE      ORDER_CONFIRMATION, SHIPPING_NOTIFICATION, PASSWORD_RESET,\n"
        "                PROMOTIONAL or SETTLEMENT_REPORT\n"
        "  --lang ko|en  the language (default: the message's, else ko)\n"
        "  --to ADDRESS  the recipient (default: the message's, else customer@example.com)\n"
        "  --html        the HTML part alone\n"
        "  --text        the text part alone\n"
        "  --subject     the subject alone\n"
        "  --raw         the whole mail as it would arrive: headers, both parts in MIME\n"
        "\n"
        "Without a form: subject, headers and text part. The sender is taken from FROM_EMAIL,\n"
        "SENDER_NAME, SENDER_EMAIL, SENDER_PHONE and SENDER_ADDRESS, or is an example.\n"
        "Exit status: 0 rendered, 1 the message is refused, 2 usage, 3 a file cannot be read.\n",
        cli->program);
}

static int usage_error(const struct email_cli *cli, const char *what, const char *which) {
    fprintf(cli->err, "%s: %s%s; try %s render --help\n", cli->program, what, which, cli->program);
    return EMAIL_CLI_USAGE;
}

/* The word behind an option; NULL if there is none. */
static const char *argument_of(int argc, char **argv, int *i) {
    return *i + 1 < argc ? argv[++*i] : NULL;
}

static int read_arguments(const struct email_cli *cli, int argc, char **argv,
                          struct request *request, bool *is_done) {
    static const char *const forms[] = {"", "--html", "--text", "--subject", "--raw"};
    enum email_language language;
    *is_done = false;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        enum form form = WHOLE;
        for (enum form f = HTML; f <= RAW; f++) {
            form = strcmp(word, forms[f]) == 0 ? f : form;
        }
        if (form != WHOLE) {
            request->form = form;
        } else if (strcmp(word, "--help") == 0) {
            put_render_usage(cli, cli->out);
            *is_done = true;
            return EMAIL_CLI_OK;
        } else if (strcmp(word, "--lang") == 0) {
            request->language = argument_of(argc, argv, &i);
            if (request->language == NULL || !email_language_find(request->language, &language)) {
                return usage_error(cli, "--lang takes ko or en", "");
            }
        } else if (strcmp(word, "--to") == 0) {
            request->to = argument_of(argc, argv, &i);
            if (request->to == NULL) {
                return usage_error(cli, "--to takes an address", "");
            }
        } else if (word[0] == '-' && word[1] != '\0') {
            return usage_error(cli, "there is no option ", word);
        } else if (request->template_name == NULL) {
            request->template_name = word;
        } else if (request->path == NULL) {
            request->path = word;
        } else {
            return usage_error(cli, "there is one file too many: ", word);
        }
    }
    if (request->path == NULL) {
        return usage_error(cli, "TEMPLATE and DATA.json are needed", "");
    }
    return EMAIL_CLI_OK;
}

static int read_file(const struct email_cli *cli, const char *path, struct svc_buf *content) {
    FILE *file = strcmp(path, "-") == 0 ? cli->in : fopen(path, "rb");
    char block[4096];
    size_t size = 0;
    if (file == NULL) {
        fprintf(cli->err, "%s: %s cannot be opened\n", cli->program, path);
        return EMAIL_CLI_IO;
    }
    while ((size = fread(block, 1, sizeof(block), file)) > 0) {
        if (!svc_buf_append(content, block, size)) {
            break;
        }
    }
    bool is_good = !ferror(file) && svc_buf_status(content) == SVC_OK;
    if (file != cli->in) {
        fclose(file);
    }
    if (!is_good) {
        fprintf(cli->err, "%s: %s cannot be read, or is larger than a message may be\n",
                cli->program, path);
        return EMAIL_CLI_IO;
    }
    return EMAIL_CLI_OK;
}

/* The message of which the file is the data, or which it is already. */
static enum svc_status make_message(const struct request *request, const struct svc_json *document,
                                    struct svc_buf *out) {
    struct svc_json_writer json;
    bool is_message = svc_json_has(document, "template") && svc_json_has(document, "data");
    const struct svc_json *data = is_message ? svc_json_get(document, "data") : document;
    const char *to = is_message ? svc_json_get_text(document, "toEmail") : NULL;
    const char *language = is_message ? svc_json_get_text(document, "language") : NULL;
    svc_json_writer_init(&json, out);
    svc_json_begin_object(&json);
    svc_json_add_text(&json, "template", request->template_name);
    svc_json_add_text(&json, "toEmail",
                      request->to != NULL ? request->to
                      : to != NULL        ? to
                                          : "customer@example.com");
    svc_json_add_text(&json, "language", request->language != NULL ? request->language : language);
    svc_json_name(&json, "data");
    svc_json_put_value(&json, data);
    svc_json_end_object(&json);
    return svc_json_writer_status(&json);
}

static const char *setting(const struct email_cli *cli, const char *name, const char *example) {
    const char *value = cli->setting != NULL ? cli->setting(cli->user, name) : NULL;
    return value != NULL && *value != '\0' ? value : example;
}

static void put_buf(const struct email_cli *cli, const struct svc_buf *buf) {
    fwrite(svc_buf_text(buf), 1, buf->size_bytes, cli->out);
}

static int put_mail(const struct email_cli *cli, const struct request *request,
                    const struct email_message *message, const struct email_rendered *rendered) {
    struct svc_buf raw;
    enum svc_status status = SVC_OK;
    switch (request->form) {
    case HTML:
        put_buf(cli, &rendered->html);
        break;
    case TEXT:
        put_buf(cli, &rendered->text);
        break;
    case SUBJECT:
        fprintf(cli->out, "%s\n", svc_buf_text(&rendered->subject));
        break;
    case RAW: {
        const struct email_envelope envelope = {
            .from = setting(cli, "FROM_EMAIL", "오픈마켓 <no-reply@openmarket.example>"),
            .to = message->to,
            .date_ms = cli->now_ms};
        svc_buf_init(&raw, EMAIL_MAX_RAW_BYTES);
        status = email_write_mime(rendered, &envelope, &raw);
        if (status == SVC_OK) {
            put_buf(cli, &raw);
        }
        svc_buf_clear(&raw);
        break;
    }
    default:
        fprintf(cli->out, "To: %s\nSubject: %s\n", message->to, svc_buf_text(&rendered->subject));
        for (size_t i = 0; i < rendered->header_count; i++) {
            fprintf(cli->out, "%s: %s\n", rendered->headers[i].name, rendered->headers[i].value);
        }
        fputc('\n', cli->out);
        put_buf(cli, &rendered->text);
        break;
    }
    if (status != SVC_OK) {
        fprintf(cli->err, "%s: FROM_EMAIL is not a mailbox, or the mail is too large\n",
                cli->program);
        return EMAIL_CLI_REFUSED;
    }
    return fflush(cli->out) == 0 && !ferror(cli->out) ? EMAIL_CLI_OK : EMAIL_CLI_IO;
}

static int refuse(const struct email_cli *cli, const struct email_error *error) {
    fprintf(cli->err, "%s: %s: %s\n", cli->program, email_reason_name(error->reason),
            error->detail);
    return EMAIL_CLI_REFUSED;
}

static int render(const struct email_cli *cli, const struct request *request,
                  const struct svc_buf *content) {
    struct email_message message;
    struct email_rendered rendered;
    struct email_error error;
    struct svc_json *document = NULL;
    struct svc_buf whole;
    struct svc_error fault;
    const struct email_sender sender = {
        .name = setting(cli, "SENDER_NAME", "오픈마켓"),
        .email = setting(cli, "SENDER_EMAIL", "help@openmarket.example"),
        .phone = setting(cli, "SENDER_PHONE", "02-0000-0000"),
        .address = setting(cli, "SENDER_ADDRESS", "서울특별시 중구 세종대로 110")};
    if (svc_json_parse(content->bytes, content->size_bytes, EMAIL_MAX_MESSAGE_BYTES, &document,
                       &fault) != SVC_OK) {
        email_refuse(&error, EMAIL_REASON_BAD_JSON, "", "%s", fault.detail);
        return refuse(cli, &error);
    }
    svc_buf_init(&whole, EMAIL_MAX_MESSAGE_BYTES);
    enum svc_status status = make_message(request, document, &whole);
    svc_json_free(document);
    if (status != SVC_OK) {
        email_refuse_output(&error, status, "the message");
    } else {
        status = email_message_parse(svc_buf_text(&whole), whole.size_bytes, &message, &error);
    }
    svc_buf_clear(&whole);
    if (status != SVC_OK) {
        return refuse(cli, &error);
    }
    status = email_render(&message, &sender, cli->now_ms, &rendered, &error);
    int result =
        status == SVC_OK ? put_mail(cli, request, &message, &rendered) : refuse(cli, &error);
    email_rendered_clear(&rendered);
    email_message_clear(&message);
    return result;
}

int email_cli_render(const struct email_cli *cli, int argc, char **argv) {
    struct request request = {.form = WHOLE};
    struct svc_buf content;
    bool is_done = false;
    int result = read_arguments(cli, argc, argv, &request, &is_done);
    if (result != EMAIL_CLI_OK || is_done) {
        return result;
    }
    svc_buf_init(&content, EMAIL_MAX_MESSAGE_BYTES);
    result = read_file(cli, request.path, &content);
    if (result == EMAIL_CLI_OK) {
        result = render(cli, &request, &content);
    }
    svc_buf_clear(&content);
    return result;
}

int email_cli_schema(const struct email_cli *cli, int argc, char **argv) {
    struct svc_buf schema;
    if (argc > 1) {
        bool is_help = argc == 2 && strcmp(argv[1], "--help") == 0;
        fprintf(is_help ? cli->out : cli->err,
                "usage: %s schema\n\nWrites the JSON Schema of the queue's messages.\n",
                cli->program);
        return is_help ? EMAIL_CLI_OK : EMAIL_CLI_USAGE;
    }
    svc_buf_init(&schema, (size_t)512 * 1024);
    enum svc_status status = email_write_json_schema(&schema);
    if (status == SVC_OK) {
        put_buf(cli, &schema);
    }
    svc_buf_clear(&schema);
    return status == SVC_OK && fflush(cli->out) == 0 ? EMAIL_CLI_OK : EMAIL_CLI_IO;
}
