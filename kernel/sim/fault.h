/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults of a slot, and when they come. What a fault does is in the model that it is about; here
 * are those that have a time of their own, too: the card that is pulled, the contact that bounces.
 * Pure: time is a parameter, in nanoseconds; the caller serialises.
 */
#ifndef CKS_SIM_FAULT_H
#define CKS_SIM_FAULT_H

#include <linux/cks_sim.h>

#include "line.h"

#define SIM_FAULTS	(CKS_SIM_FAULT_PPM + 1)
#define SIM_BOUNCE_NS	1000000	/* between two movements of the detect contact */

/**
 * struct sim_fault - one type
 * @left: it comes at the so-manieth time from now, 0 for not at all
 * @every: from then on each so-manieth time
 * @value: as the type has it
 */
struct sim_fault {
	u32 left;
	u32 every;
	int value;
};

/**
 * struct sim_faults - all of a slot
 * @type: indexed by enum cks_sim_fault_type
 * @counted: characters that began up to here have been counted for the card that is pulled
 * @contact: the detect contact is closed
 * @bounces: movements of it that are still to come
 * @bounce_at: the next one
 */
struct sim_faults {
	struct sim_fault type[SIM_FAULTS];
	u64 counted;
	bool contact;
	u32 bounces;
	u64 bounce_at;
};

/* Whether the fault comes this time; called each time that counts. */
static inline bool sim_fault_hit(struct sim_faults *f, enum cks_sim_fault_type type)
{
	struct sim_fault *fault = &f->type[type];

	if (!fault->left || --fault->left)
		return false;
	fault->left = fault->every;
	return true;
}

static inline int sim_fault_value(const struct sim_faults *f, enum cks_sim_fault_type type)
{
	return f->type[type].value;
}

/* 0, or -EINVAL for a fault that makes no sense. */
int sim_fault_check(const struct cks_sim_fault *arg);
/* One that does, in force from @now on; with %CKS_SIM_FAULT_NONE none is any more. */
void sim_fault_set(struct sim_faults *f, const struct cks_sim_fault *arg, u64 now);

/* Whether sim_fault_due() has to be asked. */
static inline bool sim_fault_timed(const struct sim_faults *f)
{
	return f->type[CKS_SIM_FAULT_PULL].left || f->bounces;
}

/* When the card is pulled or the contact moves, of what is known to come, or %SIM_NEVER. */
u64 sim_fault_due(const struct sim_faults *f, const struct sim_line *line);
/* Count the characters that have begun by @t; before the line forgets them. */
void sim_fault_count(struct sim_faults *f, const struct sim_line *line, u64 t);
/* The time @t that sim_fault_due() said has come. Return: the card is pulled. */
bool sim_fault_advance(struct sim_faults *f, const struct sim_line *line, u64 t);
/* A card comes or goes: the contact moves, once or more often. */
void sim_fault_moved(struct sim_faults *f, bool present, u64 now);

#endif
