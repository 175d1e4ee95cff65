// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CAS under everything that can happen to it: real daemons with a real database serve simulated
 * stations, while daemons are killed or stopped beyond their lease, links are cut, stations vanish
 * and reboot, cards are swapped and fed again, and the disk fills. The stations know what each card
 * really holds; at the end that is compared with the ledger, by the rule of docs/handover.md.
 *
 *	chaos/sqlite_test, chaos/postgres_test [--cards=N] [--seed=N]
 *
 * Cards come in games of GAME. A failure names the seed of its game: --cards=40 --seed=N plays it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "casctl/casctl.h"
#include "games.h"
#include "database.h"
#include "identity.h"
#include "libgp/aes.h"
#include "libgp/hex.h"
#include "libledger/ledger.h"
#include "libledger/statement.h"
#include "libtoken/token.h"
#include "sim_station.h"
#include "../libtoken/softhsm_token.h"

#define GAME		40	/* cards, besides those that come after a database is put back */
#define AFTER		8
#define STATIONS	3
#define DAEMONS		4
#define KVN		0x31
#define NOTICED		5000	/* ms, until something wants to be written */
#define PATIENCE	120000	/* ms, for all to come to rest */

#define CARDS		500

static const uint8_t kmc[16] = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
				 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f };
static const uint8_t transport[16] = { 0x11, 0x22, 0x33 };

static unsigned int cards = CARDS, first_seed = 1;
static char dir[64], db[128], pin_file[96], log_file[96];
static struct sim_station stations[STATIONS];
static struct sim_card card[GAME + AFTER];
static struct sim_world w;
static pid_t daemon_pid[DAEMONS];	/* the first ones are those that are to work */
static struct token *token;
static uint32_t game_seed;
static bool copied;
static uint64_t full_until, stopped_until, lease_before;
static int stopped;	/* daemon, where there are twins */
static struct {
	unsigned int good, doubt, kills, stops, cuts, reboots, takes, full, restored, noticed, held;
	unsigned int crashes, drops;
} total;

/* ------------------------------------------------------------------------------ surroundings */

static int make_token(void)
{
	token = softhsm_token();
	if (!token)
		return -1;
	return token_import(token, "kmc", TOKEN_MASTER, kmc, 16) ||
	       token_import(token, "transport", TOKEN_TRANSPORT, transport, 16);
}

static void record_key(unsigned int i, unsigned int j, uint8_t key[16])
{
	memset(key, (int)(0xa0 + j), 16);
	key[0] = (uint8_t)i;
}

static void record_iccid(unsigned int i, char iccid[24])
{
	unsigned int sum = 0;

	snprintf(iccid, 24, "894900000000000%03u", i);
	for (unsigned int j = 0; j < 18; j++) {
		unsigned int d = (unsigned int)(iccid[17 - j] - '0') * (j % 2 ? 1 : 2);

		sum += d / 10 + d % 10;
	}
	iccid[18] = (char)('0' + (10 - sum % 10) % 10);
	iccid[19] = '\0';
}

static void make_order(void)
{
	/* Records of spoiled cards are used again in every other game: the dangerous way. */
	struct order_import how = {
		.order = "order", .free_spoiled = game_seed % 2, .test = true,
	};
	struct order_report report;
	char path[128], error[192];
	struct orderkey key;
	struct ledger *l;
	FILE *f;

	if (orderkey_make(&key, token, "none"))
		fail_msg("%s", token_error(token));
	how.seal = &key.seal;
	snprintf(path, sizeof(path), "%s/order.csv", dir);
	f = fopen(path, "w+");
	assert_non_null(f);
	fprintf(f, "iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n");
	for (unsigned int i = 0; i < GAME + AFTER; i++) {
		uint8_t key[16], wrapped[24];
		char iccid[24], hex[64];

		record_iccid(i, iccid);
		fprintf(f, "%s,262011234567%03u,5907,87654321,%02X", iccid, i, KVN);
		for (unsigned int j = 0; j < 3; j++) {
			record_key(i, j, key);
			gp_aes_wrap(transport, key, wrapped);
			fprintf(f, ",%s", hex_encode(wrapped, 24, hex));
		}
		fprintf(f, ",010103AABBCC\n");
	}
	rewind(f);
	l = ledger_open(db, false, error, sizeof(error));
	assert_non_null(l);
	if (ledger_import(l, f, &how, &report) != LEDGER_OK)
		fail_msg("import: %s", report.problems[0].text);
	ledger_close(l);
	fclose(f);
}

