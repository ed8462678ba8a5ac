/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Following the events: they come as they happen, from where the client left
 * off, to each of several clients, and only those that were asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control_rig.h"

static const char service[] = "[service www]\naddress = 192.0.2.10\nport = 80\n"
			      "check = none\nbackend.b1 = 10.0.0.11:8080\n";

static int setup(void **state)
{
	*state = control_rig_open(service);
	return 0;
}

static int teardown(void **state)
{
	control_rig_close(*state);
	return 0;
}

/* As daemon_event() does. */
static void happens(struct control_rig *rig, const char *kind, const char *name)
{
	struct event e = { 0 };

	snprintf(e.kind, sizeof(e.kind), "%s", kind);
	snprintf(e.service, sizeof(e.service), "%s", name);
	snprintf(e.reason, sizeof(e.reason), "because");
	events_add(&rig->d.events, &e);
	control_event(rig->d.control);
}

static void follow(struct client *c, struct control_rig *rig, const char *query,
		   const char *headers)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "GET /v1/events%s HTTP/1.1\r\nHost: x\r\n%s\r\n", query,
		 headers);
	client_open(c, rig);
	client_send(c, text, strlen(text));
}

struct expected {
	struct client *c;
	const char *text;
};

static bool has_text(void *arg)
{
	const struct expected *e = arg;

	/* NUL-terminated by buf */
	return e->c->got.data && strstr(e->c->got.data, e->text);
}

static void expect(struct client *c, const char *text)
{
	struct expected e = { c, text };

	rig_until(c->rig, has_text, &e);
}

static bool lacks(const struct client *c, const char *text)
{
	return !strstr(c->got.data, text);
}

static void test_as_they_happen(void **state)
{
	struct control_rig *rig = *state;
	struct client a, b;

	happens(rig, "old", "www");
	follow(&a, rig, "?follow=yes", "");
	expect(&a, "text/event-stream");
	expect(&a, ":\n\n"); /* connected, nothing yet */
	assert_true(lacks(&a, "data:"));
	follow(&b, rig, "", "Accept: text/event-stream\r\n");
	expect(&b, ":\n\n");
	happens(rig, "health", "www");
	expect(&a, "id: 2\nevent: health\ndata: {");
	expect(&b, "id: 2\nevent: health\ndata: {");
	happens(rig, "admin", "www");
	expect(&a, "id: 3\nevent: admin\n");
	client_close(&b); /* one leaves, the other goes on */
	happens(rig, "weight", "www");
	expect(&a, "id: 4\nevent: weight\n");
	assert_true(lacks(&a, "\"kind\":\"old\""));
	client_close(&a);
}

static void test_from_where_it_was(void **state)
{
	struct control_rig *rig = *state;
	struct client c;

	for (int i = 0; i < 5; i++)
		happens(rig, "health", "www");
	follow(&c, rig, "?follow=yes&since=3", "");
	expect(&c, "id: 4\n");
	expect(&c, "id: 5\n");
	assert_true(lacks(&c, "id: 3\n"));
	client_close(&c);
	follow(&c, rig, "?follow=yes", "Last-Event-ID: 4\r\n");
	expect(&c, "id: 5\n");
	assert_true(lacks(&c, "id: 4\n"));
	client_close(&c);
}

static void test_lost(void **state)
{
	struct control_rig *rig = *state;
	struct client c;

	for (int i = 0; i < EVENTS_KEPT + 10; i++)
		happens(rig, "health", "www");
	follow(&c, rig, "?follow=yes&since=0", "");
	expect(&c, "event: lost\ndata: {\"lost\":10}\n\nid: 11\n");
	expect(&c, "id: 1034\n");
	client_close(&c);
}

static void test_only_mine(void **state)
{
	struct control_rig *rig = *state;
	struct client c;

	follow(&c, rig, "?follow=yes&service=www", "");
	expect(&c, ":\n\n");
	happens(rig, "health", "other");
	happens(rig, "health", "www");
	expect(&c, "id: 2\n");
	assert_true(lacks(&c, "id: 1\n"));
	client_close(&c);
}

static void test_refused(void **state)
{
	struct control_rig *rig = *state;

	rig_refused(rig, "GET", "/v1/events?follow=no", NULL, 400, "follow");
	rig_refused(rig, "GET", "/v1/events?follow=yes&since=x", NULL, 400,
		    "since");
}

/* The daemon ends while somebody follows: it does not wait for him. */
static void test_daemon_ends(void **state)
{
	struct control_rig *rig = control_rig_open(service);
	struct client c;

	follow(&c, rig, "?follow=yes", "");
	expect(&c, ":\n\n");
	control_close(rig->d.control);
	rig->d.control = NULL;
	client_wait(&c);
	client_close(&c);
	control_rig_close(rig);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_as_they_happen), TEST(test_from_where_it_was),
		TEST(test_lost),           TEST(test_only_mine),
		TEST(test_refused),        TEST(test_daemon_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
