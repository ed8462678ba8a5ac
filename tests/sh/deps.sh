# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # top, build, cache, jobs: set by lab
# The Debian packages that building and testing need. No network is touched
# when all of them are there already.

deps_packages=(
    # build
    autoconf automake pkg-config gcc libc6-dev make xz-utils
    libmnl-dev libnftnl-dev libnftables-dev libinih-dev libjansson-dev
    libmicrohttpd-dev libcurl4-openssl-dev libsystemd-dev libev-dev
    libssl-dev libsnmp-dev libseccomp-dev libcmocka-dev librdkafka-dev
    # style
    clang-format mandoc systemd
    # shells that complete nftlbctl's words
    zsh
    # lab: networks, the reference tools, the peer we measure against
    iproute2 nftables conntrack python3 procps util-linux nftlb curl socat
    # servers and peers of health checks
    nginx-light snmpd unbound haproxy keepalived openssl
    # servers and clients of helpers, and the peer of bench rules
    vsftpd tftpd-hpa tftp-hpa sip-tester pptpd pptp-linux ipvsadm
    # those who use the API: a browser, a scraper, a schema
    chromium chromium-driver prometheus python3-jsonschema
    # fuzzers (./lab fuzz)
    clang libclang-rt-14-dev
    # Debian's own kernel, in a virtual machine
    qemu-system-x86 busybox-static kmod
)

deps_missing() {
    local pkg have
    have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' \
        "${deps_packages[@]}" 2>/dev/null || true)
    for pkg in "${deps_packages[@]}"; do
        grep -qx "$pkg installed" <<<"$have" || echo "$pkg"
    done
}

# No service of these packages may start here: nftlb and nftables would touch
# the machine's own rule set.
deps_apt_install() (
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "$@" >/dev/null
)

deps_install() {
    local -a missing
    mapfile -t missing < <(deps_missing)
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "lab: installing ${missing[*]}"
    # the lists may be there and good enough: then no update is needed
    deps_apt_install "${missing[@]}" 2>/dev/null && return 0
    apt-get update -qq
    deps_apt_install "${missing[@]}"
}

# deps_kernel: Debian's stock kernel, unpacked below $cache, never installed.
# Sets kernel_dir and kernel_version.
deps_kernel() {
    local pkg
    kernel_dir=$cache/linux
    if [ ! -e "$kernel_dir/complete" ]; then
        rm -rf "$kernel_dir"
        mkdir -p "$kernel_dir"
        pkg=$(deps_kernel_package)
        if [ -z "$pkg" ]; then
            apt-get update -qq
            pkg=$(deps_kernel_package)
        fi
        [ -n "$pkg" ] || { echo "lab: no linux-image-amd64" >&2; return 1; }
        (cd "$kernel_dir" && apt-get download -qq "$pkg" 2>/dev/null) ||
            { apt-get update -qq &&
                (cd "$kernel_dir" && apt-get download -qq "$pkg"); } || return 1
        dpkg -x "$kernel_dir"/linux-image-*.deb "$kernel_dir" || return 1
        rm -f "$kernel_dir"/*.deb
        kernel_version=$(ls "$kernel_dir/lib/modules")
        depmod -b "$kernel_dir" "$kernel_version" || return 1
        : >"$kernel_dir/complete"
    fi
    kernel_version=$(ls "$kernel_dir/lib/modules")
}

deps_kernel_package() {
    apt-cache depends linux-image-amd64 2>/dev/null |
        awk '/Depends: linux-image-/ { print $2; exit }'
}
