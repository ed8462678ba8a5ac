/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftlbd/net by itself, for the lab. Reads lines of words, prints what happens:
 *
 *   neigh ADDRESS...            these are wanted; "path ..." for each and for
 *                               each change, "neigh done"
 *   route ADDRESS               "route ..."
 *   tunnels OWNER [L R]...      these are wanted; "tunnels N of M why" at each
 *                               change
 *   decap OWNER NAME KIND [L]   the same with one decap (ipip, sit, ip6)
 *   sweep                       those not wanted go
 *   settle MS                   waits for all of it; "settled yes|no MS"
 *   link NAME                   "link ..."
 */
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "net/neigh.h"
#include "net/tunnels.h"

#define WORDS_MAX 16384

struct tool {
	struct links *links;
	struct neighs *neighs;
	struct tunnels *tunnels;
	struct ev_loop *loop;
	struct tunnel_pair *pairs;
	size_t npairs;
	struct tunnel_decap decap;
	size_t ndecaps;
	char *words[WORDS_MAX];
	size_t n;
};

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static struct addr address(const char *text)
{
	struct addr a = { 0 };

	if (addr_parse(text, &a) < 0)
		fprintf(stderr, "no address: %s\n", text);
	return a;
}

static const char *ether(const uint8_t e[6], char buf[18])
{
	snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", e[0], e[1], e[2],
		 e[3], e[4], e[5]);
	return buf;
}

/* ---- neighbours */

static void path_changed(void *ctx, const struct addr *addr,
			 const struct neigh_path *p)
{
	struct tool *t = ctx;
	const struct link *l = links_by_index(t->links, p->ifindex);
	char text[ADDR_STRLEN], to[18], from[18];

	printf("path %s %s %s %s %s\n", addr_format(addr, text),
	       neigh_state_text(p->state), l ? l->name : "-",
	       ether(p->ether_to, to), ether(p->ether_from, from));
}

static void do_neigh(struct tool *t)
{
	struct addr *list = xcalloc(t->n, sizeof(*list));
	double start = now_ms();

	for (size_t i = 1; i < t->n; i++)
		list[i - 1] = address(t->words[i]);
	neighs_want(t->neighs, list, t->n - 1);
	for (size_t i = 0; i + 1 < t->n; i++)
		path_changed(t, &list[i], neighs_get(t->neighs, &list[i]));
	printf("neigh done %.1f\n", now_ms() - start);
	free(list);
}

static void do_route(struct tool *t)
{
	struct addr to = address(t->words[1]);
	struct err err = { "" };
	struct net_route r;
	const struct link *l;
	char via[ADDR_STRLEN];

	if (neighs_route(t->neighs, &to, &r, &err) < 0) {
		printf("route error %s\n", err.msg);
		return;
	}
	l = links_by_index(t->links, r.ifindex);
	printf("route %s %s mtu=%u local=%d error=%d\n", l ? l->name : "-",
	       r.via.family ? addr_format(&r.via, via) : "-", r.mtu, r.local,
	       r.error);
}

/* ---- tunnels */

static void tunnels_say(void *ctx)
{
	struct tool *t = ctx;
	size_t n = 0;

	for (size_t i = 0; i < t->npairs; i++)
		n += tunnels_ifindex(t->tunnels, &t->pairs[i]) != 0;
	if (t->ndecaps)
		n += tunnels_decap_ifindex(t->tunnels, t->decap.name) != 0;
	printf("tunnels %zu of %zu %s\n", n, t->npairs + t->ndecaps,
	       tunnels_why(t->tunnels));
	for (size_t i = 0; i < t->npairs && t->npairs < 10; i++) {
		char name[IFNAMSIZ];

		printf("tunnel %s %u\n", tunnel_name(&t->pairs[i], name),
		       tunnels_ifindex(t->tunnels, &t->pairs[i]));
	}
}

