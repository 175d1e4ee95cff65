// SPDX-License-Identifier: GPL-2.0-only
/*
 * cksctl: the station's command line. One table of commands, in the manner of iw and wg.
 */
#include <stdio.h>
#include <string.h>

#include "cksctl.h"

/* A reset may last as long as the slowest ATR: 33 characters of 9600 etu each. */
#define ANSWER_MS	60000

#define ANY	1000

static const struct command commands[] = {
	{ "couplers", "", "all couplers", false, 0, 0, couplers_command },
	{ "coupler", "N | new NAME KEY VALUE... | del N|NAME",
	  "everything known of one coupler; make one of a UART, or take it away", false, 1, ANY,
	  coupler_command },
	{ "reset", "N [cold|warm]", "reset the card and show its ATR", false, 1, 2, reset_command },
	{ "set", "N KEY VALUE...", "change settings of a coupler", false, 3, ANY, set_command },
	{ "sessions", "", "requests that are not yet disposed", false, 0, 0, sessions_command },
	{ "cancel", "REQUEST [REASON]", "end a session with reject", false, 1, 2, cancel_command },
	{ "answer", "REQUEST PROMPT given|refused [-]", "answer a prompt; - reads an entry",
	  false, 3, 4, answer_command },
	{ "station", "[set KEY VALUE...]", "the station: identity, sockets, CAS", false, 0, ANY,
	  station_command },
	{ "monitor", "[COUNT]", "print events as they come", true, 0, 1, monitor_command },
	{ "atr", "HEX [strict|tolerant|emv]", "explain an ATR; needs no coupler", true, 1, 2,
	  atr_command },
	{ "apdu", "N HEX...", "reset the card and send it command APDUs", true, 2, ANY,
	  apdu_command },
	{ "trace", "N|FILE|- [SECONDS]", "what the contacts of a coupler of the bench do",
	  true, 1, 2, trace_command },
};

static void usage(FILE *out)
{
	fputs("Usage: cksctl [--json] COMMAND [ARGUMENTS]\n\n"
	      "Shows and controls the couplers and sessions of this card station.\n\n", out);
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", commands[i].name, commands[i].args);
		fprintf(out, "  %-32s %s\n", left, commands[i].help);
	}
	fputs("\n  --json    write JSON\n  --vcd     trace: write a waveform\n"
	      "  --raw     trace: write its records\n  --help    this text\n\n"
	      "N is the number of a coupler, as in /dev/cks/couplerN.\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage.\n", out);
}

static const struct command *find(const char *name)
{
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static enum status run(const struct command *c, struct context *ctx, int argc, char **argv)
{
	enum status status;
	char why[256];

	if (!c->offline && cksnl_open(&ctx->nl, ANSWER_MS, why, sizeof(why))) {
		complain("%s", why);
		return STATUS_FAILURE;
	}
	status = c->run(ctx, argc, argv);
	cksnl_close(ctx->nl);
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write the output");
		return STATUS_FAILURE;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct context ctx = { .nl = NULL };
	const struct command *c;
	int n = 0;

	/* Options may stand anywhere: no argument of a command begins with "--". */
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) && strcmp(argv[i], "-h")) {
			argv[n++] = argv[i];
			continue;
		}
		if (!strcmp(argv[i], "--json")) {
			ctx.json = true;
			continue;
		}
		if (!strcmp(argv[i], "--vcd")) {
			ctx.form = FORM_VCD;
			continue;
		}
		if (!strcmp(argv[i], "--raw")) {
			ctx.form = FORM_RAW;
			continue;
		}
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			usage(stdout);
			return STATUS_OK;
		}
		complain("unknown option %s; see --help", argv[i]);
		return STATUS_USAGE;
	}
	if (!n) {
		usage(stderr);
		return STATUS_USAGE;
	}
	c = find(argv[0]);
	if (!c) {
		complain("unknown command \"%s\"; see --help", argv[0]);
		return STATUS_USAGE;
	}
	if (ctx.form && (c->run != trace_command || ctx.json)) {
		complain("--vcd and --raw are for trace, without --json");
		return STATUS_USAGE;
	}
	if (n - 1 < c->min || n - 1 > c->max) {
		fprintf(stderr, "Usage: cksctl %s %s\n", c->name, c->args);
		return STATUS_USAGE;
	}
	return run(c, &ctx, n - 1, argv + 1);
}
