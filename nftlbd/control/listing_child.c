/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listing tables through libnftables. Runs in a child only.
 *
 * Must not know: the daemon; it may be gone.
 */
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/listing.h"
#include "lib/xalloc.h"

/* "table ip NAME": list it if NAME is ours. */
static int list_line(struct nft_ctx *nft, const char *line, const char *table)
{
	char family[16], name[128], command[192];

	if (sscanf(line, "table %15s %127s", family, name) != 2 ||
	    strcmp(name, table) != 0)
		return 0;
	snprintf(command, sizeof(command), "list table %s %s", family, name);
	return nft_run_cmd_from_buffer(nft, command);
}

static int list_lines(struct nft_ctx *nft, char *lines, const char *table)
{
	char *save, *line;
	int ret = 0;

	for (line = strtok_r(lines, "\n", &save); line && ret == 0;
	     line = strtok_r(NULL, "\n", &save))
		ret = list_line(nft, line, table);
	return ret;
}

int listing_child(const char *table)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	char *lines = NULL;
	int ret = -1;

	if (!nft)
		return EXIT_FAILURE;
	if (nft_ctx_buffer_output(nft) == 0)
		ret = nft_run_cmd_from_buffer(nft, "list tables");
	if (ret == 0) {
		lines = xstrdup(nft_ctx_get_output_buffer(nft));
		nft_ctx_unbuffer_output(nft);
		nft_ctx_set_output(nft, stdout);
		ret = list_lines(nft, lines, table);
	}
	free(lines);
	nft_ctx_free(nft);
	if (fflush(stdout) != 0)
		ret = -1;
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
