// SPDX-License-Identifier: GPL-2.0-only
/* The daemon, the station and the numbers that the cases of casd share. */
#include "scene.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_station station;
uint64_t request, disposition;
struct message message;

void start(void)
{
	const char *const options[] = {
		"--control", bed.orders, "--heads", bed.heads,
		*bed.signer ? "--profile-key" : NULL, bed.signer, NULL,
	};

	start_casd(&station, 1, options);
}

int scene_begin(void **state)
{
	(void)state;
	if (bed_setup())
		return -1;
	station_start(&station);
	start();
	station_hello(&station);
	return 0;
}

int scene_end(void **state)
{
	(void)state;
	end_casd(SIGTERM);
	station_stop(&station);
	return bed_teardown();
}

void session(const char *application, struct gp_card *card)
{
	station_request(&station, ++request, application, false);
	station_serve(&station, request, card);
	station_result(&station, request, &message);
}

void dispose(enum ck_disposition what)
{
	uint64_t result_id = ck_u(&message.f, CK_T_RESULT_ID);

	station_dispose(&station, ++disposition, request, result_id, what);
}

void assert_reject(const char *reason)
{
	char text[128];

	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_REJECT);
	snprintf(text, sizeof(text), "%.*s", (int)message.f.field[CK_T_REASON].len,
		 (const char *)message.f.field[CK_T_REASON].data);
	if (!strstr(text, reason))
		fail_msg("reason is \"%s\", not \"%s\"", text, reason);
}

int shell_status(const char *format, ...)
{
	char command[768];
	va_list ap;
	size_t n;

	n = (size_t)snprintf(command, sizeof(command), "cd %s && exec >said 2>&1; ", bed.dir);
	va_start(ap, format);
	vsnprintf(command + n, sizeof(command) - n, format, ap);
	va_end(ap);
	return system(command);
}
