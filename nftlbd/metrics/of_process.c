/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics of the process, as Prometheus' client libraries name them. What /proc
 * does not tell is left out.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "metrics/families.h"

static double seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

void collect_cpu(struct collect *c)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) == 0)
		expo_real(&c->e,
			  seconds(&used.ru_utime) + seconds(&used.ru_stime));
}

/* In pages: the address space, and what of it is in memory. */
static bool memory(unsigned long *size, unsigned long *resident)
{
	FILE *f = fopen("/proc/self/statm", "re");
	bool ok = f && fscanf(f, "%lu %lu", size, resident) == 2;

	if (f)
		fclose(f);
	return ok;
}

void collect_resident(struct collect *c)
{
	unsigned long size, resident;

	if (memory(&size, &resident))
		expo_count(&c->e, (uint64_t)resident *
				      (uint64_t)sysconf(_SC_PAGESIZE));
}

void collect_virtual(struct collect *c)
{
	unsigned long size, resident;

	if (memory(&size, &resident))
		expo_count(&c->e,
			   (uint64_t)size * (uint64_t)sysconf(_SC_PAGESIZE));
}

void collect_open_fds(struct collect *c)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t n = 0;

	if (!dir)
		return;
	while (readdir(dir))
		n++;
	closedir(dir);
	expo_count(&c->e, n - 3); /* ".", ".." and its own */
}

void collect_max_fds(struct collect *c)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		expo_count(&c->e, limit.rlim_cur);
}
