// SPDX-License-Identifier: GPL-2.0-only
/*
 * While somebody uses a coupler: how deep a processor may sleep, and what feeds the card's power
 * switch. Process context.
 */
#include "state.h"

/*
 * At TA1 13 the error signal of T=0 has to start 3.6 us after the interrupt (signal.c), and an
 * access to a port is a part of that: what is slower to leave than this is too deep.
 */
#define EXIT_US		1

/* Operation @claimed of the coupler. */
void cks_uart_claimed(struct cks_coupler *c, bool on)
{
	struct cks_uart *u = cks_coupler_drvdata(c);

	if (on)
		cpu_latency_qos_add_request(&u->qos, EXIT_US);
	else
		cpu_latency_qos_remove_request(&u->qos);
	if (u->pd.wiring && u->pd.wiring->supply)
		u->pd.wiring->supply(u->pd.wiring, on);
}
