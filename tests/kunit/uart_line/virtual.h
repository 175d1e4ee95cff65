/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock and the timers that the driver's objects of this module have: those of
 * tests/unit/uart/bed.c. They are compiled with this file before them (Kbuild).
 */
#ifndef KUNIT_UART_LINE_VIRTUAL_H
#define KUNIT_UART_LINE_VIRTUAL_H

#include <linux/device.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>

ktime_t bed_ktime_get(void);
void bed_hrtimer_start(struct hrtimer *timer, ktime_t t, enum hrtimer_mode mode);
int bed_hrtimer_try_to_cancel(struct hrtimer *timer);

#define ktime_get		bed_ktime_get
#define hrtimer_start		bed_hrtimer_start
#define hrtimer_try_to_cancel	bed_hrtimer_try_to_cancel

/* The device is none, and some of the UARTs lie on purpose. */
#undef dev_err_ratelimited
#define dev_err_ratelimited(dev, fmt, ...)	dev_no_printk(KERN_ERR, dev, fmt, ##__VA_ARGS__)

#endif
