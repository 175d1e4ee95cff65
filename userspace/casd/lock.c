// SPDX-License-Identifier: GPL-2.0-only
/* Memory for keys: never swapped, never in a core file, wiped when freed. Context: any thread. */
#include "lock.h"

#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "log.h"

#define HEAP (32u << 20)	/* some 20 KiB for a session; what is not used costs nothing */
#define HEAP_LEAST 32

bool lock_process(void)
{
	struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0) || setrlimit(RLIMIT_CORE, &none)) {
		log_error("lock", "reason=\"core files cannot be forbidden: %s\"", strerror(errno));
		return false;
	}
	/* A heap for each thread would take 64 MiB of the limit on locked memory. */
	mallopt(M_ARENA_MAX, 1);
	/*
	 * Keys lie in OpenSSL's secure heap. The rest is locked as well, since key schedules of
	 * single operations do not: on demand, or a large address space would be read in at once.
	 */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) {
		log_error("lock", "reason=\"memory cannot be locked: %s; raise LimitMEMLOCK\"",
			  strerror(errno));
		return false;
	}
	if (CRYPTO_secure_malloc_init(HEAP, HEAP_LEAST) != 1) {
		log_error("lock", "reason=\"no locked heap; raise LimitMEMLOCK\"");
		return false;
	}
	return true;
}

void *lock_alloc(size_t size)
{
	return OPENSSL_secure_zalloc(size);
}

void lock_free(void *p, size_t size)
{
	OPENSSL_secure_clear_free(p, size);
}
