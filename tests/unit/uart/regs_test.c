// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where kernel/uart finds the registers of a UART: how wide, how far apart, and under which lock
 * where several UARTs share one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/ktime.h>

#include "uart/bus.h"

#define REGISTERS	8

/* The accesses, and the memory in which the registers are. */
static struct {
	u8 memory[REGISTERS << 3];
	unsigned int width;	/* of the last access */
	unsigned int accesses;
	raw_spinlock_t *lock;	/* held, if not NULL */
} m;

void raw_spin_lock(raw_spinlock_t *lock)
{
	assert_false(lock->held);
	lock->held = true;
}

void raw_spin_unlock(raw_spinlock_t *lock)
{
	assert_true(lock->held);
	lock->held = false;
}

static void note(unsigned int width)
{
	m.width = width;
	m.accesses++;
	if (m.lock)
		assert_true(m.lock->held);
}

unsigned int ioread8(const void *at)
{
	note(1);
	return *(const u8 *)at;
}

unsigned int ioread32(const void *at)
{
	u32 value;

	note(4);
	memcpy(&value, at, sizeof(value));
	return value;
}

void iowrite8(u8 value, void *at)
{
	note(1);
	*(u8 *)at = value;
}

void iowrite32(u32 value, void *at)
{
	note(4);
	memcpy(at, &value, sizeof(value));
}

/* Each register is written and read; nothing else is. */
static void check(u8 width, u8 shift)
{
	struct cks_uart_regs regs = { .base = m.memory, .shift = shift, .width = width };
	struct cks_uart_platform_data pd = { 0 };

	memset(&m, 0, sizeof(m));
	cks_uart_use_regs(&pd, &regs);
	assert_null(pd.update);
	for (unsigned int reg = 0; reg < REGISTERS; reg++) {
		pd.serial_out(pd.ctx, reg, (u8)(0xf0 + reg));
		assert_int_equal(m.width, width);
	}
	for (unsigned int reg = 0; reg < REGISTERS; reg++) {
		assert_int_equal(pd.serial_in(pd.ctx, reg), 0xf0 + reg);
		assert_int_equal(m.width, width);
		assert_int_equal(m.memory[reg << shift], 0xf0 + reg);
	}
	assert_int_equal(m.accesses, 2 * REGISTERS);
	for (unsigned int i = 0; i < sizeof(m.memory); i++)
		if (i % (1u << shift) || i >> shift >= REGISTERS)
			assert_int_equal(m.memory[i], 0);
}

static void test_places(void **state)
{
	(void)state;
	for (u8 shift = 0; shift <= 3; shift++)
		check(1, shift);
	check(4, 2);
	check(4, 3);
}

/* Bits of a register that belongs to all UARTs of a chip. */
static void test_shared(void **state)
{
	raw_spinlock_t lock;
	struct cks_uart_regs regs = { .base = m.memory, .width = 1, .shared = &lock };
	struct cks_uart_platform_data pd = { 0 };

	(void)state;
	memset(&m, 0, sizeof(m));
	memset(&lock, 0, sizeof(lock));
	cks_uart_use_regs(&pd, &regs);
	assert_non_null(pd.update);
	m.memory[5] = 0xa5;
	m.lock = &lock;
	pd.update(pd.ctx, 5, 0x0f, 0xfa);
	assert_int_equal(m.memory[5], 0xaa);
	assert_int_equal(m.accesses, 2);
	assert_false(lock.held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_shared),
	};

	return cmocka_run_group_tests_name("uart_regs", tests, NULL, NULL);
}
