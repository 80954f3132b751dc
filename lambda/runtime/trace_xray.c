/* X-Ray's trace header, its daemon's address, and the sending of documents: see trace_xray.h. The
 * documents themselves are written by trace_document.c. */
#define _GNU_SOURCE
#include "lambda/runtime/trace_xray.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lambda/runtime/trace_document.h"
#include "services/base/text.h"

#define ADDRESS_VARIABLE  "AWS_XRAY_DAEMON_ADDRESS"
#define MAX_ADDRESS_BYTES 256

/* ---------------------------------------------------------------------- the trace header */

/* `count` hexadecimal digits, which become lower-case. */
static bool copy_hex(const char *text, size_t count, char *out) {
    for (size_t i = 0; i < count; i++) {
        const int digit = svc_hex_digit(text[i]);
        if (digit < 0) {
            return false;
        }
        out[i] = "0123456789abcdef"[digit];
    }
    return true;
}

static bool read_root(const char *text, size_t size, char out[LRT_XRAY_ROOT_BYTES]) {
    if (size != LRT_XRAY_ROOT_BYTES - 1 || memcmp(text, "1-", 2) != 0 || text[10] != '-') {
        return false;
    }
    memcpy(out, "1-", 2);
    out[10] = '-';
    out[LRT_XRAY_ROOT_BYTES - 1] = '\0';
    return copy_hex(text + 2, 8, out + 2) && copy_hex(text + 11, 24, out + 11);
}

static bool read_parent(const char *text, size_t size, char out[LRT_XRAY_PARENT_BYTES]) {
    out[LRT_XRAY_PARENT_BYTES - 1] = '\0';
    return size == LRT_XRAY_PARENT_BYTES - 1 && copy_hex(text, size, out);
}

/* "?" asks the receiver to decide; Lambda has decided before it invokes. */
static bool read_sampled(const char *text, size_t size, bool *is_sampled) {
    *is_sampled = size == 1 && text[0] == '1';
    return size == 1 && (text[0] == '0' || text[0] == '1' || text[0] == '?');
}

static bool is_field(const char *text, size_t size, const char *name) {
    return size == strlen(name) && memcmp(text, name, size) == 0;
}

/* The fields that were read, a bit for each. */
enum { HAS_ROOT = 1, HAS_PARENT = 2, HAS_SAMPLED = 4 };

/* One field; false: it is not of its form, or there was one of its name already. */
static bool read_field(const char *text, size_t size, struct lrt_xray_context *context,
                       unsigned *has) {
    const char *equals = memchr(text, '=', size);
    if (equals == NULL) {
        return true;
    }
    const size_t name_size = (size_t)(equals - text);
    const char *value = equals + 1;
    const size_t value_size = size - name_size - 1;
    unsigned which = 0;
    bool is_good = true;
    if (is_field(text, name_size, "Root")) {
        which = HAS_ROOT;
        is_good = read_root(value, value_size, context->root);
    } else if (is_field(text, name_size, "Parent")) {
        which = HAS_PARENT;
        is_good = read_parent(value, value_size, context->parent);
    } else if (is_field(text, name_size, "Sampled")) {
        which = HAS_SAMPLED;
        is_good = read_sampled(value, value_size, &context->is_sampled);
    }
    is_good = is_good && (*has & which) == 0;
    *has |= which;
    return is_good;
}

bool lrt_xray_context_parse(const char *header, struct lrt_xray_context *context) {
    unsigned has = 0;
    memset(context, 0, sizeof(*context));
    for (const char *at = header; at != NULL && *at != '\0';) {
        at += strspn(at, " \t");
        const size_t size = strcspn(at, ";");
        size_t trimmed = size;
        while (trimmed > 0 && (at[trimmed - 1] == ' ' || at[trimmed - 1] == '\t')) {
            trimmed--;
        }
        if (!read_field(at, trimmed, context, &has)) {
            return false;
        }
        at += size + (at[size] == ';');
    }
    return (has & (HAS_ROOT | HAS_PARENT)) == (HAS_ROOT | HAS_PARENT);
}

/* ---------------------------------------------------------------------- the daemon's address */

static bool read_port(const char *text, in_port_t *port) {
    uint64_t number = 0;
    if (!svc_parse_uint(text, UINT16_MAX, &number) || number == 0) {
        return false;
    }
    *port = htons((uint16_t)number);
    return true;
}

