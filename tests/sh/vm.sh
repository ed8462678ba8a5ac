# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # top, build, cache, jobs: set by lab
# Debian's own kernel under qemu: a small initrd mounts the host's root over
# 9p, read-only and below an overlay in memory, and goes on with
# tests/vm/init.sh. What is asked of the machine comes back over the serial
# line, its exit status in a last line "@@vm exit N@@".

vm_modules="9pnet_virtio 9p virtio_pci overlay"

# vm_prepare: kernel and initrd; sets kernel_dir, kernel_version
vm_prepare() {
    deps_kernel || return 1
    local root=$cache/initrd m f order=""
    [ "$cache/initrd.gz" -nt "$top/tests/sh/vm.sh" ] &&
        [ "$cache/initrd.gz" -nt "$kernel_dir/complete" ] && return 0
    rm -rf "$root"
    mkdir -p "$root"/{bin,proc,sys,dev,host,over,mods}
    cp /bin/busybox "$root/bin/"
    for m in $vm_modules; do
        while read -r _ f _; do
            case " $order " in
            *" ${f##*/} "*) ;;
            *)
                cp "$f" "$root/mods/"
                order="$order ${f##*/}"
                ;;
            esac
        done < <(modprobe -d "$kernel_dir" -S "$kernel_version" \
            --show-depends "$m" | grep '^insmod')
    done
    vm_initrd_script "$order" >"$root/init"
    chmod +x "$root/init"
    (cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null |
        gzip -1) >"$cache/initrd.gz"
    rm -rf "$root"
}

vm_initrd_script() {
    cat <<SCRIPT
#!/bin/busybox sh
b=/bin/busybox
\$b mount -t proc proc /proc
for m in $1; do \$b insmod /mods/\$m; done
\$b mount -t tmpfs -o size=75% over /over
\$b mkdir /over/up /over/work /over/root
\$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=524288 \\
    root /host || \$b poweroff -f
\$b mount -t overlay -o lowerdir=/host,upperdir=/over/up,workdir=/over/work \\
    over /over/root || \$b poweroff -f
\$b mount -t proc proc /over/root/proc
\$b mount -t sysfs sys /over/root/sys
\$b mount -t devtmpfs dev /over/root/dev
top=\$(\$b sed 's/.*vmtop=\([^ ]*\).*/\1/' /proc/cmdline)
exec \$b switch_root /over/root /bin/bash "\$top/tests/vm/init.sh"
SCRIPT
}

# vm_qemu JOB: become the machine; serial line on stdin and stdout. TCG: there is
# no need for KVM, and where /dev/kvm is there it does not always work.
# One of four processors is left to others; fewer than two are none.
# vm_clock=instructions: one processor, a nanosecond each instruction.
# vm_clock=slow: the same, but it is told that its time stamp counter, which
# counts instructions, runs at 16 GHz: to its own mind it is faster than any
# machine there is. (nolapic_timer: that timer would be set by this clock for
# minutes.)
# no_timer_check: on a busy host the timer may tick too late for that check, and
# the kernel would panic.
vm_qemu() {
    local speed=(-accel "tcg,thread=multi" -smp "$(($(nproc) < 4 ? 2 : 3))")
    local clock=""
    [ -z "${vm_clock:-}" ] ||
        speed=(-accel tcg -icount "shift=0,sleep=off" -smp 1)
    [ "${vm_clock:-}" != slow ] ||
        clock="tsc=reliable tsc_early_khz=16000000 nolapic_timer"
    exec qemu-system-x86_64 "${speed[@]}" -m 2048 \
        -cpu qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes \
        -nodefaults -no-reboot -display none -monitor none -serial stdio \
        -kernel "$kernel_dir/boot/vmlinuz-$kernel_version" \
        -initrd "$cache/initrd.gz" \
        -virtfs local,path=/,mount_tag=root,security_model=none,multidevs=remap,readonly=on \
        -append "console=ttyS0 panic=-1 quiet mitigations=off no_timer_check $clock \
vmtop=$top vmkernel=$kernel_dir vmjob=$1"
}

# vm_run SECONDS COMMAND...: run a command in the machine, its output on ours.
# Returns its exit status; 125 when the machine did not say one.
vm_run() {
    local limit=$1 job log status
    shift
    vm_prepare || return 125
    mkdir -p "$build/vm"
    # Python compiles its modules here, once, twenty times as fast.
    python3 -m compileall -q "$top/tests/lab" || return 125
    job=$(mktemp "$build/vm/job.XXXXXX")
    log=$job.log
    { printf '%q ' "$@"; echo; } >"$job"
    # qemu is killed when the time is up: a hanging guest hangs nobody
    export -f vm_qemu
    export kernel_dir kernel_version cache top vm_clock=${vm_clock:-}
    # shellcheck disable=SC2016 # it is the inner shell's $1
    timeout --foreground -k 5 "$limit" bash -c 'vm_qemu "$1"' vm "$job" \
        </dev/null 2>&1 | sed -u 's/\r//g' | tee "$log" |
        sed -u '/^@@vm exit/,$d' || true
    status=$(sed -n 's/^@@vm exit \([0-9]*\)@@$/\1/p' "$log" | tail -n 1)
    rm -f "$job" "$log"
    if [ -z "$status" ]; then
        echo "vm: no exit status within $limit s"
        return 125
    fi
    return "$status"
}

vm_shell() {
    local saved
    vm_prepare || return 1
    saved=$(stty -g)
    stty raw -echo
    (vm_qemu shell) || true
    stty "$saved"
}

vm_verb() {
    case $1 in
    shell)
        vm_shell
        ;;
    smoke)
        vm_run 120 bash tests/vm/smoke.sh
        ;;
    *)
        if [ -f "tests/lab/test_$1.py" ]; then
            vm_run 600 python3 tests/lab/run.py --vm "$1"
        else
            vm_run 600 "$@"
        fi
        ;;
    esac
}
