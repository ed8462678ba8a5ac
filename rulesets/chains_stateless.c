/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mode stateless writes into packets, and the sums that follow from it.
 *
 *   to.NAME/BACKEND: the backend's address and port, for the service's; in an
 *                    ICMP error, which speaks of an answer, as its source
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

static void match_icmp(struct buf *r, uint8_t family)
{
	match_proto(r, family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
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

void stateless_end(struct unit_chain *c, const struct rs_service *svc,
		   const struct rs_backend *b)
{
	struct buf *r;

	for (size_t i = 0; i < svc->nprotos; i++) {
		r = chain_rule(c);
		match_proto(r, svc->protos[i]);
		write_addr(r, &b->addr, false);
		if (b->port)
			write_port(r, svc->protos[i], b->port, false);
		rule_verdict(r, NF_ACCEPT, NULL);
	}
	r = chain_rule(c);
	match_icmp(r, svc->family);
	write_addr(r, &b->addr, false);
	write_inner_addr(r, &b->addr, true);
	if (b->port)
		write_inner_port(r, svc->family, b->port, true);
	rule_verdict(r, NF_ACCEPT, NULL);
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
	match_icmp(r, svc->family);
	write_inner_addr(r, &svc->addrs[0], false);
	if (port)
		write_inner_port(r, svc->family, port, false);
}
