/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the enumerations of protocol.h are spelled, everywhere. */
#include <stddef.h>

#include "healthcheck/protocol.h"

const struct word hc_type_words[] = {
	{ "tcp", HC_TCP },   { "http", HC_HTTP },     { "https", HC_HTTPS },
	{ "icmp", HC_ICMP }, { "udp", HC_UDP },       { "dns", HC_DNS },
	{ "snmp", HC_SNMP }, { "script", HC_SCRIPT }, { "agent", HC_AGENT },
	{ "file", HC_FILE }, { "cpu", HC_CPU },       { NULL, 0 },
};

const struct word hc_start_words[] = {
	{ "up", HC_START_UP },
	{ "down", HC_START_DOWN },
	{ "unknown", HC_START_UNKNOWN },
	{ NULL, 0 },
};

const struct word hc_reason_words[] = {
	{ "ok", HC_OK },
	{ "timeout", HC_TIMEOUT },
	{ "refused", HC_REFUSED },
	{ "unreachable", HC_UNREACHABLE },
	{ "reset", HC_RESET },
	{ "closed", HC_CLOSED },
	{ "tls", HC_TLS },
	{ "certificate-expired", HC_CERT_EXPIRED },
	{ "certificate-name", HC_CERT_NAME },
	{ "certificate-untrusted", HC_CERT_UNTRUSTED },
	{ "status", HC_STATUS },
	{ "content", HC_CONTENT },
	{ "too-long", HC_TOO_LONG },
	{ "malformed", HC_MALFORMED },
	{ "auth", HC_AUTH },
	{ "range", HC_RANGE },
	{ "exit", HC_EXIT },
	{ "signal", HC_SIGNAL },
	{ "said-down", HC_SAID_DOWN },
	{ "maintenance", HC_MAINTENANCE },
	{ "late", HC_LATE },
	{ "local", HC_LOCAL },
	{ "ignored", HC_IGNORED },
	{ NULL, 0 },
};
