/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mode stateless writes into packets, and the sums that follow from it.
 *
 *   to.NAME/BACKEND: the backend's address and port, for the service's; in an
 *                    ICMP error, which speaks of an answer, as its source. On
 *                    to routing; or, where packets are met as they come in,
 *                    out to the next hop if there is a path, and else on to
 *                    routing all the same, unseen by conntrack
 *   answers.NAME:    on the way out the service's address and port, for the
 *                    backend's; on the way in an answer to the gateway itself
 *                    (a probe's) is left alone, others are not tracked
 *
 * An IPv4 header's sum covers its addresses: what is inside of an ICMP error
 * adds up to the same after both are written, and ICMP's own sum stays. IPv6
 * has no such sum, and ports are in none that is there in full: then ICMP's sum
 * is mended.
 */
#include <arpa/inet.h>
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

#include "rulesets/chains_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

/* Where headers have their sums. */
enum { SUM_IP = 10, SUM_TCP = 16, SUM_ICMP = 2, ICMP_LEN = 8 };

static unsigned int addr_at(uint8_t family, bool source)
{
	unsigned int first = family == AF_INET6 ? 8 : 12;

	return source ? first : first + addr_words(family) * 4;
}

static void write_addr(struct buf *r, const struct addr *a, bool source)
{
	unsigned int len = addr_words(a->family) * 4;

	rule_value(r, REG(0), a->ip, len);
	rule_payload_set_l4(r, REG(0), NFT_PAYLOAD_NETWORK_HEADER,
			    addr_at(a->family, source), len,
			    a->family == AF_INET6 ? -1 : SUM_IP);
}

/* UDP may have no sum: the kernel knows that only where it mends the sum for
 * itself. */
static void write_port(struct buf *r, uint8_t proto, uint16_t port, bool source)
{
	uint16_t be = htons(port);
	unsigned int at = source ? 0 : 2;

	rule_value(r, REG(0), &be, sizeof(be));
	if (proto == IPPROTO_TCP)
		rule_payload_set(r, REG(0), NFT_PAYLOAD_TRANSPORT_HEADER, at,
				 sizeof(be), SUM_TCP);
	else
		rule_payload_set_l4(r, REG(0), NFT_PAYLOAD_TRANSPORT_HEADER, at,
				    sizeof(be), -1);
}

/* ---- inside of an ICMP error */

static void write_inner_addr(struct buf *r, const struct addr *a, bool source)
{
	unsigned int len = addr_words(a->family) * 4;

	rule_value(r, REG(0), a->ip, len);
	rule_payload_set(r, REG(0), NFT_PAYLOAD_TRANSPORT_HEADER,
			 ICMP_LEN + addr_at(a->family, source), len,
			 a->family == AF_INET6 ? SUM_ICMP : ICMP_LEN + SUM_IP);
}

static void write_inner_port(struct buf *r, uint8_t family, uint16_t port,
			     bool source)
{
	unsigned int header = family == AF_INET6 ? 40 : 20;
	uint16_t be = htons(port);

	rule_value(r, REG(0), &be, sizeof(be));
	rule_payload_set(r, REG(0), NFT_PAYLOAD_TRANSPORT_HEADER,
			 ICMP_LEN + header + (source ? 0 : 2), sizeof(be),
			 SUM_ICMP);
}

static uint8_t icmp_of(uint8_t family)
{
	return family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

/* ---- chains */

/* The service's port, where backends may have others: it is a single one. */
static uint16_t own_port(const struct rs_service *svc)
{
	for (size_t i = 0; i < svc->nbackends; i++)
		if (svc->backends[i].port)
			return svc->ports[0].lo;
	return 0;
}

static bool has_hop(const struct rs_service *svc, const struct rs_backend *b)
{
	return svc->ahead && b->path.ifindex;
}

/* Before anything is written. The next hop comes first: where the packet has no
 * such header, the rule ends here, nothing has been changed, and it goes on. */
static void way_begin(struct buf *r, const struct rs_service *svc,
		      const struct rs_backend *b)
{
	if (has_hop(svc, b))
		write_hop(r, &b->path);
	else if (svc->ahead)
		rule_notrack(r);
}

static void way_end(struct buf *r, const struct rs_service *svc,
		    const struct rs_backend *b)
{
	if (has_hop(svc, b))
		send_to_hop(r, &b->path);
	else
		rule_verdict(r, NF_ACCEPT, NULL);
}

/* The first fragment has ports, and the others have not: all of them go to
 * where they are put together. */
static void match_whole(struct buf *r, uint8_t family)
{
	bool v6 = family == AF_INET6;
	uint8_t header = IPPROTO_FRAGMENT, more = 0x20, none = 0;

	/* what there is before the offset, or the next header */
	rule_payload(r, REG(0), NFT_PAYLOAD_NETWORK_HEADER, 6, 1);
	if (!v6)
		rule_bitwise(r, REG(0), &more, &none, 1);
	rule_cmp(r, v6 ? NFT_CMP_NEQ : NFT_CMP_EQ, REG(0), v6 ? &header : &none,
		 1);
}

static struct buf *end_rule(struct unit_chain *c, const struct rs_service *svc,
			    uint8_t proto)
{
	struct buf *r = chain_rule(c);

	match_proto(r, proto);
	if (svc->ahead) {
		match_ethertype(r, svc->family);
		match_whole(r, svc->family);
	}
	return r;
}

void stateless_end(struct unit_chain *c, const struct rs_service *svc,
		   const struct rs_backend *b)
{
	struct buf *r;

	for (size_t i = 0; i < svc->nprotos; i++) {
		r = end_rule(c, svc, svc->protos[i]);
		way_begin(r, svc, b);
		write_addr(r, &b->addr, false);
		if (b->port)
			write_port(r, svc->protos[i], b->port, false);
		way_end(r, svc, b);
	}
	r = end_rule(c, svc, icmp_of(svc->family));
	way_begin(r, svc, b);
	write_addr(r, &b->addr, false);
	write_inner_addr(r, &b->addr, true);
	if (b->port)
		write_inner_port(r, svc->family, b->port, true);
	way_end(r, svc, b);
	if (svc->ahead)
		rule_verdict(chain_rule(c), NF_ACCEPT, NULL);
}

/* On the way out there is an interface that it leaves by. */
static void match_leaving(struct buf *r)
{
	uint32_t none = 0;

	rule_meta_load(r, NFT_META_OIF, REG(0));
	rule_cmp(r, NFT_CMP_NEQ, REG(0), &none, sizeof(none));
}

void answers_chain(struct writer *w)
{
	const struct rs_service *svc = w->svc;
	struct unit_chain *c =
	    unit_chain_add(w->u, CHAIN_ANSWERS "%s", svc->name);
	uint16_t port = own_port(svc);
	uint32_t local = RTN_LOCAL;
	struct buf *r;

	for (size_t i = 0; i < svc->nprotos; i++) {
		r = chain_rule(c);
		match_leaving(r);
		match_proto(r, svc->protos[i]);
		write_addr(r, &svc->addrs[0], true);
		if (port)
			write_port(r, svc->protos[i], port, true);
		rule_verdict(r, NF_ACCEPT, NULL);
	}
	r = chain_rule(c);
	rule_fib_type(r, NFTA_FIB_F_DADDR, REG(0));
	rule_cmp(r, NFT_CMP_EQ, REG(0), &local, sizeof(local));
	rule_verdict(r, NF_ACCEPT, NULL);
	rule_notrack(chain_rule(c));
	r = chain_rule(c);
	match_proto(r, icmp_of(svc->family));
	write_inner_addr(r, &svc->addrs[0], false);
	if (port)
		write_inner_port(r, svc->family, port, false);
	rule_verdict(chain_rule(c), NF_ACCEPT, NULL);
}
