// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card of which each 50th character has a wrong parity bit, as on a bad contact, and that hears
 * each 50th so: read and personalized over T=0 through cks_uart, which refuses the character so
 * that the card repeats it, and repeats what the card refuses; and, on the same UART, through the
 * kernel's serial driver and a plain reader, which can do neither.
 */
#include <fcntl.h>
#include <linux/cks.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gpcards.h"
#include "kselftest/lib/modules.h"
#include "kselftest/lib/simcard.h"
#include "libcksnl/cksnl.h"
#include "personalize.h"
#include "ttyreader.h"

#define CARD_CLK	3571200
#define UART_CLK	1843200
#define WRONG		50	/* each so-manieth character */
#define TIMES		100
#define READ		20	/* bytes */
#define EACH		(1 + READ + 2)	/* characters of the card in an exchange */
#define CARDS		6
#define TRIES		3	/* of the plain reader, with each card */

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };
static const uint8_t atr[] = { 0x3b, 0x00 };
static const uint8_t command[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, READ };

static bool fault(struct simcard *card, __u32 type)
{
	struct cks_sim_fault f = { .type = type, .nth = WRONG, .every = WRONG };

	return !ioctl(simcard_fd(card), CKS_SIM_FAULT, &f);
}

static struct simcard *new_card(int bench, uint32_t flags)
{
	struct cks_sim_slot slot = {
		.size = sizeof(slot), .flags = flags, .card_clk = CARD_CLK, .uart_clk = UART_CLK,
		.clk_div = 1,
	};
	struct simcard *card = simcard_new_in(bench, &slot, atr, sizeof(atr));