static void make_cards(void)
{
	struct aes_key master = { .len = 16 };
	struct identity id;

	memcpy(master.bytes, kmc, 16);
	memset(card, 0, sizeof(card));
	for (unsigned int i = 0; i < GAME + AFTER; i++) {
		identity_make(&id, game_seed * 1000 + i);
		assert_true(gp_card_init(&card[i].gp, &id, &master, 1));
	}
}

/*
 * SoftHSM writes the token anew at each login, and a process that is killed or out of space then
 * has lost it. So each process has a copy of its own: the tokens are not what is tested here.
 */
static void own_token(void)
{
	static unsigned int copies;
	char command[320], conf[128];
	FILE *f;

	copies++;
	snprintf(command, sizeof(command), "cp -r %s/tokens %s/tokens%u", softhsm_dir, dir, copies);
	assert_int_equal(system(command), 0);
	snprintf(conf, sizeof(conf), "%s/softhsm2-%u.conf", dir, copies);
	f = fopen(conf, "w");
	assert_non_null(f);
	fprintf(f, "directories.tokendir = %s/tokens%u\nobjectstore.backend = file\n"
		"log.level = ERROR\nslots.removable = false\n", dir, copies);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(setenv("SOFTHSM2_CONF", conf, 1), 0);
}

static void remove_tokens(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s/tokens* %s/softhsm2-*", dir, dir);
	assert_int_equal(system(command), 0);
}

static uint64_t lease(void)
{
	uint64_t max = 0;

	for (unsigned int i = 0; i < w.stations; i++)
		if (stations[i].lease > max)
			max = stations[i].lease;
	return max;
}

static void start_daemon(int i)
{
	char address[STATIONS][32], name[8];
	char *argv[14 + 2 * STATIONS] = {
		"casd", "--db", db, "--witness", (char *)database_witness(), "--pin-file", pin_file,
		"--profiles", CKS_TOP "/profiles", "--name", name, "--lease",
		(char *)chaos_database.lease,
	};
	int n = 13;

	snprintf(name, sizeof(name), "cas%d", i);
	for (unsigned int j = 0; j < w.stations; j++) {
		snprintf(address[j], sizeof(address[j]), "127.0.0.1:%u", stations[j].port);
		argv[n++] = "--station";
		argv[n++] = address[j];
	}
	argv[n] = NULL;
	lease_before = lease();
	own_token();
	daemon_pid[i] = fork();
	assert_true(daemon_pid[i] >= 0);
	if (!daemon_pid[i]) {
		int fd = open(log_file, O_WRONLY | O_CREAT | O_APPEND, 0600);

		dup2(fd, 2);
		execv(CASD, argv);
		_exit(127);
	}
}

static void kill_daemon(int i, int sig)
{
	if (daemon_pid[i] <= 0)
		return;
	kill(daemon_pid[i], sig);
	kill(daemon_pid[i], SIGCONT);
	waitpid(daemon_pid[i], NULL, 0);
	daemon_pid[i] = 0;
}

/* One that ended by itself, as when the database was locked at its start, is started anew. */
static void mind_daemons(void)
{
	for (int i = 0; i < chaos_database.twins; i++) {
		if (daemon_pid[i] > 0 && waitpid(daemon_pid[i], NULL, WNOHANG) == daemon_pid[i]) {
			daemon_pid[i] = 0;
			start_daemon(i);
		}
	}
}

/* ------------------------------------------------------------------------------------- faults */

/* The other one takes its stations over, and this one hands nothing out when it goes on. */
static void stop_twin(void)
{
	if (stopped_until)
		return;
	stopped = (int)sim_draw(&w, (uint32_t)chaos_database.twins);
	kill(daemon_pid[stopped], SIGSTOP);
	stopped_until = sim_now() + chaos_database.lease_ms + sim_draw(&w, 500);
	total.stops++;
}

/* Another process of its name takes over. */
static void stop_single(void)
{
	int i;

	for (i = 1; i < DAEMONS && daemon_pid[i]; i++)
		;
	if (i == DAEMONS)
		return;
	kill(daemon_pid[0], SIGSTOP);
	daemon_pid[i] = daemon_pid[0];
	stopped_until = sim_now() + 300 + sim_draw(&w, 700);
	start_daemon(0);
	total.stops++;
}

/* Those that were stopped go on, find out that others work, and end some time later. */
static void go_on_replaced(void)
{
	for (int i = 1; i < DAEMONS; i++) {
		if (daemon_pid[i] <= 0)
			continue;
		if (sim_draw(&w, 2))
			kill(daemon_pid[i], SIGCONT);
		else
			kill_daemon(i, SIGKILL);
	}
	stopped_until = sim_now() + 300;
}

