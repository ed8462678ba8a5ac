/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The export to Kafka, against librdkafka's own mock cluster: what a consumer
 * gets is the list; a broker that is away, late or in trouble disturbs nobody.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <unistd.h>

#include "export_rig.h"
#include "kafka_rig.h"
#include "lib/xalloc.h"
#include "listener.h"

#define TOPIC      "bindings"
#define TURN_MAX_S 3.0
#define PRODUCE    0 /* of Kafka's protocol */

static void open_both(struct kafka_rig *k, struct export_rig *r, size_t n)
{
	assert_int_equal(kafka_rig_open(k, TOPIC), 0);
	rig_open(r, HV_EXPORT_KAFKA, kafka_rig_servers(k), TOPIC, n);
}

static void close_both(struct kafka_rig *k, struct export_rig *r)
{
	rig_close(r);
	kafka_rig_close(k);
}

static json_t *read_line(struct kafka_rig *k)
{
	rd_kafka_message_t *m = NULL;
	char host[256] = "";
	json_t *o;

	for (int i = 0; !m && i < 200; i++)
		m = kafka_rig_read(k, 100);
	assert_non_null(m);
	o = json_loadb(m->payload, m->len, 0, NULL);
	assert_non_null(o);
	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	assert_int_equal(m->key_len, strlen(host));
	assert_memory_equal(m->key, host, m->key_len);
	assert_string_equal(json_string_value(json_object_get(o, "host")),
			    host);
	rd_kafka_message_destroy(m);
	return o;
}

/* The next list of @n, complete and in order. */
static void read_list(struct kafka_rig *k, const struct export_rig *r, size_t n)
{
	char sum[EXPORT_CHECKSUM_TEXT];

	export_checksum(&r->a.bindings, sum);
	for (size_t i = 1; i <= n; i++) {
		json_t *o = read_line(k);

		assert_int_equal(
		    json_integer_value(json_object_get(o, "number")), i);
		assert_int_equal(
		    json_integer_value(json_object_get(o, "bindings")), n);
		assert_string_equal(
		    json_string_value(json_object_get(o, "name")),
		    r->a.bindings.list[i - 1]->name);
		assert_string_equal(
		    json_string_value(json_object_get(o, "checksum")), sum);
		json_decref(o);
	}
}

static void test_list(void **state)
{
	struct export_rig r;
	struct kafka_rig k;

	open_both(&k, &r, 5000);
	rig_wait(&r, 1, 0);
	read_list(&k, &r, 5000);
	rig_fill(&r, 2);
	rig_wait(&r, 2, 0);
	read_list(&k, &r, 2);
	assert_true(r.longest < TURN_MAX_S);
	close_both(&k, &r);
}

/* It is away for a while: told, given up, and then all is well. */
static void test_away(void **state)
{
	struct export_rig r;
	struct kafka_rig k;

	assert_int_equal(kafka_rig_open(&k, TOPIC), 0);
	assert_int_equal(rd_kafka_mock_broker_set_down(k.mock, KAFKA_BROKER),
			 0);
	rig_open(&r, HV_EXPORT_KAFKA, kafka_rig_servers(&k), TOPIC, 100);
	rig_wait(&r, 0, 2);
	assert_int_equal(export_status(&r.a)->good, 0);
	assert_true(export_status(&r.a)->error[0] != '\0');
	assert_true(r.longest < TURN_MAX_S);
	assert_int_equal(rd_kafka_mock_broker_set_up(k.mock, KAFKA_BROKER), 0);
	rig_wait(&r, 1, 0);
	assert_string_equal(export_status(&r.a)->error, "");
	read_list(&k, &r, 100);
	close_both(&k, &r);
}

/* Errors of the kind that pass are tried again, within the same export. */
static void test_trouble(void **state)
{
	struct export_rig r;
	struct kafka_rig k;

	assert_int_equal(kafka_rig_open(&k, TOPIC), 0);
	rd_kafka_mock_push_request_errors(
	    k.mock, PRODUCE, 2, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
	    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
	rig_open(&r, HV_EXPORT_KAFKA, kafka_rig_servers(&k), TOPIC, 10);
	rig_wait(&r, 1, 0);
	read_list(&k, &r, 10);
	close_both(&k, &r);
}

/* What comes back too late was given up, and is not taken for a good one. */
static void test_late(void **state)
{
	struct export_rig r;
	struct kafka_rig k;

	open_both(&k, &r, 10);
	rig_wait(&r, 1, 0);
	rd_kafka_mock_broker_set_rtt(k.mock, KAFKA_BROKER, 2500);
	rig_wait(&r, 1, 2);
	assert_true(r.longest < TURN_MAX_S);
	rd_kafka_mock_broker_set_rtt(k.mock, KAFKA_BROKER, 0);
	rig_wait(&r, export_status(&r.a)->good + 1, 2);
	close_both(&k, &r);
}

/* It takes connections and says nothing; the end does not wait for it. */
static void test_silent(void **state)
{
	struct export_rig r;
	struct listener l;
	ev_tstamp begun;
	char *server;

	listener_open(&l, AF_INET, 8);
	server = xasprintf("127.0.0.1:%u", l.port);
	rig_open(&r, HV_EXPORT_KAFKA, server, TOPIC, 1000);
	rig_wait(&r, 0, 2);
	assert_true(r.longest < TURN_MAX_S);
	begun = ev_time();
	rig_close(&r);
	begun = ev_time() - begun;
	print_message("closed in %.3f s\n", begun);
	assert_true(begun < 2 * TURN_MAX_S);
	listener_close(&l);
	free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),    cmocka_unit_test(test_away),
		cmocka_unit_test(test_trouble), cmocka_unit_test(test_late),
		cmocka_unit_test(test_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
