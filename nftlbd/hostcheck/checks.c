/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of checks: what each looks at, who judges, what is said and how to
 * mend it. A new check is a row here and a judge.
 *
 * A mend is one command for a shell on this host; where it is to be done
 * elsewhere, it begins with "# " and is a comment there.
 */
#include "hostcheck/judges.h"

#define ROUTED      (HOST_TRACKED | HOST_STATELESS | HOST_VM)
#define PEERS       (ROUTED | HOST_DSR | HOST_IPIP | HOST_SENDER)
#define AGENT_LINKS (HOST_UPLINK | HOST_TUNNEL)
#define LINKS       (HOST_FRONT | AGENT_LINKS)

const struct host_check host_checks[] = {
	{ "forwarding", HOST_PEER, ROUTED, judge_forwarding, "{family}",
	  "{family} packets are not forwarded: nothing reaches a backend",
	  .mend = "sysctl -w {forwarding}=1" },
	{ "forwarding", HOST_PEER, ROUTED, judge_device_forwarding, "{device}",
	  "IPv4 packets that come in on {device} are not forwarded: answers "
	  "of {name} end here",
	  .mend = "sysctl -w net.ipv4.conf.{sysctl}.forwarding=1" },
	{ "forwarding", HOST_DEVICE, HOST_TUNNEL, judge_device_forwarding,
	  "{device}", "IPv4 packets that come in on {device} are not forwarded",
	  .mend = "sysctl -w net.ipv4.conf.{sysctl}.forwarding=1" },
	{ "rp-filter", HOST_PEER, HOST_STATELESS, judge_strict, "{device}",
	  "rp_filter is strict on {device}: answers of stateless backends "
	  "carry the service's address when they are routed, and are dropped",
	  .mend = "sysctl -w net.ipv4.conf.{sysctl}.rp_filter=2" },
	{ "rp-filter", HOST_DEVICE, HOST_TUNNEL, judge_filtered, "{device}",
	  "rp_filter is {value} on {device}, which has no address of its own: "
	  "clients' packets are dropped when they come out of the tunnel",
	  .mend = "sysctl -w net.ipv4.conf.all.rp_filter=0 "
		  "net.ipv4.conf.{sysctl}.rp_filter=0" },
	{ "rp-filter", HOST_PEER, HOST_SENDER, judge_sender, "{device}",
	  "rp_filter is strict on {device}, and the route to gateway {address} "
	  "leads elsewhere: its packets are dropped",
	  .mend = "sysctl -w net.ipv4.conf.{sysctl}.rp_filter=2" },
	{ "martian", HOST_PEER, HOST_STATELESS, judge_martian, "{device}",
	  "a stateless service's address is on this host: answers carry it "
	  "when they come in on {device}, and are dropped as martians",
	  .mend = "sysctl -w net.ipv4.conf.{sysctl}.accept_local=1" },
	{ "interface", HOST_DEVICE, LINKS, judge_missing, "{device}",
	  "there is no interface {device}",
	  .mend = "# make {device}, or correct its name in the configuration" },
	{ "interface", HOST_DEVICE, LINKS, judge_down, "{device}",
	  "{device} is down", .mend = "ip link set dev {device} up" },
	{ "interface", HOST_DEVICE, HOST_FRONT | HOST_UPLINK, judge_carrier,
	  "{device}", "{device} has no carrier",
	  .mend = "# is the other end of {device} plugged in and up?" },
	{ "route", HOST_PEER, PEERS, judge_route, "{name}",
	  "no route to {address}",
	  .mend = "# ip route add {address} via ROUTER, or dev INTERFACE" },
	{ "on-link", HOST_PEER, HOST_DSR, judge_onlink, "{name}",
	  "{address} is behind the router {nexthop}: a dsr backend must be in "
	  "a network of this host",
	  .mend =
	      "# put {name} into a network of this host, or use mode = ipip" },
	{ "on-link", HOST_PEER, HOST_VM, judge_onlink, "{name}",
	  "{address} is behind the router {nexthop}: not on this hypervisor",
	  .mend =
	      "# ip route add {address} dev INTERFACE, or remove the binding" },
	{ "neighbour", HOST_PEER, HOST_DSR | HOST_IPIP | HOST_VM,
	  judge_neighbour, "{name}",
	  "{nexthop} does not answer ARP or neighbour solicitations on "
	  "{device}",
	  .mend = "# is {nexthop} up, and in the network of {device}?" },
	{ "mtu", HOST_PEER, HOST_DSR, judge_handed_mtu, "{name}",
	  "{device} takes {value} bytes, clients' packets may have {wanted}: "
	  "they are handed on as they are, longer ones are lost and nobody is "
	  "told",
	  .mend = "ip link set dev {device} mtu {wanted}" },
	{ "mtu", HOST_PEER, HOST_IPIP, judge_link_mtu, "{name}",
	  "{device} takes {value} bytes, clients' packets need {wanted} in "
	  "the tunnel to {address}: longer ones are lost; TCP is safe where "
	  "hvagent lowers the MSS",
	  .mend = "ip link set dev {device} mtu {wanted}" },
	{ "mtu", HOST_PEER, HOST_IPIP, judge_route_mtu, "{name}",
	  "the way to {address} takes {value} bytes, clients' packets need "
	  "{wanted} in the tunnel: longer ones are lost; TCP is safe where "
	  "hvagent lowers the MSS",
	  .mend = "# raise the MTU of the way to {address} to {wanted}" },
	{ "mtu", HOST_PEER, HOST_AHEAD, judge_handed_mtu, "{name}",
	  "{device} takes {value} bytes, the service's interfaces {wanted}: "
	  "packets for {address} are routed, which costs more",
	  .mend = "ip link set dev {device} mtu {wanted}" },
	{ "mtu", HOST_DEVICE, HOST_UPLINK, judge_uplink_mtu, "{device}",
	  "{device} takes {value} bytes, clients' packets need {wanted} in a "
	  "tunnel: longer ones are lost; TCP is safe, its MSS is lowered",
	  .mend = "ip link set dev {device} mtu {wanted}" },
	{ "mtu", HOST_PEER, HOST_VM, judge_vm_mtu, "{name}",
	  "{device} takes {value} bytes, the uplink {wanted}: answers of that "
	  "length are refused on their way back",
	  .mend = "ip link set dev {device} mtu {wanted}" },
	{ "conntrack", HOST_ITSELF, HOST_TRACKED | HOST_VM, judge_tracking_full,
	  "", "the connection table is nearly full: {value} entries",
	  .mend = "sysctl -w net.netfilter.nf_conntrack_max={wanted}" },
	{ "conntrack", HOST_ITSELF, HOST_TRACKED | HOST_VM,
	  judge_tracking_small, "",
	  "the connection table has room for {value} entries only",
	  .mend = "sysctl -w net.netfilter.nf_conntrack_max={wanted}" },
	{ "conntrack", HOST_ITSELF, HOST_TRACKED, judge_tracking_events, "",
	  "nf_conntrack_events is off: connections are counted late or not at "
	  "all",
	  .mend = "sysctl -w net.netfilter.nf_conntrack_events=1" },
	{ "conntrack", HOST_ITSELF, HOST_VM, judge_tracking_loose, "",
	  "nf_conntrack_tcp_loose is off: connections of machines that move "
	  "here are cut",
	  .mend = "sysctl -w net.netfilter.nf_conntrack_tcp_loose=1" },
	{ "conntrack", HOST_ITSELF, HOST_VM, judge_tracking_strict, "",
	  "nf_conntrack_tcp_be_liberal is off: a connection of a machine that "
	  "went elsewhere and came back is taken for invalid",
	  .mend = "sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1" },
	{ "module", HOST_MODULE, HOST_PART, judge_module, "{name}",
	  "kernel {kernel} has no {name}, neither built in nor as a module",
	  .mend = "# install the kernel's modules, or a kernel that has it" },
	{ "module", HOST_MODULE, HOST_PART, judge_module_late, "{name}",
	  "{name} is not loaded, and kernel.modules_disabled is 1",
	  .mend = "# restart with {name} in /etc/modules" },
	{ "hash-seed", HOST_ITSELF, HOST_HASHED, judge_seed, "",
	  "hash-seed is the default: strangers can choose addresses that all "
	  "get the same backend",
	  .mend = "# in [global], the same on every gateway: hash-seed = a "
		  "number of "
		  "yours (od -An -N4 -tu4 /dev/urandom)" },
	{ "gateways", HOST_ITSELF, HOST_AGENT, judge_gateways, "",
	  "no gateway is allowed to send: every tunnel packet is dropped",
	  .mend = "# in [global]: gateways = ADDRESS, ADDRESS" },
	{ "backend-arp", HOST_PEER, HOST_DSR, judge_advice_v4, "",
	  "not visible from here: dsr backends hold the service's address and "
	  "must not answer ARP for it",
	  .mend = "# on each backend: sysctl -w net.ipv4.conf.all.arp_ignore=1 "
		  "net.ipv4.conf.all.arp_announce=2",
	  .advice = true },
	{ 0 },
};
