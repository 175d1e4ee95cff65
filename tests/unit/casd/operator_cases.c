// SPDX-License-Identifier: GPL-2.0-only
/* The operator's orders, from casctl to the station. */
#include "cases.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"

/* casctl station, in the background; what it prints is in orders.out. */
static pid_t casctl_station(const char *const *args)
{
	const char *argv[12] = { "casctl", "station", "--socket", bed.orders };
	char out[192];
	pid_t pid;

	for (int i = 4; *args; args++)
		argv[i++] = *args;
	snprintf(out, sizeof(out), "%s/orders.out", bed.dir);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, 1);
		dup2(fd, 2);
		execv(CASCTL, (char *const *)argv);
		_exit(127);
	}
	return pid;
}

static void casctl_ends(pid_t pid, int status, const char *text)
{
	char path[192], got[512];
	size_t n;
	FILE *f;
	int s;

	assert_int_equal(waitpid(pid, &s, 0), pid);
	snprintf(path, sizeof(path), "%s/orders.out", bed.dir);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	if (!WIFEXITED(s) || WEXITSTATUS(s) != status || !strstr(got, text))
		fail_msg("status %x: \"%s\"", (unsigned int)s, got);
}

static void expect_order(enum ck_order order)
{
	assert_true(station_read(station.control, &message));
	assert_int_equal(message.f.type, CK_ORDER);
	assert_int_equal(ck_u(&message.f, CK_T_ORDER), order);
}

static void acknowledge_order(uint16_t status)
{
	struct ck_builder b;

	ck_begin(&b, CK_ORDER_ACK, message.f.number);
	ck_put_u8(&b, CK_T_ORDER, (uint8_t)ck_u(&message.f, CK_T_ORDER));
	ck_put_u16(&b, CK_T_STATUS, status);
	station_write(station.control, &b);
}

static void send_inventory(uint32_t order, uint8_t number, bool more)
{
	const uint8_t item[17] = { [7] = number, [11] = 2, [15] = 7, [16] = 3 };
	struct ck_builder b;

	ck_begin(&b, CK_INVENTORY, order);
	ck_put_u8(&b, CK_T_MORE, more);
	ck_put(&b, CK_T_INVENTORY, item, sizeof(item));
	station_write(station.control, &b);
}

static void orders_go_to_the_station(void **state)
{
	uint32_t order;
	pid_t pid;

	(void)state;
	pid = casctl_station((const char *const[]){ "hold", "--reason", "no more blanks", NULL });
	expect_order(CK_ORDER_HOLD);
	assert_int_equal(message.f.field[CK_T_REASON].len, 14);
	assert_memory_equal(message.f.field[CK_T_REASON].data, "no more blanks", 14);
	acknowledge_order(0);
	casctl_ends(pid, 0, "");

	pid = casctl_station((const char *const[]){ "stop", "--lane", "9", NULL });
	expect_order(CK_ORDER_STOP_LANE);
	assert_int_equal(ck_u(&message.f, CK_T_COUPLER), 9);
	acknowledge_order(CK_STATUS_COUPLER);
	casctl_ends(pid, 1, "no such lane");

	pid = casctl_station((const char *const[]){ "inventory", NULL });
	expect_order(CK_ORDER_INVENTORY);
	order = message.f.number;
	send_inventory(order, 4, true);
	send_inventory(order - 1, 99, false);	/* of another order, whose client has gone */
	send_inventory(order, 5, false);
	casctl_ends(pid, 0, "request=4 coupler=2 presence_gen=7 state=running\n"
			    "request=5 coupler=2 presence_gen=7 state=running\n");
}

static void wrong_orders_reach_no_station(void **state)
{
	static const char *const wrong[] = {
		"- explode\n", "-\n", "- stop\n", "- stop x\n", "- stop 99999999999\n",
		"- hold \001\n", "192.0.2.1:1 hold\n", " x\n", "\n",
	};
	char line[300], got[128];

	(void)state;
	casctl_ends(casctl_station((const char *const[]){ "stop", NULL }), 2, "which --lane");
	casctl_ends(casctl_station((const char *const[]){ "hold", "--station", "::1", NULL }), 1,
		    "no such station");
	memset(line, 'x', sizeof(line));
	for (size_t i = 0; i <= sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct sockaddr_un sun = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		const char *text = i < sizeof(wrong) / sizeof(wrong[0]) ? wrong[i] : line;
		ssize_t n;

		strcpy(sun.sun_path, bed.orders);
		assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
		n = text == line ? (ssize_t)sizeof(line) : (ssize_t)strlen(text);
		assert_int_equal(write(fd, text, (size_t)n), n);
		n = read(fd, got, sizeof(got));
		assert_true(n > 4 && !memcmp(got, "err ", 4));
		assert_true(read(fd, got, sizeof(got)) <= 0);
		close(fd);
	}
}

const struct CMUnitTest operator_cases[] = {
	cmocka_unit_test(wrong_orders_reach_no_station),
	cmocka_unit_test(orders_go_to_the_station),
	{}
};
