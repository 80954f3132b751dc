/* Taking URLs of settings apart: see url.h. */
#include "services/base/url.h"

#include <string.h>

#include "services/base/text.h"

static const char host_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-._";
static const char path_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-._~/:@!$&'()*+,;=%";

/* The bytes of the host that `text` begins with; 0: none. */
static size_t host_size(const char *text) {
    if (text[0] != '[') {
        return strspn(text, host_characters);
    }
    const size_t size = strspn(text + 1, "0123456789abcdefABCDEF:.");
    return size > 0 && text[1 + size] == ']' ? size + 2 : 0;
}

bool svc_url_parse(const char *text, struct svc_url *url) {
    url->is_https = strncmp(text, "https://", strlen("https://")) == 0;
    if (!url->is_https && strncmp(text, "http://", strlen("http://")) != 0) {
        return false;
    }
    url->authority = text + strlen(url->is_https ? "https://" : "http://");
    url->authority_bytes = host_size(url->authority);
    url->path = url->authority + url->authority_bytes;
    if (url->authority_bytes == 0) {
        return false;
    }
    if (url->path[0] == ':') {
        const char *port = url->path + 1;
        uint64_t number = 0;
        if (!svc_read_number(&port, 0, 65535, &number) || port - url->path > 6) {
            return false;
        }
        if (number != (url->is_https ? 443 : 80)) {
            url->authority_bytes = (size_t)(port - url->authority);
        }
        url->path = port;
    }
    return (url->path[0] == '\0' || url->path[0] == '/') &&
           url->path[strspn(url->path, path_characters)] == '\0';
}
