// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command monitor: prints events as they come, one line each, until a signal or, with a
 * number, until so many have come.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cksctl.h"

struct monitor {
	struct context *ctx;
	unsigned long left;	/* 0: no limit */
	bool over;
	bool failed;
};

static void print_event(const struct cksnl_event *event, void *arg)
{
	struct monitor *m = arg;

	if (m->over)
		return;
	if (m->ctx->json) {
		cJSON *json = object_to_json(event->set, &event->coupler);

		cJSON_AddStringToObject(json, "event", cksnl_event_name(event->cmd));
		m->failed = !print_json(json, false);
	} else {
		char value[2 * CKSNL_INFO_MAX + 1];
		uint64_t has = event->coupler.has;

		printf("%s", cksnl_event_name(event->cmd));
		for (unsigned int i = 0; i < event->set->nfields; i++) {
			const struct cksnl_field *f = &event->set->fields[i];

			if (!(has & CKSNL_HAS(f->attr)))
				continue;
			format_field(f, &event->coupler, value, sizeof(value));
			printf(" %s=%s", f->name, value);
		}
		putchar('\n');
		m->failed = fflush(stdout);
	}
	m->over = m->failed || (m->left && !--m->left);
}

enum status monitor_command(struct context *ctx, int argc, char **argv)
{
	struct monitor m = { .ctx = ctx };
	struct cksnl_events *events;
	struct pollfd fd = { .events = POLLIN };
	int err;

	if (argc) {
		char *end;

		m.left = strtoul(argv[0], &end, 10);
		if (end == argv[0] || *end || !m.left) {
			complain("\"%s\" is not a number of events", argv[0]);
			return STATUS_USAGE;
		}
	}
	err = cksnl_events_open(&events, CKSNL_GROUP_ALL);
	if (err) {
		complain("cannot subscribe to events: %s", strerror(-err));
		return STATUS_FAILURE;
	}
	fd.fd = cksnl_events_fd(events);
	while (!m.over) {
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			break;
		err = cksnl_events_read(events, print_event, &m);
		if (err == -ENOBUFS)
			complain("events were lost: this program was too slow");
		else if (err)
			break;
	}
	cksnl_events_close(events);
	if (err && err != -ENOBUFS) {
		complain("cannot read events: %s", strerror(-err));
		return STATUS_FAILURE;
	}
	return m.failed ? STATUS_FAILURE : STATUS_OK;
}
