"""Where the file of an SQLite ledger lies: on this host, or on a file system that other hosts have, too.

SQLite in WAL mode lets processes of one host share a file; they need memory in common, which hosts do not have
(https://www.sqlite.org/wal.html, "Overview"). So a fleet of hosts needs PostgreSQL.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from mirabelle.errors import MirabelleError
from mirabelle.store.open import SQLITE

MOUNTS: Final = Path("/proc/self/mountinfo")
"""Linux's list of mounted file systems; see proc(5)."""

_REMOTE: Final = re.compile(r"(nfs[34]?|cifs|smb3|smbfs|afs|ceph|gluster|lustre|fuse\.(sshfs|glusterfs|cephfs|s3fs))\Z")


class SharedFileError(MirabelleError):
    """The file of the ledger lies where SQLite cannot keep it whole."""


def check_shared(url: str, mounts: Path = MOUNTS) -> None:
    """Refuse an SQLite ledger on a file system of the network.

    Args:
        url: of the store.
        mounts: the mounted file systems; where there is no such file, nothing is refused.

    Raises:
        SharedFileError: the ledger's file lies on one.
    """
    if not url.startswith(SQLITE) or not mounts.exists():
        return
    path = Path(url.removeprefix(SQLITE)).absolute()
    kind = file_system(path, mounts.read_text(errors="replace"))
    if _REMOTE.match(kind):
        raise SharedFileError(
            f"The ledger {path} lies on {kind}, a file system of the network, where SQLite cannot be shared. "
            "Put it on a disk of this host; for several hosts set [store] url to a PostgreSQL database."
        )


def file_system(path: Path, mountinfo: str) -> str:
    """The type of the file system that a path lies on; empty where the list does not tell.

    Args:
        path: absolute.
        mountinfo: as in proc(5): the mount point is the fifth field, the type the first after ` - `.
    """
    found, longest = "", -1
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4]))
        # A later line covers an earlier one at the same place.
        if path.is_relative_to(point) and len(point.parts) >= longest:
            found, longest = after.split(" ")[0], len(point.parts)
    return found
