"""Builds the small C loop that sends and receives for many sockets with one call: `python build_loop.py` or setup.py.

There is no call of the kernel that writes to many sockets at once (sendmmsg and recvmmsg know one socket each, and
each stream has a port of its own), so what can be saved is Python's part of each call.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cffi import FFI

DECLARATIONS: Final = """
int send_each(int n, const int *fds, const unsigned char *packets, int stride, const int *lengths,
              const uint32_t *hosts, const uint16_t *ports, unsigned char *sent);
int recv_each(int n, const int *fds, const int *rows, unsigned char *ring, int stride, int *owners, int *lengths,
              uint32_t *hosts, uint16_t *ports);
"""

SOURCE: Final = """
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* Packet i goes out of fds[i]; a length of 0 sends nothing. Addresses are in network order. Returns how many went
out. */ static int send_each(int n, const int *fds, const unsigned char *packets, int stride, const int *lengths,
                     const uint32_t *hosts, const uint16_t *ports, unsigned char *sent)
{
    struct sockaddr_in to;
    int count = 0;
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    for (int i = 0; i < n; i++) {
        sent[i] = 0;
        if (lengths[i] <= 0) continue;
        to.sin_addr.s_addr = hosts[i];
        to.sin_port = ports[i];
        if (sendto(fds[i], packets + (size_t)i * stride, (size_t)lengths[i], MSG_DONTWAIT,
                   (struct sockaddr *)&to, sizeof to) >= 0) {
            sent[i] = 1;
            count++;
        }
    }
    return count;
}

/* One packet at most from each of the n sockets fds[rows[i]]. Returns how many came; owners[k] is the row of packet
k. */ static int recv_each(int n, const int *fds, const int *rows, unsigned char *ring, int stride, int *owners, int
*lengths,
                     uint32_t *hosts, uint16_t *ports)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t got = recvfrom(fds[rows[i]], ring + (size_t)count * stride, (size_t)stride, MSG_DONTWAIT,
                               (struct sockaddr *)&from, &size);
        if (got < 0) continue;
        owners[count] = rows[i];
        lengths[count] = (int)got;
        hosts[count] = from.sin_addr.s_addr;
        ports[count] = from.sin_port;
        count++;
    }
    return count;
}
"""


def builder(target: str = "mirabelle.media._loop") -> FFI:
    """The extension, not yet compiled. Where it cannot be built, the installation goes on without it."""
    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    ffi.set_source(target, SOURCE, optional=True)
    return ffi


if __name__ == "__main__":
    builder().compile(tmpdir=str(Path(__file__).resolve().parents[2]))
