from __future__ import annotations

from pathlib import Path

import pytest

from mirabelle.cli.serving.shared_file import SharedFileError, check_shared, file_system

MOUNTS = r"""
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
23 22 0:50 / /mnt/shared rw,relatime shared:7 - nfs4 host:/export rw
24 23 0:51 / /mnt/shared/local rw - xfs /dev/sdb1 rw
25 22 0:52 / /mnt/a\040place rw - cifs //host/place rw
26 22 0:53 / /mnt/over rw - ext4 /dev/sdc1 rw
27 26 0:54 / /mnt/over rw - fuse.sshfs host: rw
a line that says nothing
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/mirabelle.db", "ext4"),
        ("/mnt/shared/mirabelle.db", "nfs4"),
        ("/mnt/sharedness/mirabelle.db", "ext4"),
        ("/mnt/shared/local/mirabelle.db", "xfs"),
        ("/mnt/a place/mirabelle.db", "cifs"),
        ("/mnt/over/mirabelle.db", "fuse.sshfs"),
    ],
)
def test_the_innermost_and_last_mount_holds_a_file(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def test_nothing_is_known_without_mounts() -> None:
    assert file_system(Path("/anywhere"), "") == ""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    return path


def test_a_ledger_on_the_network_is_refused_with_the_way_out(mounts: Path) -> None:
    with pytest.raises(SharedFileError, match=r"lies on nfs4.*set \[store\] url to a PostgreSQL database"):
        check_shared("sqlite:////mnt/shared/mirabelle.db", mounts)


@pytest.mark.parametrize("url", ["sqlite:////var/lib/mirabelle.db", "postgresql://mirabelle@host/mnt/shared"])
def test_what_can_be_shared_passes(url: str, mounts: Path) -> None:
    check_shared(url, mounts)


def test_a_system_that_lists_no_mounts_is_trusted(tmp_path: Path) -> None:
    check_shared("sqlite:////mnt/shared/mirabelle.db", tmp_path / "missing")
