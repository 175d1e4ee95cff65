// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of the sessions' state machine. No state, no locks, no I/O.
 */
#include "phase.h"

/* What follows; 0 is no phase. */
#define TO(phase)	(CKS_P_##phase + 1)

struct phase {
	const char *name;
	enum cks_limit limit;
	const char *expired;
	u8 next[CKS_HAPPENINGS];
};

static const struct phase phases[CKS_PHASES] = {
	[CKS_P_REQUESTED] = {
		"requested", CKS_L_RESET, "coupler did not finish the reset",
		{
			[CKS_H_CONTACTED] = TO(WAITING),
			[CKS_H_FAILED] = TO(RESULT),
		},
	},
	[CKS_P_WAITING] = {	/* a CAS may be away for as long as it likes */
		"waiting", CKS_L_NONE, "",
		{
			[CKS_H_TOLD] = TO(OFFERED),
			[CKS_H_OPENED] = TO(OPEN),
			[CKS_H_RESULT] = TO(RESULT),
			[CKS_H_FAILED] = TO(RESULT),
		},
	},
	[CKS_P_OFFERED] = {
		"offered", CKS_L_OPEN, "CAS did not open the channel",
		{
			[CKS_H_TOLD] = TO(OFFERED),
			[CKS_H_UNTOLD] = TO(WAITING),
			[CKS_H_OPENED] = TO(OPEN),
			[CKS_H_RESULT] = TO(RESULT),
			[CKS_H_FAILED] = TO(RESULT),
		},
	},
	[CKS_P_OPEN] = {
		"open", CKS_L_IDLE, "CAS sent no command",
		{
			[CKS_H_OPENED] = TO(OPEN),
			[CKS_H_COMMAND] = TO(RUNNING),
			[CKS_H_LOST] = TO(LOST),
			[CKS_H_CLOSE] = TO(CLOSED),
			[CKS_H_RESULT] = TO(RESULT),
			[CKS_H_FAILED] = TO(RESULT),
		},
	},
	[CKS_P_RUNNING] = {	/* and the command's own timeout before that */
		"running", CKS_L_COMMAND, "coupler did not finish the command",
		{
			[CKS_H_OPENED] = TO(RUNNING),
			[CKS_H_DONE] = TO(OPEN),
			[CKS_H_LOST] = TO(ADRIFT),
			[CKS_H_RESULT] = TO(RESULT),
			[CKS_H_FAILED] = TO(RESULT),
		},
	},
	[CKS_P_LOST] = {
		"lost", CKS_L_REOPEN, "channel lost and not opened again",
		{
			[CKS_H_OPENED] = TO(OPEN),
			[CKS_H_RESULT] = TO(RESULT),
			[CKS_H_FAILED] = TO(RESULT),
		},
	},
	[CKS_P_ADRIFT] = {
		"adrift", CKS_L_REOPEN, "channel lost and not opened again",
		{
			[CKS_H_OPENED] = TO(RUNNING),
			[CKS_H_DONE] = TO(LOST),
			[CKS_H_RESULT] = TO(RESULT),
			[CKS_H_FAILED] = TO(RESULT),
		},
	},
	[CKS_P_CLOSED] = {
		"closed", CKS_L_RESULT, "CAS sent no result",
		{
			[CKS_H_RESULT] = TO(RESULT),
			[CKS_H_FAILED] = TO(RESULT),
		},
	},
	[CKS_P_RESULT] = {	/* the control unit's, which may wait for an operator */
		"result", CKS_L_NONE, "",
		{
			[CKS_H_DISPOSED] = TO(DISPOSED),
		},
	},
	[CKS_P_DISPOSED] = { "disposed", CKS_L_NONE, "", { 0 } },
};

bool cks_phase_after(enum cks_phase phase, enum cks_happening h, enum cks_phase *ret_next)
{
	u8 next = phases[phase].next[h];

	if (!next)
		return false;
	*ret_next = next - 1;
	return true;
}

enum cks_limit cks_phase_limit(enum cks_phase phase)
{
	return phases[phase].limit;
}

const char *cks_phase_expired(enum cks_phase phase)
{
	return phases[phase].expired;
}

const char *cks_phase_name(enum cks_phase phase)
{
	return phases[phase].name;
}
