/* Taking URLs of settings apart. */
#ifndef SVC_URL_H
#define SVC_URL_H

#include <stdbool.h>
#include <stddef.h>

/* An absolute http or https URL without user, query and fragment. Points into its text. */
struct svc_url {
    bool is_https;
    const char *authority;  /* "host" or "host:port" */
    size_t authority_bytes; /* without the scheme's own port */
    const char *path;       /* "" or "/..." */
};

/* false: the text is no such URL. The host is a name, an IPv4 address, or an IPv6 address in
 * brackets; the path has only characters of URLs. */
bool svc_url_parse(const char *text, struct svc_url *url);

#endif
