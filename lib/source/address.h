/* address.h: an address as the kernel gives it for a socket. */
#ifndef SMK_SOURCE_ADDRESS_H
#define SMK_SOURCE_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/compiler.h"

union smk_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
};

/* 0: it has none, or is none of IPv4's and IPv6's. */
SMK_INLINE uint32_t smk_address_port(const union smk_address *address)
{
    if (address->any.sa_family == AF_INET)
        return ntohs(address->v4.sin_port);
    return address->any.sa_family == AF_INET6 ? ntohs(address->v6.sin6_port) : 0;
}

#endif