static void tunnels_begin(struct tool *t, const char *owner)
{
	struct err err = { "" };

	if (!t->tunnels && tunnels_open(&t->tunnels, t->loop, t->links, owner,
					tunnels_say, t, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		exit(1);
	}
}

static void tunnels_do(struct tool *t)
{
	tunnels_want(t->tunnels, t->pairs, t->npairs, &t->decap, t->ndecaps);
	tunnels_say(t);
}

static void do_tunnels(struct tool *t)
{
	tunnels_begin(t, t->words[1]);
	free(t->pairs);
	t->pairs = xcalloc(t->n, sizeof(*t->pairs));
	t->npairs = 0;
	for (size_t i = 2; i + 1 < t->n; i += 2)
		t->pairs[t->npairs++] =
		    (struct tunnel_pair){ address(t->words[i]),
					  address(t->words[i + 1]) };
	tunnels_do(t);
}

static void do_decap(struct tool *t)
{
	static const char *const kinds[] = { "ipip", "sit", "ip6" };

	tunnels_begin(t, t->words[1]);
	t->decap = (struct tunnel_decap){ 0 };
	snprintf(t->decap.name, IFNAMSIZ, "%s", t->words[2]);
	for (size_t i = 0; i < 3; i++)
		if (!strcmp(t->words[3], kinds[i]))
			t->decap.kind = (enum tunnel_decap_kind)i;
	if (t->n > 4)
		t->decap.local = address(t->words[4]);
	t->ndecaps = 1;
	tunnels_do(t);
}

static void do_sweep(struct tool *t)
{
	tunnels_sweep(t->tunnels);
}

static void do_settle(struct tool *t)
{
	unsigned int limit_ms = (unsigned int)atoi(t->words[1]);
	double start = now_ms();
	bool all = true;

	if (t->tunnels)
		all = tunnels_settle(t->tunnels, limit_ms);
	all &= neighs_settle(t->neighs, limit_ms);
	printf("settled %s %.1f\n", all ? "yes" : "no", now_ms() - start);
}

static void do_link(struct tool *t)
{
	const struct link *l = links_by_name(t->links, t->words[1]);
	char mac[18];

	if (!l) {
		printf("link %s -\n", t->words[1]);
		return;
	}
	printf("link %s kind=%s mtu=%u up=%d running=%d ether=%s master=%u "
	       "lower=%u alias=%s\n",
	       l->name, l->kind, l->mtu, l->up, l->running,
	       ether(l->ether, mac), l->master, l->lower, l->alias);
}

/* ---- lines */

static const struct {
	const char *word;
	size_t words; /* at least */
	void (*run)(struct tool *t);
} verbs[] = {
	{ "neigh", 1, do_neigh },     { "route", 2, do_route },
	{ "tunnels", 2, do_tunnels }, { "decap", 4, do_decap },
	{ "sweep", 1, do_sweep },     { "settle", 2, do_settle },
	{ "link", 2, do_link },
};

static void do_line(struct tool *t, char *line)
{
	t->n = 0;
	for (char *w = strtok(line, " \n"); w && t->n < WORDS_MAX;
	     w = strtok(NULL, " \n"))
		t->words[t->n++] = w;
	for (size_t i = 0; t->n && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(t->words[0], verbs[i].word) &&
		    t->n >= verbs[i].words) {
			verbs[i].run(t);
			return;
		}
	fprintf(stderr, "what is that?\n");
}

static void stdin_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	static char text[1 << 20];
	static size_t len;
	ssize_t n = read(0, text + len, sizeof(text) - 1 - len);
	char *end;

	if (n <= 0) {
		ev_break(loop, EVBREAK_ALL);
		return;
	}
	len += (size_t)n;
	text[len] = '\0';
	while ((end = strchr(text, '\n'))) {
		size_t used = (size_t)(end - text) + 1;

		*end = '\0';
		do_line(w->data, text);
		memmove(text, text + used, len - used + 1);
		len -= used;
	}
}

int main(void)
{
	static struct tool t;
	struct err err = { "" };
	ev_io in;

	setvbuf(stdout, NULL, _IOLBF, 0);
	log_open("paths", false);
	t.loop = ev_default_loop(0);
	if (links_open(&t.links, t.loop, &err) < 0 ||
	    neighs_open(&t.neighs, t.loop, t.links, path_changed, &t, &err) <
		0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	ev_io_init(&in, stdin_cb, 0, EV_READ);
	in.data = &t;
	ev_io_start(t.loop, &in);
	ev_run(t.loop, 0);
	ev_io_stop(t.loop, &in);
	tunnels_close(t.tunnels);
	neighs_close(t.neighs);
	links_close(t.links);
	free(t.pairs);
	ev_loop_destroy(t.loop);
	return 0;
}
