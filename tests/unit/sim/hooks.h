/* SPDX-License-Identifier: GPL-2.0-only */
/* What the linker puts in the place of a function of the bench: ld's --wrap. */
#ifndef SIM_HOOKS_H
#define SIM_HOOKS_H

#include "sim/line.h"

void __real_sim_receiver_set(struct sim_receiver *r, const struct sim_line *line,
			     const struct sim_format *format, u64 bit_ps, u64 now);
void __wrap_sim_receiver_set(struct sim_receiver *r, const struct sim_line *line,
			     const struct sim_format *format, u64 bit_ps, u64 now);

#endif