static bool read_endpoint(const char *text, struct sockaddr_storage *address, socklen_t *bytes) {
    char host[MAX_ADDRESS_BYTES];
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const char *colon = strrchr(text, ':');
    in_port_t port = 0;
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host) || !read_port(colon + 1, &port)) {
        return false;
    }
    const size_t size = (size_t)(colon - text);
    memcpy(host, text, size);
    host[size] = '\0';
    memset(address, 0, sizeof(*address));
    if (size > 2 && host[0] == '[' && host[size - 1] == ']') {
        host[size - 1] = '\0';
        v6.sin6_port = port;
        memcpy(address, &v6, sizeof(v6));
        *bytes = sizeof(v6);
        return inet_pton(AF_INET6, host + 1, &((struct sockaddr_in6 *)address)->sin6_addr) == 1;
    }
    v4.sin_port = port;
    memcpy(address, &v4, sizeof(v4));
    *bytes = sizeof(v4);
    return inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
                     &((struct sockaddr_in *)address)->sin_addr) == 1;
}

bool lrt_xray_address_parse(const char *text, struct sockaddr_storage *address, socklen_t *bytes) {
    char copy[MAX_ADDRESS_BYTES];
    if (text == NULL || !svc_copy_text(copy, sizeof(copy), text)) {
        return false;
    }
    char *second = strchr(copy, ' ');
    if (second == NULL) {
        return read_endpoint(copy, address, bytes);
    }
    *second++ = '\0';
    const bool is_udp_first = strncmp(copy, "udp:", 4) == 0 && strncmp(second, "tcp:", 4) == 0;
    const bool is_udp_second = strncmp(copy, "tcp:", 4) == 0 && strncmp(second, "udp:", 4) == 0;
    return (is_udp_first || is_udp_second) &&
           read_endpoint((is_udp_first ? copy : second) + 4, address, bytes);
}

/* ---------------------------------------------------------------------- the socket */

/* A connected socket: the kernel then reports a port that nobody listens to, and no address is
 * looked up for each datagram. */
static bool open_socket(struct lrt_xray *xray) {
    struct sockaddr_storage address;
    socklen_t bytes = 0;
    if (!lrt_xray_address_parse(xray->address_text, &address, &bytes)) {
        svc_log_event(xray->log, SVC_LOG_WARN, "no traces: " ADDRESS_VARIABLE " is not HOST:PORT",
                      SVC_TEXT("variable", ADDRESS_VARIABLE));
        xray->address_text = NULL;
        return false;
    }
    xray->descriptor = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (xray->descriptor >= 0 &&
        connect(xray->descriptor, (const struct sockaddr *)&address, bytes) != 0) {
        (void)close(xray->descriptor);
        xray->descriptor = -1;
    }
    return xray->descriptor >= 0;
}

/* Never waits: a datagram that the kernel does not take at once is lost. ECONNREFUSED belongs to an
 * earlier datagram, and this one was not sent: it is tried again, once. */
static void send_datagram(struct lrt_xray *xray) {
    ssize_t sent = -1;
    for (int i = 0; i < 2 && sent < 0; i++) {
        sent = send(xray->descriptor, xray->datagram.bytes, xray->datagram.size_bytes,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != ECONNREFUSED && errno != EINTR) {
            break;
        }
    }
    xray->sent += sent >= 0;
    xray->lost += sent < 0;
}

/* ---------------------------------------------------------------------- the exporter */

static bool begin(void *self, const char *context) {
    struct lrt_xray *xray = self;
    return context != NULL && xray->address_text != NULL &&
           lrt_xray_context_parse(context, &xray->context) && xray->context.is_sampled &&
           (xray->descriptor >= 0 || open_socket(xray));
}

/* The first span with what is below it; then each span that found no place in a document before, in
 * one of its own. A span that is put off comes after the one that it is put off from. */
static void send_trace(void *self, const struct svc_trace *trace) {
    struct lrt_xray *xray = self;
    xray->annotations = 0;
    memset(xray->is_put_off, 0, sizeof(xray->is_put_off));
    xray->is_put_off[0] = true;
    for (size_t i = 0; i < trace->count && xray->descriptor >= 0; i++) {
        if (!xray->is_put_off[i]) {
            continue;
        }
        if (lrt_xray_write(xray, trace, &trace->spans[i])) {
            send_datagram(xray);
        } else {
            xray->lost++;
        }
    }
}

void lrt_xray_open(struct lrt_xray *xray, const struct svc_environment *environment,
                   const struct svc_log *log, struct svc_trace_exporter *exporter) {
    memset(xray, 0, sizeof(*xray));
    xray->log = log;
    xray->address_text = svc_setting(environment, ADDRESS_VARIABLE);
    xray->descriptor = -1;
    svc_buf_init(&xray->datagram, LRT_XRAY_MAX_DATAGRAM_BYTES);
    *exporter = (struct svc_trace_exporter){.self = xray, .begin = begin, .send = send_trace};
}

void lrt_xray_close(struct lrt_xray *xray) {
    if (xray->descriptor >= 0) {
        (void)close(xray->descriptor);
        xray->descriptor = -1;
    }
    svc_buf_clear(&xray->datagram);
}
