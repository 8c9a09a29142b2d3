#!/usr/bin/env bash
# boot.sh ROOT: systemd as PID 1 of a host made of new namespaces, in the foreground.
# The network is the machine's own. Killing this process is pulling the plug.
set -euo pipefail
export ROOT=$1
exec unshare --pid --mount --uts --ipc --cgroup --fork --kill-child bash -euc '
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t sysfs sysfs "$ROOT/sys"
mount -t cgroup2 cgroup2 "$ROOT/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/dev"
for device in null zero full random urandom tty; do
  touch "$ROOT/dev/$device"; mount --bind "/dev/$device" "$ROOT/dev/$device"
done
mkdir "$ROOT/dev/net" "$ROOT/dev/pts" "$ROOT/dev/shm"
mknod -m 666 "$ROOT/dev/fuse" c 10 229
mknod -m 666 "$ROOT/dev/net/tun" c 10 200
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$ROOT/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/dev/shm"
ln -s pts/ptmx "$ROOT/dev/ptmx"
ln -s /proc/self/fd "$ROOT/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/run"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
hostname berth-lab
mkdir -p "$ROOT/.outside"
cd "$ROOT"
pivot_root . .outside
umount -l /.outside
exec env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=journal
'