	if (card && !fault(card, CKS_SIM_FAULT_CARD_PARITY)) {
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

/* Active, after a reset; or -1. */
static int open_coupler(struct simcard *card)
{
	struct cks_reset r = { .size = sizeof(r) };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(card));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && (!wait_present(fd) || ioctl(fd, CKS_IOC_RESET, &r))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What the coupler has counted, and what that has cost. */
static bool counts(unsigned int coupler, struct cksnl_coupler *ret_c)
{
	struct cksnl *nl = NULL;
	char why[200] = "";
	bool ok = !cksnl_open(&nl, 1000, why, sizeof(why)) &&
		  !cksnl_coupler_get(nl, coupler, ret_c);

	cksnl_close(nl);
	printf("# refused %llu, repeated %llu, reported %llu %s\n",
	       (unsigned long long)ret_c->chars_refused, (unsigned long long)ret_c->chars_repeated,
	       (unsigned long long)ret_c->char_errors, why);
	printf("# thousandths of an etu: each character sent %u, a repetition %u\n",
	       ret_c->signal_cost, ret_c->repeat_cost);
	return ok;
}

/*
 * The coupler has counted what was refused: what was wrong, and no more. The bench's card repeats a
 * character 13 etu after its leading edge.
 */
static bool is_told(unsigned int coupler, unsigned int wrong)
{
	struct cksnl_coupler c = { .has = 0 };

	return counts(coupler, &c) && c.chars_refused == wrong && !c.chars_repeated &&
	       !c.char_errors && c.signal_cost && c.signal_cost < 1200 && c.repeat_cost > 12900 &&
	       c.repeat_cost < 13100;
}

/* Return: exchanges that were well. */
static unsigned int read_by_coupler(struct simcard *card)
{
	unsigned int good = 0;
	uint8_t rsp[READ + 2];
	int fd = open_coupler(card);

	if (fd < 0)
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

static bool reset_by_tty(int fd, unsigned int *resets)
{
	for (int k = 0; k < 5; k++) {
		++*resets;
		if (ttyreader_reset(fd, atr, sizeof(atr)))
			return true;
	}
	return false;
}

/* The same; after one that was not, the card is reset, as often as it takes. */
static unsigned int read_by_tty(struct simcard *card)
{
	unsigned int good = 0, resets = 0;
	uint8_t rsp[TTYREADER_RSP_MAX];
	bool active = false;
	size_t len;
	int fd = ttyreader_open(simcard_coupler(card));

	if (fd < 0)
		return TIMES;
	for (unsigned int i = 0; i < TIMES; i++) {
		active = (active || reset_by_tty(fd, &resets)) &&
			 ttyreader_apdu(fd, command, sizeof(command), rsp, &len) &&
			 len == READ + 2 && rsp[READ] == 0x90 && is_counted(rsp);
		good += active;
	}
	printf("# the plain reader has reset the card %u times\n", resets);
	close(fd);
	return good;
}

static unsigned int reads(int bench, uint32_t flags)
{
	struct simcard *card = new_card(bench, flags);
	unsigned int good = 0;

	if (card && !simcard_insert(card))
		good = flags & CKS_SIM_8250 ? read_by_tty(card) : read_by_coupler(card);
	simcard_free(card);
	return good;
}

/* ------------------------------------------------------------------------ personalization */

static bool transmit_by_coupler(void *ctx, const uint8_t *cmd, size_t len,
				uint8_t rsp[PERSONALIZE_RSP_MAX], size_t *ret_len)
{
	const int *fd = ctx;
	ssize_t n;

	if (write(*fd, cmd, len) != (ssize_t)len)
		return false;
	n = read(*fd, rsp, PERSONALIZE_RSP_MAX);
	*ret_len = n < 0 ? 0 : (size_t)n;
	return n >= 2;
}

static bool transmit_by_tty(void *ctx, const uint8_t *cmd, size_t len,
			    uint8_t rsp[PERSONALIZE_RSP_MAX], size_t *ret_len)
{
	uint8_t all[TTYREADER_RSP_MAX];
	const int *fd = ctx;

	if (!ttyreader_apdu(*fd, cmd, len, all, ret_len) || *ret_len > PERSONALIZE_RSP_MAX)
		return false;
	memcpy(rsp, all, *ret_len);
	return true;
}

static bool told(unsigned int number, const char *why)
{
	if (why)
		printf("# card %u: %s\n", number, why);
	return !why;
}

static bool by_coupler(struct simcard *card, unsigned int number)
{
	struct personalize_io io = { .transmit = transmit_by_coupler };
	struct cksnl_coupler c = { .has = 0 };
	int fd = open_coupler(card);
	bool good;

	if (fd < 0)
		return told(number, "no reset");
	io.ctx = &fd;
	good = told(number, personalize(&io, number));
	good = counts(simcard_coupler(card), &c) && good;
	close(fd);
	return good && c.chars_refused && c.chars_repeated;
}

/* It begins again when something was wrong. */
static bool by_tty(struct simcard *card, unsigned int number)
{
	struct personalize_io io = { .transmit = transmit_by_tty };
	int fd = ttyreader_open(simcard_coupler(card));
	unsigned int resets = 0;
	bool good = false;

	if (fd < 0)
		return true;
	io.ctx = &fd;
	for (int i = 0; i < TRIES && !good; i++)
		good = reset_by_tty(fd, &resets) && told(number, personalize(&io, number));
	close(fd);
	return good;
}

static bool one_card(int bench, uint32_t flags, unsigned int number)
{
	struct simcard *card = new_card(bench, flags);
	struct simcard_os os;
	struct gp_card *gp = gpcard_new(personalize_master, PERSONALIZE_KVN, number, &os);
	bool good = false;

	if (card && gp && fault(card, CKS_SIM_FAULT_UART_PARITY)) {
		simcard_set_os(card, &os);
		if (!simcard_insert(card))
			good = flags & CKS_SIM_8250 ? by_tty(card, number) :
						      by_coupler(card, number);
	}
	simcard_free(card);
	gpcard_free(gp);
	return good;
}

static unsigned int cards(int bench, uint32_t flags)
{
	unsigned int good = 0;

	for (unsigned int i = 1; i <= CARDS; i++)
		good += one_card(bench, flags, i);
	return good;
}

/* ------------------------------------------------------------------------------------ all */

static bool result(bool ok, const char *name, const char *what, unsigned int good,
		   unsigned int of)
{
	static unsigned int number;

	printf("# %s: %u of %u %s\n", name, good, of, what);
	printf("%sok %u - %s\n", ok ? "" : "not ", ++number, name);
	fflush(stdout);
	return ok;
}

static bool test(int bench)
{
	unsigned int n = reads(bench, 0);
	bool ok = result(n == TIMES, "cks_uart hears all that a card with parity errors says",
			 "exchanges", n, TIMES);

	n = reads(bench, CKS_SIM_8250);
	ok = result(n && n < TIMES, "a plain reader on the serial driver does not", "exchanges", n,
		    TIMES) && ok;
	n = cards(bench, 0);
	ok = result(n == CARDS, "cks_uart personalizes such cards", "cards", n, CARDS) && ok;
	n = cards(bench, CKS_SIM_8250);
	return result(n < CARDS, "a plain reader on the serial driver fails", "cards", n, CARDS) &&
	       ok;
}

int main(void)
{
	int bench;
	bool ok;

	if (!getenv("CKS_GUEST")) {
		fprintf(stderr, "loads kernel modules: run it in the guest, make exact\n");
		return 2;
	}
	if (modules_load(modules))
		return 1;
	printf("1..4\n");
	bench = simbench_open();
	ok = bench >= 0 && test(bench);
	if (bench >= 0)
		close(bench);
	return modules_unload(modules) || !ok;
}
