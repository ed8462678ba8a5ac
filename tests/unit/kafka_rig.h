/* SPDX-License-Identifier: GPL-2.0-or-later */
/* librdkafka's own mock cluster, and a consumer of what is sent to it. */
#ifndef TESTS_UNIT_KAFKA_RIG_H
#define TESTS_UNIT_KAFKA_RIG_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#define KAFKA_BROKER 1 /* the only one */

struct kafka_rig {
	rd_kafka_t *owner;
	rd_kafka_mock_cluster_t *mock;
	rd_kafka_t *consumer; /* of the topic, from its beginning */
};

/** kafka_rig_open() - one broker with @topic, one partition; 0 or -1 */
int kafka_rig_open(struct kafka_rig *r, const char *topic);
void kafka_rig_close(struct kafka_rig *r);
/** kafka_rig_servers() - what clients connect to */
const char *kafka_rig_servers(const struct kafka_rig *r);
/** kafka_rig_read() - the next message, NULL: none within @timeout_ms; to be
 * destroyed by the caller */
rd_kafka_message_t *kafka_rig_read(struct kafka_rig *r, int timeout_ms);

#endif
