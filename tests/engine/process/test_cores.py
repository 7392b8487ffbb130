"""How many cores a process may use: affinity, control groups, OpenMP's own setting."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from milvus_store_lite.errors import ParamError
from milvus_store_lite.process import cores
from milvus_store_lite.process.cores import available_cores, check_environment, quota

LIMITS = {
    "none set": ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "max 100000"}, []),
    "version 2": ("0::/a/b\n", {"a/b/cpu.max": "200000 100000"}, [2]),
    "half a core is one": ("0::/a\n", {"a/cpu.max": "50000 100000"}, [1]),
    "a part of a core is none": ("0::/a\n", {"a/cpu.max": "290000 100000"}, [2]),
    "the least of all groups above": (
        "0::/a/b\n",
        {"a/b/cpu.max": "800000 100000", "a/cpu.max": "300000 100000"},
        [3],
    ),
    "a container sees the root alone": ("0::/docker/0123\n", {"cpu.max": "400000 100000"}, [4]),
    "outside its own root": ("0::/../b\n", {"cpu.max": "400000 100000"}, [4]),
    "version 1": (
        "5:cpu,cpuacct:/a\n0::/\n",
        {"cpu,cpuacct/a/cpu.cfs_quota_us": "300000", "cpu,cpuacct/a/cpu.cfs_period_us": "100000"},
        [3],
    ),
    "version 1 without a limit": (
        "5:cpu:/\n",
        {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
        [],
    ),
    "nonsense": ("0::/a\nwhatever\n:::\n", {"a/cpu.max": "a lot"}, []),
}  # fmt: skip


@pytest.mark.parametrize("case", LIMITS)
def test_control_groups_limit_cores(tmp_path: Path, case: str) -> None:
    listed, files, expected = LIMITS[case]
    groups, mounted = tmp_path / "cgroup", tmp_path / "groups"
    groups.write_text(listed)
    for name, text in files.items():
        (mounted / name).parent.mkdir(parents=True, exist_ok=True)
        (mounted / name).write_text(text + "\n")
    assert list(quota(groups, mounted)) == expected


def test_a_process_uses_no_more_cores_than_its_control_groups_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(cores, "_by_affinity", lambda: 8)
    monkeypatch.setattr(cores, "_quota", lambda: (3,))
    assert available_cores() == 3
    monkeypatch.setattr(cores, "_quota", tuple)
    assert available_cores() == 8


def test_a_system_without_control_groups_limits_nothing(tmp_path: Path) -> None:
    assert list(quota(tmp_path / "none", tmp_path)) == []


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity of processes")
def test_a_process_bound_to_one_core_uses_one() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from milvus_store_lite.process.cores import available_cores; print(available_cores())"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "1\n"


@pytest.mark.parametrize(
    ("setting", "expected"), [("1", 1), ("1,8", 1), ("100000", None), ("0", 1), ("x", None)]
)
def test_the_setting_of_openmp_is_respected(
    monkeypatch: pytest.MonkeyPatch, setting: str, expected: int | None
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    without = available_cores()
    monkeypatch.setenv("OMP_NUM_THREADS", setting)
    assert available_cores() == (without if expected is None else expected)


def test_our_own_setting_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_by_affinity", lambda: 8)
    monkeypatch.setattr(cores, "_quota", tuple)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    monkeypatch.setenv("MILVUS_STORE_THREADS", "2")
    check_environment()
    assert available_cores() == 2


@pytest.mark.parametrize("setting", ["0", "-1", "two", "1,8", "1.5"])
def test_our_own_setting_must_be_a_number(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("MILVUS_STORE_THREADS", setting)
    with pytest.raises(ParamError, match=f"MILVUS_STORE_THREADS in the environment .* got '{setting}'"):
        check_environment()
