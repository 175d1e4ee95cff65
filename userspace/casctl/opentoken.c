// SPDX-License-Identifier: GPL-2.0-only
/* Opens the token for the commands that need it, and keeps what they see out of swap and cores. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "casctl.h"

void lock_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		fprintf(stderr, "casctl: memory cannot be locked: %s\n", strerror(errno));
}

struct token *open_token(const struct token_options *o)
{
	struct token_pin pin;
	struct token *t = NULL;
	char error[256];
	const char *wrong;

	lock_memory();
	wrong = token_pin_read(o->pin_file, &pin);
	if (!wrong) {
		t = token_open(o->module, o->label, &pin, error, sizeof(error));
		wrong = error;
	}
	explicit_bzero(&pin, sizeof(pin));
	if (!t)
		fprintf(stderr, "casctl: %s\n", wrong);
	return t;
}
