/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a message of conntrack says, and about which flow: only that, for most
 * messages are about flows that are known already. Must not know: matches.
 */
#include <errno.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "rulesets/track_impl.h"

/* One step of the hash: every bit of @word reaches every bit of the result, for
 * tuples differ in few bits of several words, and what does not spread cancels
 * out. It is the finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable
 * pseudorandom number generators", OOPSLA 2014; constants: Stafford). */
static uint64_t mix(uint64_t h, uint64_t word)
{
	h ^= word;
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

/* The kernel always writes the same attributes in the same order: equal bytes
 * are equal tuples. */
static uint64_t hash_attr(uint64_t h, const struct nlattr *a)
{
	const uint8_t *data = mnl_attr_get_payload(a);
	unsigned int len = mnl_attr_get_payload_len(a);
	uint64_t word;

	for (; len >= sizeof(word); len -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, data, len);
	return mix(h, word ^ (uint64_t)a->nla_type << 48);
}

static uint64_t key_of(uint64_t seed, const struct nlattr *orig,
		       const struct nlattr *zone)
{
	uint64_t h = hash_attr(seed, orig);

	if (zone)
		h = hash_attr(h, zone);
	h = mix(h, seed);
	return h ? h : 1;
}

static const struct nlattr *nested(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest)
		if (mnl_attr_get_type(a) == type)
			return a;
	return NULL;
}

static void read_state(const struct nlattr *info, struct track_msg *m)
{
	const struct nlattr *tcp = nested(info, CTA_PROTOINFO_TCP), *state;

	state = tcp ? nested(tcp, CTA_PROTOINFO_TCP_STATE) : NULL;
	m->has_state = state && mnl_attr_get_payload_len(state) >= 1;
	if (m->has_state)
		m->tcp_state = mnl_attr_get_u8(state);
}

static enum track_what what(const struct nlmsghdr *nlh)
{
	if ((nlh->nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE)
		return TRACK_GONE;
	if (nlh->nlmsg_flags & NLM_F_MULTI)
		return TRACK_LISTED;
	return nlh->nlmsg_flags & NLM_F_CREATE ? TRACK_NEW : TRACK_CHANGED;
}

int track_msg_read(const struct nlmsghdr *nlh, uint64_t seed,
		   struct track_msg *out)
{
	const struct nlattr *a, *orig = NULL, *zone = NULL;
	bool offloaded = false;

	if (NFNL_SUBSYS_ID(nlh->nlmsg_type) != NFNL_SUBSYS_CTNETLINK ||
	    nlh->nlmsg_len < mnl_nlmsg_size(sizeof(struct nfgenmsg)))
		return -EINVAL;
	*out = (struct track_msg){ .nlh = nlh, .what = what(nlh) };
	mnl_attr_for_each(a, nlh, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(a)) {
		case CTA_TUPLE_ORIG:
			orig = a;
			break;
		case CTA_ZONE:
			zone = a;
			break;
		case CTA_ID:
			if (mnl_attr_get_payload_len(a) >= sizeof(out->id))
				out->id = mnl_attr_get_u32(a);
			break;
		case CTA_PROTOINFO:
			read_state(a, out);
			break;
		case CTA_STATUS:
			offloaded = flow_offloaded(a);
			break;
		}
	}
	if (!orig)
		return -EINVAL;
	if (offloaded && !out->has_state) {
		out->has_state = true;
		out->tcp_state = TCP_CONNTRACK_ESTABLISHED;
	}
	out->key = key_of(seed, orig, zone);
	return 0;
}
