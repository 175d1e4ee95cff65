/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a session can be, what can happen to it, and where that leads: the state machine of
 * docs/sessions.md as a table. Pure functions, the same in the kernel and in the unit test, which
 * compares table and page.
 */
#ifndef CKS_ROUTER_PHASE_H
#define CKS_ROUTER_PHASE_H

#include "iso7816/port.h"
#include "limit.h"

/**
 * enum cks_phase - where a session is
 * @CKS_P_REQUESTED: claimed, the card is being reset
 * @CKS_P_WAITING: reset; no CAS that is connected knows of it
 * @CKS_P_OFFERED: the CAS was told, and is to open the channel
 * @CKS_P_OPEN: the channel is open, no command in progress
 * @CKS_P_RUNNING: a command is in progress
 * @CKS_P_LOST: the channel broke; it can be opened again
 * @CKS_P_ADRIFT: the same, with a command that is still in progress
 * @CKS_P_CLOSED: the CAS is done with the card and will send its result
 * @CKS_P_RESULT: decided; the control unit moves the card
 * @CKS_P_DISPOSED: over
 */
enum cks_phase {
	CKS_P_REQUESTED,
	CKS_P_WAITING,
	CKS_P_OFFERED,
	CKS_P_OPEN,
	CKS_P_RUNNING,
	CKS_P_LOST,
	CKS_P_ADRIFT,
	CKS_P_CLOSED,
	CKS_P_RESULT,
	CKS_P_DISPOSED,
	CKS_PHASES,
};

/**
 * enum cks_happening - what can happen to a session
 * @CKS_H_CONTACTED: the first reset brought an ATR
 * @CKS_H_TOLD: REQUEST was sent
 * @CKS_H_UNTOLD: the control connection that it was sent on is gone
 * @CKS_H_OPENED: OPEN came with its token
 * @CKS_H_COMMAND: a command was given to the coupler
 * @CKS_H_DONE: the command ended, however it did
 * @CKS_H_LOST: the channel's connection is gone
 * @CKS_H_CLOSE: CLOSE came
 * @CKS_H_RESULT: the CAS's RESULT came
 * @CKS_H_FAILED: no card any more, no coupler, a deadline, cancelled, no ATR
 * @CKS_H_DISPOSED: the control unit said what became of the card
 */
enum cks_happening {
	CKS_H_CONTACTED,
	CKS_H_TOLD,
	CKS_H_UNTOLD,
	CKS_H_OPENED,
	CKS_H_COMMAND,
	CKS_H_DONE,
	CKS_H_LOST,
	CKS_H_CLOSE,
	CKS_H_RESULT,
	CKS_H_FAILED,
	CKS_H_DISPOSED,
	CKS_HAPPENINGS,
};

/**
 * cks_phase_after() - where something leads
 * @ret_next: set if it means something in this phase
 * Context: any
 * Return: whether it does; otherwise nothing changes
 */
bool cks_phase_after(enum cks_phase phase, enum cks_happening h, enum cks_phase *ret_next);

/* What bounds the phase; CKS_L_NONE where it may last. */
enum cks_limit cks_phase_limit(enum cks_phase phase);

/* What the operator and the CAS are told when the bound passes. */
const char *cks_phase_expired(enum cks_phase phase);

const char *cks_phase_name(enum cks_phase phase);

#endif
