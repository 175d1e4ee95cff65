// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card of which each 50th character has a wrong parity bit, as on a bad contact: read over T=0
 * through cks_uart, which refuses the character so that the card repeats it; and, on the same UART,
 * through the kernel's serial driver and a plain reader, which cannot.
 */
#include <fcntl.h>
#include <linux/cks.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest/modules.h"
#include "kselftest/simcard.h"
#include "libcksnl/cksnl.h"
#include "ttyreader.h"

#define CARD_CLK	3571200
#define UART_CLK	1843200
#define WRONG		50	/* each so-manieth character */
#define TIMES	100
#define READ		20	/* bytes */
#define EACH		(1 + READ + 2)	/* characters of the card in an exchange */

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };
static const uint8_t atr[] = { 0x3b, 0x00 };
static const uint8_t command[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, READ };

static struct simcard *insert(int bench, uint32_t flags)
{
	struct cks_sim_slot slot = {
		.size = sizeof(slot), .flags = flags, .card_clk = CARD_CLK, .uart_clk = UART_CLK,
		.clk_div = 1,
	};
	struct cks_sim_fault f = {
		.type = CKS_SIM_FAULT_CARD_PARITY, .nth = WRONG, .every = WRONG,
	};
	struct simcard *card = simcard_new_in(bench, &slot, atr, sizeof(atr));

	if (card && (ioctl(simcard_fd(card), CKS_SIM_FAULT, &f) || simcard_insert(card))) {
		simcard_free(card);
		return NULL;
	}
	return card;
}

static bool is_counted(const uint8_t *buf)
{
	for (unsigned int i = 0; i < READ; i++)
		if (buf[i] != (uint8_t)i)
			return false;
	return true;
}

static bool wait_present(int fd)
{
	struct cks_state st = { .size = sizeof(st) };

	for (int i = 0; i < 1000 && !st.present; i++) {
		if (ioctl(fd, CKS_IOC_STATE, &st))
			return false;
		usleep(1000);
	}
	return st.present;
}

/* The coupler has counted what was refused: what was wrong, and no more. */
static bool is_told(unsigned int coupler, unsigned int wrong)
{
	struct cksnl_coupler c = { .has = 0 };
	struct cksnl *nl = NULL;
	char why[200] = "";
	bool ok = !cksnl_open(&nl, 1000, why, sizeof(why)) && !cksnl_coupler_get(nl, coupler, &c);

	cksnl_close(nl);
	printf("# refused %llu, repeated %llu, reported %llu, %u were wrong %s\n",
	       (unsigned long long)c.chars_refused, (unsigned long long)c.chars_repeated,
	       (unsigned long long)c.char_errors, wrong, why);
	return ok && c.chars_refused == wrong && !c.chars_repeated && !c.char_errors;
}

/* Return: exchanges that were well. */
static unsigned int by_coupler(struct simcard *card)
{
	struct cks_reset r = { .size = sizeof(r) };
	unsigned int good = 0;
	uint8_t rsp[READ + 2];
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(card));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || !wait_present(fd) || ioctl(fd, CKS_IOC_RESET, &r))
		return 0;
	for (unsigned int i = 0; i < TIMES; i++)
		if (write(fd, command, sizeof(command)) == sizeof(command) &&
		    read(fd, rsp, sizeof(rsp)) == sizeof(rsp) && is_counted(rsp))
			good++;
	/* A repeated character counts for the fault as well. */
	if (!is_told(simcard_coupler(card), (2 + EACH * TIMES) / (WRONG - 1)))
		good = 0;
	close(fd);
	return good;
}

/* The same; after one that was not, the card is reset, as often as it takes. */
static unsigned int by_tty(struct simcard *card)
{
	unsigned int good = 0, resets = 0;
	bool active = false;
	uint8_t buf[READ];
	int fd = ttyreader_open(simcard_coupler(card));

	if (fd < 0)
		return TIMES;
	for (unsigned int i = 0; i < TIMES; i++) {
		for (int k = 0; k < 5 && !active; k++, resets++)
			active = ttyreader_reset(fd, atr, sizeof(atr));
		active = active && ttyreader_read(fd, command, buf, READ) && is_counted(buf);
		good += active;
	}
	printf("# the plain reader has reset the card %u times\n", resets);
	close(fd);
	return good;
}

static bool test(const char *name, uint32_t flags, unsigned int (*play)(struct simcard *card),
		 bool all)
{
	static unsigned int number;
	int bench = simbench_open();
	struct simcard *card = bench < 0 ? NULL : insert(bench, flags);
	unsigned int good = card ? play(card) : 0;
	bool ok = card && (all ? good == TIMES : good && good < TIMES);

	printf("# %s: %u of %u exchanges\n", name, good, TIMES);
	printf("%sok %u - %s\n", ok ? "" : "not ", ++number, name);
	fflush(stdout);
	simcard_free(card);
	if (bench >= 0)
		close(bench);
	return ok;
}

int main(void)
{
	bool ok;

	if (!getenv("CKS_GUEST")) {
		fprintf(stderr, "loads kernel modules: run it in the guest, make exact\n");
		return 2;
	}
	if (modules_load(modules))
		return 1;
	printf("1..2\n");
	ok = test("cks_uart hears all that a card with parity errors says", 0, by_coupler, true);
	ok = test("a plain reader on the serial driver fails", CKS_SIM_8250, by_tty, false) && ok;
	return modules_unload(modules) || !ok;
}