static void mind_stopped(void)
{
	if (!stopped_until || sim_now() < stopped_until)
		return;
	if (chaos_database.twins == 1) {
		go_on_replaced();
		return;
	}
	kill(daemon_pid[stopped], SIGCONT);
	stopped_until = 0;
}

static void fill_disk(void)
{
	/* Not at its start, when SoftHSM writes the token. */
	if (full_until || lease() == lease_before)
		return;
	database_fill(daemon_pid[0]);
	full_until = sim_now() + 100 + sim_draw(&w, 400);
	total.full++;
}

static void free_disk(void)
{
	assert_true(database_free(daemon_pid[0]));
	full_until = 0;
}

static void hurt_database(void)
{
	uint32_t how = chaos_database.crashes ? sim_draw(&w, 6) : 0;

	/* One of each at least. */
	if (!how || !total.full) {
		fill_disk();
	} else if (!full_until && ((how == 1 && total.drops) || !total.crashes)) {
		assert_true(database_crash());
		total.crashes++;
	} else {
		database_drop();
		total.drops++;
	}
}

static void fault(void)
{
	struct sim_station *st = &stations[sim_draw(&w, w.stations)];
	int i;

	switch (sim_draw(&w, 18)) {
	case 0:
	case 1:
		i = (int)sim_draw(&w, (uint32_t)chaos_database.twins);
		kill_daemon(i, SIGKILL);
		start_daemon(i);
		total.kills++;
		break;
	case 2:
		if (chaos_database.twins > 1)
			stop_twin();
		else
			stop_single();
		break;
	case 3:
	case 4:
		sim_cut_control(st);
		total.cuts++;
		break;
	case 5:
		sim_cut_control(st);
		st->gone_until = sim_now() + sim_draw(&w, 500);
		total.cuts++;
		break;
	case 6:
		sim_reboot(st);
		total.reboots++;
		break;
	case 7:
	case 8:
	case 9:
		st->deaf_until = sim_now() + sim_draw(&w, 400);
		break;
	case 10:
	case 11:
		sim_take_out(st, &st->lane[sim_draw(&w, SIM_LANES)]);
		total.takes++;
		break;
	case 12:
	case 13:
		hurt_database();
		break;
	default:
		if (w.good > GAME / 8 && !full_until)
			copied |= database_copy();
	}
}

/* ------------------------------------------------------------------------------------- oracle */

/* The record that the card really holds, -1 for none: its keys and its ICCID. */
static int holds(struct sim_card *c)
{
	struct keyset *set = keyring_find(&c->gp.keys, KVN);
	const struct dgi *d = datastore_find(&c->gp.store, 0x9f01);
	char iccid[24], hex[32];
	uint8_t key[16];
	int i;

	if (!set || !d || d->len != 10)
		return -1;
	i = set->keys[KEY_ENC].bytes[0];
	for (unsigned int j = 0; j < 3; j++) {
		record_key((unsigned int)i, j, key);
		if (memcmp(set->keys[j].bytes, key, 16))
			return -1;
	}
	record_iccid((unsigned int)i, iccid);
	hex_encode(d->value, 10, hex);
	return memcmp(hex, iccid, 19) ? -1 : i;
}

static int64_t number(struct ledger *l, const char *sql, int64_t id)
{
	struct statement *s = db_prepare(l, sql, strchr(sql, '?') ? "i" : "", id);
	bool failed;
	int64_t v;

	assert_non_null(s);
	assert_true(db_next(l, s, &failed));
	v = db_number(s, 0);
	db_finalize(s);
	return v;
}

#define DEMAND(cond, ...)							\
	do {									\
		if (!(cond))							\
			fail_msg("game %u: " __VA_ARGS__);			\
	} while (0)

/* A record is on two good cards, or a good card has none: no database can make that right. */
static void check_cards(int on[GAME + AFTER])
{
	memset(on, -1, sizeof(int) * (GAME + AFTER));
	for (int i = 0; i < GAME + AFTER; i++) {
		int r;

		if (card[i].place != SIM_GOOD_BIN)
			continue;
		r = holds(&card[i]);
		DEMAND(r >= 0 && r < GAME + AFTER, "good card %d has no record", game_seed, i);
		DEMAND(on[r] < 0, "record %d is on good cards %d and %d", game_seed, r, on[r], i);
		on[r] = i;
	}
}

