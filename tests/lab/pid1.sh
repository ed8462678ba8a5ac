#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd as the first process of namespaces of its own, with our units, built
# programs and the files of DIR/etc; nothing of it is left on this machine.
# usage: pid1.sh outer|inner TOP BUILD DIR NAME
set -e
stage=$1 top=$2 build=$3 dir=$4 name=$5

if [ "$stage" = outer ]; then
    # a cgroup of its own; to be removed by `pid1.sh remove`
    mkdir -p "$dir/cgroup"
    mount -t cgroup2 c "$dir/cgroup"
    mkdir "$dir/cgroup/$name"
    echo $$ >"$dir/cgroup/$name/cgroup.procs"
    exec unshare --kill-child --pid --fork --mount-proc --mount --cgroup --uts \
        --ipc --net sh "$0" inner "$top" "$build" "$dir" "$name"
elif [ "$stage" = remove ]; then
    mkdir -p "$dir/cgroup"
    mount -t cgroup2 c "$dir/cgroup"
    find "$dir/cgroup/$name" -depth -type d -exec rmdir {} +
    exit 0
fi

umount -R /sys/fs/cgroup # which shows those of the machine
mount -t cgroup2 c /sys/fs/cgroup
mount -t tmpfs -o mode=755 t /run
mkdir -p /run/systemd/system /run/o/etc /run/o/etcw /run/o/lib /run/o/libw
mount -t overlay -o lowerdir=/etc,upperdir=/run/o/etc,workdir=/run/o/etcw o /etc
mount -t overlay \
    -o lowerdir=/var/lib,upperdir=/run/o/lib,workdir=/run/o/libw o /var/lib
ip link set lo up
ip address add 10.9.9.9/32 dev lo # nobody listens there
mount -t tmpfs t /opt
cp "$build/nftlbd/nftlbd" "$build/nftlbd/nftlbctl" "$build/hvagent/hvagent" \
    "$build/nftlb-prober" "$build/nftlb-api" /opt
mkdir -p /etc/nftlb
cp "$dir"/etc/* /etc/nftlb
for unit in nftlbd hvagent; do
    sed 's|@sbindir@|/opt|' "$top/packaging/$unit.service.in" \
        >"/run/systemd/system/$unit.service"
    mkdir "/run/systemd/system/$unit.service.d"
    cp "$dir/drop-in.conf" "/run/systemd/system/$unit.service.d"
done
cat >/run/systemd/system/lab.target <<EOF
[Unit]
DefaultDependencies=no
Wants=systemd-journald.socket systemd-journald-dev-log.socket
Wants=systemd-journald.service
EOF
# What runs inside may write to what is its own, and to nothing of this machine:
# a systemd that boots may well empty /tmp.
for place in /tmp /var/tmp; do
    mount -t tmpfs -o mode=1777 t "$place"
done
for unit in systemd-tmpfiles-setup systemd-tmpfiles-clean; do
    ln -s /dev/null "/run/systemd/system/$unit.service"
done
mount -o remount,bind,ro /
export container=lab
exec /lib/systemd/systemd --unit=lab.target --log-target=console \
    --show-status=no
