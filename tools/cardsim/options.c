// SPDX-License-Identifier: GPL-2.0-only
/* The command line of cardsim. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"
#include "machine.h"
#include "options.h"

static void usage(FILE *to)
{
	fputs("Usage: cardsim [OPTIONS] --socket PATH\n"
	      "\n"
	      "Simulated GlobalPlatform cards and the transport unit on the virtual bench.\n"
	      "\n"
	      "  --socket PATH      Unix socket of the transport unit (README.md has its protocol)\n"
	      "  --ready-file PATH  written when all is ready: a line \"LANE COUPLER\" for each slot\n"
	      "  --trace PATH       log of commands and status words, appended; no data\n"
	      "\n"
	      "Bench:\n"
	      "  --slots N          slots and lanes, 1...256 (default 4)\n"
	      "  --card-clk HZ      oscillator of each coupler (default 3579545)\n"
	      "  --uart-clk HZ      base clock of each 16550 (default 1843200)\n"
	      "  --clk-div N        both clocks divided by N (default 1)\n"
	      "  --device PATH      bench device (default /dev/cks_sim)\n"
	      "  --realtime         SCHED_FIFO and locked memory\n"
	      "\n"
	      "Cards:\n"
	      "  --cards N          blank cards in the feeder (default 40)\n"
	      "  --stock FILE       describe each card instead of --cards\n"
	      "  --serial N         serial number of the first card (default 1)\n"
	      "  --master HEX       master key (test key) that card keys are derived from, KDF3\n"
	      "                     (default 404142434445464748494A4B4C4D4E4F)\n"
	      "  --kvn HEX          key version of the initial keys, 01...7F or FF (default 01)\n"
	      "  --defect CARD:KIND make a card faulty; may be repeated\n"
	      "  --defects FILE     the same from lines of a file\n"
	      "\n"
	      "KIND: ", to);
	defect_list(to);
	fputs("\n", to);
}

enum {
	OPT_SOCKET = 256,
	OPT_READY,
	OPT_TRACE,
	OPT_SLOTS,
	OPT_CARD_CLK,
	OPT_UART_CLK,
	OPT_CLK_DIV,
	OPT_DEVICE,
	OPT_REALTIME,
	OPT_CARDS,
	OPT_STOCK,
	OPT_SERIAL,
	OPT_MASTER,
	OPT_KVN,
	OPT_DEFECT,
	OPT_DEFECTS,
};

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "ready-file", required_argument, NULL, OPT_READY },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "card-clk", required_argument, NULL, OPT_CARD_CLK },
	{ "uart-clk", required_argument, NULL, OPT_UART_CLK },
	{ "clk-div", required_argument, NULL, OPT_CLK_DIV },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "realtime", no_argument, NULL, OPT_REALTIME },
	{ "cards", required_argument, NULL, OPT_CARDS },
	{ "stock", required_argument, NULL, OPT_STOCK },
	{ "serial", required_argument, NULL, OPT_SERIAL },
	{ "master", required_argument, NULL, OPT_MASTER },
	{ "kvn", required_argument, NULL, OPT_KVN },
	{ "defect", required_argument, NULL, OPT_DEFECT },
	{ "defects", required_argument, NULL, OPT_DEFECTS },
	{ NULL, 0, NULL, 0 },
};

static bool number(const char *text, unsigned long min, unsigned long max, uint32_t *ret)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	n = strtoul(text, &end, 10);
	if (*end || n < min || n > max)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool master(struct options *o, const char *text)
{
	ssize_t n = hex_decode(text, o->stock.master.bytes, sizeof(o->stock.master.bytes));

	if (n != 16 && n != 24 && n != 32)
		return false;
	o->stock.master.len = (size_t)n;
	return true;
}

static bool kvn(struct options *o, const char *text)
{
	if (hex_decode(text, &o->stock.kvn, 1) != 1)
		return false;
	return (o->stock.kvn >= 0x01 && o->stock.kvn <= 0x7f) || o->stock.kvn == 0xff;
}

static bool defect(struct options *o, const char *text)
{
	if (o->defects == DEFECTS_MAX ||
	    !defect_parse(text, &o->defect[o->defects].card, &o->defect[o->defects].defect))
		return false;
	o->defects++;
	return true;
}

static bool take(struct options *o, int opt, const char *arg)
{
	switch (opt) {
	case OPT_SOCKET:
		o->socket = arg;
		return true;
	case OPT_READY:
		o->ready_file = arg;
		return true;
	case OPT_TRACE:
		o->trace = arg;
		return true;
	case OPT_SLOTS:
		return number(arg, 1, MACHINE_MAX_LANES, &o->bench.slots);
	case OPT_CARD_CLK:
		return number(arg, 1, 100000000, &o->bench.card_clk);
	case OPT_UART_CLK:
		return number(arg, 1, 1000000000, &o->bench.uart_clk);
	case OPT_CLK_DIV:
		return number(arg, 1, 1000000, &o->bench.clk_div);
	case OPT_DEVICE:
		o->bench.device = arg;
		return true;
	case OPT_REALTIME:
		o->realtime = true;
		return true;
	case OPT_CARDS:
		return number(arg, 0, STOCK_MAX, &o->stock.cards);
	case OPT_STOCK:
		o->stock.file = arg;
		return true;
	case OPT_SERIAL:
		return number(arg, 0, UINT32_MAX - STOCK_MAX, &o->stock.serial);
	case OPT_MASTER:
		return master(o, arg);
	case OPT_KVN:
		return kvn(o, arg);
	case OPT_DEFECT:
		return defect(o, arg);
	case OPT_DEFECTS:
		o->defects_file = arg;
		return true;
	default:
		return false;
	}
}

enum options_result options_parse(struct options *o, int argc, char **argv)
{
	int opt, index;

	*o = (struct options){
		.bench = {
			.device = "/dev/cks_sim",
			.slots = 4,
			.card_clk = 3579545,
			.uart_clk = 1843200,
			.clk_div = 1,
		},
		.stock = { .cards = 40, .kvn = 0x01, .serial = 1 },
	};
	master(o, "404142434445464748494A4B4C4D4E4F");
	while ((opt = getopt_long(argc, argv, "h", options, &index)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return OPTIONS_DONE;
		}
		if (opt == '?') {
			fputs("Try cardsim --help.\n", stderr);
			return OPTIONS_WRONG;
		}
		if (!take(o, opt, optarg)) {
			/* the master key is a key, if only for tests: it is not repeated */
			fprintf(stderr, "cardsim: --%s cannot be \"%s\"; see cardsim --help\n",
				options[index].name, opt == OPT_MASTER ? "..." : optarg);
			return OPTIONS_WRONG;
		}
	}
	if (optind != argc || !o->socket) {
		fprintf(stderr, "cardsim: %s; see cardsim --help\n",
			o->socket ? "no arguments are taken" : "--socket is needed");
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}