static void check_ledger(void)
{
	int64_t good = 0, delivered = 0;
	int on[GAME + AFTER];
	char error[192], head[65];
	struct ledger *l;
	struct ledger_chains chains;
	uint64_t entries;

	check_cards(on);
	l = ledger_open(db, true, error, sizeof(error));
	assert_non_null(l);
	DEMAND(ledger_chains(l, &chains) == LEDGER_OK, "%s", game_seed, ledger_error(l));
	for (unsigned int i = 0; i < chains.count; i++)
		DEMAND(ledger_verify(l, chains.name[i], &entries, head) == LEDGER_OK, "%s",
		       game_seed, ledger_error(l));
	for (int i = 0; i < GAME + AFTER; i++) {
		bool is = number(l, "SELECT state = 'DELIVERED' FROM record WHERE id = ?", i + 1);

		delivered += is;
		DEMAND(!is || on[i] >= 0, "record %d is DELIVERED, and on no good card",
		       game_seed, i);
		DEMAND(on[i] < 0 || is ||
		       number(l, "SELECT state = 'DOUBT' FROM record WHERE id = ?", i + 1),
		       "good card %d has record %d, which is neither DELIVERED nor in doubt",
		       game_seed, on[i], i);
	}
	for (unsigned int s = 0; s < w.stations; s++)
		for (uint64_t n = 0; n < stations[s].written; n++)
			good += stations[s].journal[n].what == CK_DISP_GOOD;
	DEMAND(good == delivered, "%d good dispositions, %d records DELIVERED", game_seed,
	       (int)good, (int)delivered);
	DEMAND(!number(l, "SELECT count(*) FROM record WHERE state = 'ISSUED'", 0),
	       "a record is lost: ISSUED, and no disposition will come", game_seed);
	DEMAND(!number(l,
		       "SELECT count(*) FROM record r JOIN request q ON q.id = r.request"
		       " WHERE r.state = 'INTENT' AND (coalesce(q.verdict, 0) <> 3 OR coalesce(q.disposition, 0) <> 3)",
		       0), "a record is lost: INTENT, and not for a card to be tried again",
	       game_seed);
	total.good += w.good;
	total.doubt += (unsigned int)number(l, "SELECT count(*) FROM record WHERE state = 'DOUBT'",
					    0);
	ledger_close(l);
}

/* --------------------------------------------------------------------------------------- games */

static bool tray_is_empty(void)
{
	for (unsigned int i = 0; i < w.cards; i++)
		if (!card[i].feeds)
			return false;
	return true;
}

static void settle(void)
{
	uint64_t limit = sim_now() + PATIENCE;

	w.feeding = false;
	w.silent = 0;
	w.cut = 0;
	free_disk();
	for (int i = 0; i < DAEMONS; i++) {
		if (i >= chaos_database.twins)
			kill_daemon(i, SIGKILL);
		else if (daemon_pid[i] > 0)
			kill(daemon_pid[i], SIGCONT);
	}
	while (!sim_settled(&w)) {
		sim_run(&w, 20);
		mind_daemons();
		DEMAND(!w.wrong, "%s", game_seed, w.wrong);
		DEMAND(sim_now() < limit, "no rest: see %s", game_seed, log_file);
	}
}

/* A daemon that is started again and again comes to a lease that the stations take. */
static void raise_lease(void)
{
	uint64_t epoch = 0;
	char error[192];
	struct ledger *l = ledger_open(db, false, error, sizeof(error));

	assert_non_null(l);
	while (epoch < lease())
		assert_int_equal(ledger_start(l, 30, &epoch), LEDGER_OK);
	ledger_close(l);
}

/* The others have noticed what is wrong. */
static bool one_works(void)
{
	bool works = false;

	for (int i = 0; i < chaos_database.twins; i++) {
		if (daemon_pid[i] > 0 && waitpid(daemon_pid[i], NULL, WNOHANG) == daemon_pid[i]) {
			daemon_pid[i] = 0;
			total.noticed++;
		}
		works |= daemon_pid[i] > 0;
	}
	return works;
}

