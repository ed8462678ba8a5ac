/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The description of the API, web/openapi.json, as it was built in.
 *
 * Must not know: what it says; tests compare it with routes.c and with answers.
 */
#include "control/handlers.h"
#include "http/reply.h"
#include "web/assets.h"

void show_openapi(struct request *rq)
{
	const struct asset a = asset_openapi();

	reply_response(rq,
		       MHD_create_response_from_buffer(a.size, (void *)a.data,
						       MHD_RESPMEM_PERSISTENT),
		       a.type);
}
