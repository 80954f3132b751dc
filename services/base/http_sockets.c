/* The sockets of the real transport's connections, so that a kept one can be examined before a
 * request is written to it. (libcurl names a transfer's socket only when the transfer is over.) */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/base/http_real.h"

curl_socket_t svc_http_real_open_socket(void *user, curlsocktype purpose,
                                        struct curl_sockaddr *address) {
    struct svc_http_real *real = user;
    (void)purpose;
    const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0 && real->socket_count < SVC_HTTP_REAL_SOCKETS) {
        real->sockets[real->socket_count++] = fd;
    }
    return fd;
}

int svc_http_real_close_socket(void *user, curl_socket_t fd) {
    struct svc_http_real *real = user;
    for (size_t i = 0; i < real->socket_count; i++) {
        if (real->sockets[i] == fd) {
            real->sockets[i] = real->sockets[--real->socket_count];
            break;
        }
    }
    return close(fd);
}

/* Whether a socket's address is this one, as libcurl writes them. */
static bool is_address(const struct sockaddr_storage *socket_address, const char *address,
                       int port) {
    char text[INET6_ADDRSTRLEN] = "";
    const void *bytes = NULL;
    int own_port = -1;
    if (socket_address->ss_family == AF_INET) {
        const struct sockaddr_in *ip4 = (const struct sockaddr_in *)(const void *)socket_address;
        bytes = &ip4->sin_addr;
        own_port = ntohs(ip4->sin_port);
    } else if (socket_address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)(const void *)socket_address;
        bytes = &ip6->sin6_addr;
        own_port = ntohs(ip6->sin6_port);
    }
    return own_port == port &&
           inet_ntop(socket_address->ss_family, bytes, text, sizeof(text)) != NULL &&
           strcmp(text, address) == 0;
}

/* -1: not found. */
static int find_socket(const struct svc_http_real *real, const char *peer, int peer_port,
                       const char *own, int own_port) {
    for (size_t i = 0; i < real->socket_count; i++) {
        struct sockaddr_storage peer_address = {0}, own_address = {0};
        socklen_t peer_bytes = sizeof(peer_address), own_bytes = sizeof(own_address);
        if (getpeername(real->sockets[i], (struct sockaddr *)&peer_address, &peer_bytes) == 0 &&
            getsockname(real->sockets[i], (struct sockaddr *)&own_address, &own_bytes) == 0 &&
            is_address(&peer_address, peer, peer_port) && is_address(&own_address, own, own_port)) {
            return real->sockets[i];
        }
    }
    return -1;
}

bool svc_http_real_is_ended(const struct svc_http_real *real, const char *peer, int peer_port,
                            const char *own, int own_port) {
    const int fd = find_socket(real, peer, peer_port, own, own_port);
    struct pollfd idle = {.fd = fd, .events = POLLIN};
    return fd < 0 || poll(&idle, 1, 0) != 0;
}
