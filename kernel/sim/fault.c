// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of a slot: what is asked for, and when it comes. Pure computation.
 */
#include "fault.h"

#define PPM_MAX		50000
#define BOUNCES_MAX	1000
#define STALL_MAX_NS	1000000000

static bool value_is_good(const struct cks_sim_fault *arg)
{
	switch (arg->type) {
	case CKS_SIM_FAULT_STALL:
		return arg->value > 0 && arg->value <= STALL_MAX_NS;
	case CKS_SIM_FAULT_BOUNCE:
		return arg->value > 0 && arg->value <= BOUNCES_MAX;
	case CKS_SIM_FAULT_STUCK:
		return arg->value >= 0;
	case CKS_SIM_FAULT_PPM:
		return arg->value >= -PPM_MAX && arg->value <= PPM_MAX;
	default:
		return !arg->value;
	}
}

int sim_fault_check(const struct cks_sim_fault *arg)
{
	unsigned int i;

	if (arg->type >= SIM_FAULTS)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(arg->reserved); i++) {
		if (arg->reserved[i])
			return -EINVAL;
	}
	switch (arg->type) {
	case CKS_SIM_FAULT_NONE:
	case CKS_SIM_FAULT_STUCK:
	case CKS_SIM_FAULT_PPM:
		/* These do not count anything. */
		if (arg->nth || arg->every)
			return -EINVAL;
		break;
	default:
		if (!arg->nth)
			return -EINVAL;
		break;
	}
	return value_is_good(arg) ? 0 : -EINVAL;
}

void sim_fault_set(struct sim_faults *f, const struct cks_sim_fault *arg, u64 now)
{
	struct sim_fault *fault = &f->type[arg->type];

	if (arg->type == CKS_SIM_FAULT_NONE) {
		memset(f->type, 0, sizeof(f->type));
		return;
	}
	fault->left = arg->nth;
	fault->every = arg->every;
	fault->value = arg->value;
	if (arg->type == CKS_SIM_FAULT_PULL)
		f->counted = now;
}

static u64 pull_due(const struct sim_faults *f, const struct sim_line *line)
{
	u32 n = f->type[CKS_SIM_FAULT_PULL].left;
	u64 t = n ? f->counted : SIM_NEVER;

	for (; n && t != SIM_NEVER; n--)
		t = sim_line_next_char(line, t);
	return t;
}

u64 sim_fault_due(const struct sim_faults *f, const struct sim_line *line)
{
	u64 due = pull_due(f, line);

	return f->bounces && f->bounce_at < due ? f->bounce_at : due;
}

void sim_fault_count(struct sim_faults *f, const struct sim_line *line, u64 t)
{
	struct sim_fault *pull = &f->type[CKS_SIM_FAULT_PULL];

	while (pull->left > 1) {
		u64 start = sim_line_next_char(line, f->counted);

		if (start > t)
			break;
		f->counted = start;
		pull->left--;
	}
}

bool sim_fault_advance(struct sim_faults *f, const struct sim_line *line, u64 t)
{
	sim_fault_count(f, line, t);
	if (f->bounces && f->bounce_at <= t) {
		f->contact = !f->contact;
		f->bounces--;
		f->bounce_at += SIM_BOUNCE_NS;
	}
	if (pull_due(f, line) > t)
		return false;
	f->counted = sim_line_next_char(line, f->counted);
	return sim_fault_hit(f, CKS_SIM_FAULT_PULL);
}

void sim_fault_moved(struct sim_faults *f, bool present, u64 now)
{
	f->contact = present;
	f->bounces = 0;
	if (sim_fault_hit(f, CKS_SIM_FAULT_BOUNCE)) {
		f->bounces = 2 * (u32)f->type[CKS_SIM_FAULT_BOUNCE].value;
		f->bounce_at = now + SIM_BOUNCE_NS;
	}
}
