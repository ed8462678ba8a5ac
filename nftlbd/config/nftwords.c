/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words that nft's grammar takes for itself, so that no table can have them for
 * a name. Found by asking nft 1.0.6 for a table of every name its scanner
 * knows; a few words of later versions are here as well, for the day nft is
 * upgraded below a running file. Sorted.
 */
#include <stdlib.h>
#include <string.h>

#include "config/values.h"

static const char *const nft_words[] = {
	"accept",   "add",      "ah",        "and",      "arp",
	"bridge",   "cgroup",   "chain",     "comment",  "comp",
	"constant", "continue", "counter",   "cpu",      "create",
	"ct",       "day",      "dccp",      "define",   "delete",
	"describe", "destroy",  "device",    "devices",  "dnat",
	"drop",     "dst",      "dup",       "dynamic",  "ecn",
	"element",  "elements", "eq",        "esp",      "ether",
	"exists",   "expires",  "export",    "exthdr",   "fib",
	"flags",    "flow",     "flowtable", "flush",    "frag",
	"fwd",      "ge",       "geneve",    "get",      "goto",
	"gre",      "gretap",   "gt",        "handle",   "hbh",
	"hook",     "hour",     "ibriport",  "ibrname",  "icmp",
	"icmpv6",   "igmp",     "iif",       "iifgroup", "iifname",
	"iiftype",  "import",   "include",   "index",    "inet",
	"insert",   "interval", "ip",        "ip6",      "ipsec",
	"jhash",    "jump",     "le",        "list",     "log",
	"lshift",   "lt",       "map",       "mark",     "masquerade",
	"meta",     "meter",    "mh",        "missing",  "monitor",
	"ne",       "netdev",   "nftrace",   "not",      "notrack",
	"numgen",   "obriport", "obrname",   "oif",      "oifgroup",
	"oifname",  "oiftype",  "or",        "osf",      "pkttype",
	"policy",   "position", "priority",  "queue",    "quota",
	"random",   "redefine", "redirect",  "reject",   "rename",
	"replace",  "reset",    "return",    "rshift",   "rt",
	"rt0",      "rt2",      "rtclassid", "rule",     "ruleset",
	"sctp",     "secmark",  "set",       "size",     "skgid",
	"skuid",    "snat",     "socket",    "srh",      "string",
	"symhash",  "synproxy", "table",     "tcp",      "th",
	"time",     "timeout",  "tproxy",    "type",     "typeof",
	"udp",      "udplite",  "undefine",  "update",   "vlan",
	"vmap",     "vxlan",    "xor",       "xt",
};

static int word_cmp(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

bool nft_word(const char *text)
{
	return bsearch(text, nft_words,
		       sizeof(nft_words) / sizeof(nft_words[0]),
		       sizeof(nft_words[0]), word_cmp) != NULL;
}
