#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# First process of the virtual machine. The root is the host's tree under an
# overlay in memory: everything can be written, nothing stays. Runs the job
# that the kernel command line names, says its exit status, switches off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C.UTF-8
word() { sed -n "s/.*[ ]$1=\([^ ]*\).*/\1/p" /proc/cmdline; }

top=$(word vmtop)
kernel=$(word vmkernel)
job=$(word vmjob)

mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=1777 shm /dev/shm 2>/dev/null ||
    { mkdir -p /dev/shm && mount -t tmpfs -o mode=1777 shm /dev/shm; }
mkdir -p /dev/pts && mount -t devpts pts /dev/pts
mkdir -p /lib/modules && mount --bind "$kernel/lib/modules" /lib/modules
mkdir -p /run/netns
ip link set lo up
# what request_module() would load by itself, ahead of any time limit
for m in nf_tables nft_chain_nat nft_ct nft_nat nft_masq nft_redir nft_hash \
    nft_numgen nft_reject_inet nft_log nf_conntrack nf_conntrack_netlink \
    nfnetlink veth bridge 8021q sctp tun ip_vs ip_vs_rr nft_fwd_netdev ipip sit \
    ip6_tunnel; do
    modprobe -q "$m" || echo "vm: no module $m"
done
ulimit -n 65536
cd "$top" || exit
export NFTLB_VM=1
if [ "$job" = shell ]; then
    setsid -c bash -i
    status=$?
else
    bash "$job" </dev/null
    status=$?
fi
echo
echo "@@vm exit $status@@"
echo o >/proc/sysrq-trigger
sleep 5
busybox poweroff -f
