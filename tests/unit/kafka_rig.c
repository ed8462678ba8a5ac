/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kafka_rig.h"

#include <stdio.h>
#include <string.h>

static rd_kafka_t *client(rd_kafka_type_t type, const char *servers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];
	rd_kafka_t *rk;

	if (servers) {
		rd_kafka_conf_set(conf, "bootstrap.servers", servers, why,
				  sizeof(why));
		rd_kafka_conf_set(conf, "group.id", "rig", why, sizeof(why));
		rd_kafka_conf_set(conf, "enable.auto.commit", "false", why,
				  sizeof(why));
	}
	rd_kafka_conf_set(conf, "log_level", "0", why, sizeof(why));
	rk = rd_kafka_new(type, conf, why, sizeof(why));
	if (!rk)
		rd_kafka_conf_destroy(conf);
	return rk;
}

static int consume(struct kafka_rig *r, const char *topic)
{
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t e;

	r->consumer = client(RD_KAFKA_CONSUMER, kafka_rig_servers(r));
	if (!r->consumer)
		return -1;
	rd_kafka_poll_set_consumer(r->consumer);
	list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, topic, 0)->offset =
	    RD_KAFKA_OFFSET_BEGINNING;
	e = rd_kafka_assign(r->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
	return e ? -1 : 0;
}

int kafka_rig_open(struct kafka_rig *r, const char *topic)
{
	memset(r, 0, sizeof(*r));
	r->owner = client(RD_KAFKA_PRODUCER, NULL);
	if (!r->owner)
		return -1;
	r->mock = rd_kafka_mock_cluster_new(r->owner, 1);
	if (!r->mock || rd_kafka_mock_topic_create(r->mock, topic, 1, 1))
		return -1;
	return consume(r, topic);
}

void kafka_rig_close(struct kafka_rig *r)
{
	if (r->consumer)
		rd_kafka_destroy(r->consumer);
	if (r->mock)
		rd_kafka_mock_cluster_destroy(r->mock);
	if (r->owner)
		rd_kafka_destroy(r->owner);
}

const char *kafka_rig_servers(const struct kafka_rig *r)
{
	return rd_kafka_mock_cluster_bootstraps(r->mock);
}

rd_kafka_message_t *kafka_rig_read(struct kafka_rig *r, int timeout_ms)
{
	rd_kafka_message_t *m = rd_kafka_consumer_poll(r->consumer, timeout_ms);

	if (m && m->err) { /* nobody is there yet: it asks again by itself */
		rd_kafka_message_destroy(m);
		return NULL;
	}
	return m;
}