/* The old copy gives out what is on cards, unless it is noticed. Nothing else is asked of it. */
static void put_copy_back(void)
{
	unsigned int before = w.good;
	int on[GAME + AFTER];
	uint64_t limit;

	free_disk();
	for (int i = 0; i < DAEMONS; i++)
		kill_daemon(i, SIGKILL);
	assert_true(database_put_back());
	/* Without its witness: a single station notices all the same. */
	if (w.stations == 1)
		database_forget();
	raise_lease();
	w.cards = GAME + AFTER;
	w.feeding = true;
	for (int i = 0; i < chaos_database.twins; i++)
		start_daemon(i);
	limit = sim_now() + 1500 + chaos_database.lease_ms;
	while (sim_now() < limit && !tray_is_empty() && one_works()) {
		sim_run(&w, 20);
		check_cards(on);
	}
	total.restored++;
	total.held += w.good == before;
}

static void play(unsigned int n)
{
	uint64_t next;

	memset(&w, 0, sizeof(w));
	w.station = stations;
	w.stations = game_seed % 3 ? STATIONS : 1;
	w.card = card;
	w.cards = n;
	w.chance = game_seed * 2654435761u;
	w.feeding = true;
	w.silent = 4;
	w.cut = 8;
	w.gate = 60;
	w.taken = 20;
	w.refed = 300;
	copied = false;
	full_until = 0;
	stopped_until = 0;
	database_remove();
	unlink(log_file);
	make_cards();
	make_order();
	assert_true(sim_begin(&w));
	for (int i = 0; i < chaos_database.twins; i++)
		start_daemon(i);
	next = sim_now() + 30;
	while (!tray_is_empty()) {
		sim_run(&w, 20);
		mind_daemons();
		mind_stopped();
		/* The first time until it was noticed, if that is known. */
		if (full_until && sim_now() >= full_until +
		    (database_had_no_space() ? 0 : NOTICED))
			free_disk();
		if (sim_now() >= next) {
			fault();
			next = sim_now() + 5 + sim_draw(&w, chaos_database.between);
		}
		DEMAND(!w.wrong, "%s", game_seed, w.wrong);
	}
	/* In the middle of it all, or when all is done. */
	if (!copied || sim_draw(&w, 2)) {
		settle();
		check_ledger();
	}
	if (copied)
		put_copy_back();
	for (int i = 0; i < chaos_database.twins; i++)
		kill_daemon(i, SIGKILL);
	remove_tokens();
	sim_end(&w);
}

static void rule_holds(void **state)
{
	unsigned int left = cards;

	(void)state;
	for (game_seed = first_seed; left; game_seed++) {
		unsigned int n = left < GAME ? left : GAME;

		play(n);
		left -= n;
	}
	print_message("%u cards: %u good, %u in doubt; %u kills, %u stops, %u cuts, %u reboots\n",
		      cards, total.good, total.doubt, total.kills, total.stops, total.cuts,
		      total.reboots);
	print_message("%u taken out, %u times no space; %u old copies, %u refused, %u idle\n",
		      total.takes, total.full, total.restored, total.noticed, total.held);
	print_message("%u times the server was killed, %u times connections were dropped\n",
		      total.crashes, total.drops);
	/* The games have been where it hurts, and cards were made all the same. */
	if (cards < 200)
		return;
	assert_true(total.good > cards / 10);
	assert_true(total.doubt && total.kills && total.stops && total.cuts && total.reboots);
	assert_true(total.takes && total.full && total.restored && database_had_no_space());
	if (chaos_database.crashes)
		assert_true(total.crashes && total.drops);
}

static int setup(void **state)
{
	FILE *f;

	(void)state;
	/* In memory where there is some: nothing here is about the loss of power. */
	strcpy(dir, access("/dev/shm", W_OK) ? "/tmp/chaos-test-XXXXXX" :
						"/dev/shm/chaos-test-XXXXXX");
	if (!mkdtemp(dir) || make_token() || !database_begin(dir, db, sizeof(db)))
		return -1;
	snprintf(pin_file, sizeof(pin_file), "%s/pin", dir);
	snprintf(log_file, sizeof(log_file), "%s/casd.log", dir);
	f = fopen(pin_file, "w");
	if (!f || fputs("123456\n", f) < 0 || fclose(f))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	for (int i = 0; i < DAEMONS; i++)
		kill_daemon(i, SIGKILL);
	softhsm_remove();
	database_end();
	if (getenv("CHAOS_KEEP"))
		return 0;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int chaos_run(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_holds),
	};

	for (int i = 1; i < argc; i++) {
		if (sscanf(argv[i], "--cards=%u", &cards) != 1 &&
		    sscanf(argv[i], "--seed=%u", &first_seed) != 1) {
			fprintf(stderr, "usage: chaos/sqlite_test [--cards=N] [--seed=N]\n");
			return 2;
		}
	}
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup, teardown);
}
