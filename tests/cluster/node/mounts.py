"""The node's view of the file system, laid inside its mount namespace.

Trap: the kubelet writes kernel settings that belong to the whole machine. Files that already
hold the wanted values are mounted over them, so that nothing outside changes.
"""

from pathlib import Path

from tests.cluster.node.shell import run

HELD_SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def lay(data: Path) -> None:
    """Mount everything that the node sees differently from the machine; call once, inside."""
    hierarchies = cgroup_hierarchies(Path("/proc/self/mounts").read_text())
    run(["mount", "--make-rprivate", "/"])
    run(["mount", "--make-rshared", "/"])  # the kubelet shares mounts with pods
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run"])
    for name in ("lib", "log"):
        inside = data / f"var-{name}"
        inside.mkdir(parents=True, exist_ok=True)
        run(["mount", "--bind", inside, f"/var/{name}"])
    for folder in ("containerd", "netns", "lock"):
        Path("/run", folder).mkdir()
    run(["mount", "-t", "sysfs", "sysfs", "/sys"])
    _mount_cgroups(hierarchies)
    _hold_sysctls(data / "sysctl")


def cgroup_hierarchies(mounts: str) -> dict[str, str]:
    """Folder name and mount option of each cgroup v1 hierarchy in a table like /proc/mounts."""
    found = {}
    for line in mounts.splitlines():
        _, target, kind, options = line.split()[:4]
        if kind == "cgroup":
            ours = [
                option
                for option in options.split(",")
                if option not in {"rw", "relatime", "nosuid", "nodev", "noexec"}
            ]
            named = any(option.startswith("name=") for option in ours)
            found[target.rsplit("/", 1)[-1]] = ",".join(["none", *ours] if named else ours)
    return found


def _mount_cgroups(hierarchies: dict[str, str]) -> None:
    top = Path("/sys/fs/cgroup")
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "cgroup", top])
    for name, options in hierarchies.items():
        (top / name).mkdir()
        run(["mount", "-t", "cgroup", "-o", options, "cgroup", top / name])


def _hold_sysctls(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in HELD_SYSCTLS.items():
        file = folder / name.replace("/", ".")
        file.write_text(f"{value}\n")
        run(["mount", "--bind", file, f"/proc/sys/{name}"])
