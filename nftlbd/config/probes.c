/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the backends of a service are probed: which checks, how many of them have
 * to be good, and that each finds a port and a way. What is refused of a check
 * is refused at the backend's line: it may fit the next one.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "config/resolve.h"

static void refuse(struct probing *p, const struct backend_draft *b,
		   const char *found, const char *problem, const char *allowed)
{
	char key[80];

	snprintf(key, sizeof(key), "backend.%s", b->name);
	report_value(p->r->report, b->where, p->label, key, found, problem,
		     allowed);
	p->broken = true;
}

/* ---- how many of them */

/* So many as the service says; all where it does not say. */
static uint8_t need_of(const struct probing *p, const struct conf_checks *set)
{
	return p->need ? (uint8_t)p->need : set->n;
}

static void common_need(struct probing *p)
{
	struct conf_checks *set = &p->common;
	char found[16];

	set->need = need_of(p, set);
	if (!set->n || set->need <= set->n)
		return;
	snprintf(found, sizeof(found), "%u", p->need);
	report_value(p->r->report, p->need_where, p->label, "check-require",
		     found, "more than checks are listed",
		     "all, any, or a number up to that of the checks");
	p->broken = true;
}

static void own_need(struct probing *p, struct backend_draft *b)
{
	b->own.need = need_of(p, &b->own);
	if (b->own.n && b->own.need > b->own.n)
		refuse(
		    p, b, b->check,
		    "fewer checks than check-require of the service asks for",
		    "as many checks as that, or none");
}

/* ---- ports and ways */

static const char *direct_problem(const struct conf_backend *b,
				  const struct conf_check *check,
				  const char **allowed)
{
	if (!conf_needs_port(check->type) || conf_probe_port(b, check))
		return NULL;
	if (check->type == HC_AGENT) {
		*allowed = "check-port=, port in the [check] section, or "
			   "check=none";
		return "no port for this check: agents have none of their own";
	}
	*allowed = "check-port=, a port of the backend, port in the [check] "
		   "section, or check=none";
	return "no port for this check: neither backend nor service has a "
	       "single one";
}

static bool has_protocol(const struct conf_service *s, enum hc_type type)
{
	int proto =
	    type == HC_UDP || type == HC_DNS ? IPPROTO_UDP : IPPROTO_TCP;

	return memchr(s->protos, proto, s->nprotos) != NULL;
}

/* What modes that track nothing ask for. */
static const char *direct_via_problem(const struct conf_service *s,
				      const struct conf_backend *b,
				      const struct conf_check *check,
				      const char **allowed)
{
	if (!rs_is_direct(s->mode))
		return NULL;
	if (s->mode == RS_STATELESS) {
		*allowed =
		    "via = direct, which with mode = stateless sends the "
		    "very packets that clients' become";
		return "goes via the service, whose flows nobody tracks";
	}
	if (check->spec.interface) {
		*allowed = "no interface in the [check] section, or via = "
			   "direct";
		return "goes via the service, past the check's interface";
	}
	if (conf_family(s, b) != b->addr.family) {
		*allowed = "via = direct, or a backend of the service's family";
		return "goes via the service, whose packets are not of the "
		       "backend's family";
	}
	if (check->type == HC_UDP && !check->spec.expect) {
		*allowed = "expect in the [check] section, or via = direct";
		return "goes via the service, whose flows nobody tracks: no "
		       "error would come back";
	}
	return NULL;
}

/* A probe by way of the service is a flow of the service. */
static const char *via_problem(const struct conf_service *s,
			       const struct conf_backend *b,
			       const struct conf_check *check,
			       const char **allowed)
{
	const char *problem;

	*allowed = "checks of a protocol and port of the service, without "
		   "check-address, or via = direct";
	problem = direct_via_problem(s, b, check, allowed);
	if (problem)
		return problem;
	if (!has_protocol(s, check->type))
		return "goes via the service, which has another protocol";
	if (addr_cmp(&b->addr, &b->check_addr))
		return "goes via the service and not to a check-address";
	if (conf_via_port(s, b, check))
		return NULL;
	return s->nports ? "goes via the service, which has no such port"
			 : "goes via the service, which has any port: say one";
}

/* Their source port names the backend: two at once would be one flow. */
static bool second_via(const struct conf_checks *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (all->list[k]->via == CONF_VIA_SERVICE)
			return true;
	return false;
}

static void checks_judge(struct probing *p, const struct backend_draft *b)
{
	const struct conf_backend probed = { .addr = b->addr,
					     .port = b->port,
					     .check_addr = b->check_addr,
					     .check_port = b->check_port,
					     .probe_port = b->probe_port };
	const struct conf_check *check;
	const char *problem, *allowed;
	size_t i;

	for (i = 0; i < b->checks->n; i++) {
		check = b->checks->list[i];
		if (check->via == CONF_VIA_SERVICE &&
		    second_via(b->checks, i)) {
			problem = "a second check via the service";
			allowed = "one such check for each backend";
		} else if (check->via == CONF_VIA_SERVICE) {
			problem =
			    via_problem(p->service, &probed, check, &allowed);
		} else {
			problem = direct_problem(&probed, check, &allowed);
		}
		if (!problem)
			continue;
		refuse(p, b, check->name, problem, allowed);
		return;
	}
}

bool probes_settle(struct probing *p, struct backend_list *backends)
{
	const struct conf_checks *common;
	struct backend_draft *b;
	size_t i;

	common_need(p);
	common = checks_share(p->r, &p->common);
	for (i = 0; i < backends->n; i++) {
		b = &backends->list[i];
		b->checks = common;
		if (b->check) {
			own_need(p, b);
			b->checks = checks_share(p->r, &b->own);
		}
		if (!b->check_addr.family)
			b->check_addr = b->addr;
		if (!b->checks)
			continue;
		b->probe_port = conf_single_port(p->service, b->port);
		checks_judge(p, b);
	}
	return !p->broken;
}
