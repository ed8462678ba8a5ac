/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Services of the direct modes, and interfaces. */
#include <netinet/in.h>
#include <string.h>

#include "tests/unit/chains_subject.h"

static const uint8_t tcp_udp[] = { IPPROTO_TCP, IPPROTO_UDP };

struct addr address(uint8_t family, uint8_t net, uint8_t host)
{
	struct addr a = { .family = family };

	a.ip[0] = family == AF_INET6 ? 0xfd : 10;
	a.ip[1] = net;
	a.ip[addr_len(&a) - 1] = host;
	return a;
}

/* All interfaces and tunnels are lo: nothing is sent. */
static void direct(struct subject *s, enum rs_mode mode)
{
	s->svc.mode = mode;
	s->svc.direct = (struct rs_direct){ .cache = 1000,
					    .tcp_timeout_s = 900,
					    .udp_timeout_s = 60,
					    .syn_limit = 500 };
	for (size_t i = 0; i < BACKENDS; i++)
		s->backends[i].path = (struct rs_path){
			.ifindex = i < 2, /* the third's is not known */
			.ether_to = { 2, 0, 0, 0, 0, (uint8_t)i },
			.ether_from = { 2, 0, 0, 0, 1, (uint8_t)i },
		};
	s->backends[2].usable = false;
}

void dsr(struct subject *s)
{
	direct(s, RS_DSR);
}

void dsr_any_port(struct subject *s)
{
	direct(s, RS_DSR);
	s->svc.nports = 0;
	s->svc.protos = tcp_udp;
	s->svc.nprotos = 2;
}

void dsr_forgetful(struct subject *s)
{
	direct(s, RS_DSR);
	s->svc.nports = 1;
	s->svc.scheduler = RS_SOURCE_HASH;
	s->svc.direct.cache = 0;
}

void ipip(struct subject *s)
{
	direct(s, RS_IPIP);
	s->svc.nports = 1;
}

/* Two of them are checked by way of the service; of one the path is not known.
 */
void dsr_probed(struct subject *s)
{
	direct(s, RS_DSR);
	s->svc.protos = tcp_udp;
	s->svc.nprotos = 2;
	s->backends[0].probe_port = 61001;
	s->backends[2].probe_port = 61002;
}

void ipip_probed(struct subject *s)
{
	direct(s, RS_IPIP);
	s->backends[0].probe_port = 61003;
}

/* What the family's own table has of it. */
void probed(struct subject *s)
{
	dsr_probed(s);
	s->svc.name = "@dsr-probed";
	s->svc.mode = RS_DNAT;
	s->svc.probes = true;
}

void stateless(struct subject *s)
{
	direct(s, RS_STATELESS);
	s->svc.nports = 1;
	s->svc.protos = tcp_udp;
	s->svc.nprotos = 2;
	filters(s);
}

void ahead(struct subject *s)
{
	direct(s, RS_STATELESS);
	s->svc.ahead = true;
	s->svc.nports = 1;
	s->svc.protos = tcp_udp;
	s->svc.nprotos = 2;
	s->backends[1].path = (struct rs_path){ 0 };
}

/* Ports are kept, and there are ranges of them. */
void stateless_ranges(struct subject *s)
{
	direct(s, RS_STATELESS);
	for (size_t i = 0; i < BACKENDS; i++) {
		s->backends[i].port = 0;
		s->backends[i].addr =
		    address(s->svc.family, 103, (uint8_t)(i + 1));
	}
}

void stateless_any_port(struct subject *s)
{
	stateless_ranges(s);
	s->svc.nports = 0;
	for (size_t i = 0; i < BACKENDS; i++)
		s->backends[i].addr =
		    address(s->svc.family, 102, (uint8_t)(i + 1));
}

void interface(struct subject *s)
{
	s->svc.name = "@lo";
	s->svc.device = true;
	s->svc.probes = true;
	s->svc.tunnels = true;
}
