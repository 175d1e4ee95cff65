// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stations and network namespaces: each namespace can have a station of its own, and each coupler
 * belongs to one of them, at first to that of the initial namespace, home. A station that nobody
 * has set does not exist, but home's does. A namespace that ends takes its station along: sockets
 * are closed, sessions end, and its couplers come home. Whose is whose the core knows, by namespace
 * (kernel/core/netns.c).
 *
 * Contexts: process context. stations_lock serialises the coming and going of stations, and is
 * taken before any lock of a station. A namespace whose netlink socket, descriptor or reference the
 * caller has does not end meanwhile, so its station stays.
 */
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "router.h"

struct cks_namespace {
	struct cks_station *station;
};

static unsigned int namespace_id __read_mostly;
static DEFINE_MUTEX(stations_lock);
static struct cks_station *home;

static struct cks_namespace *namespace_of(const struct net *net)
{
	return net_generic(net, namespace_id);
}

struct cks_station *cks_station_of(const struct net *net)
{
	return READ_ONCE(namespace_of(net)->station);
}

struct cks_station *cks_station_make(struct net *net)
{
	struct cks_namespace *ns = namespace_of(net);
	struct cks_station *st;

	mutex_lock(&stations_lock);
	st = ns->station;
	if (!st) {
		st = cks_station_new(net);
		if (!IS_ERR(st))
			WRITE_ONCE(ns->station, st);
	}
	mutex_unlock(&stations_lock);
	return st;
}

int cks_lane_give(struct cks_station *from, u32 index, int fd, struct netlink_ext_ack *extack)
{
	struct net *net = get_net_ns_by_fd(fd);
	struct cks_station *to;
	int err;

	if (IS_ERR(net)) {
		NL_SET_ERR_MSG(extack, "netns-fd is no network namespace");
		return PTR_ERR(net);
	}
	to = cks_station_make(net);
	err = PTR_ERR_OR_ZERO(to);
	if (!err)
		err = cks_station_let_go(from, index, extack);
	if (!err) {
		err = cks_net_give(index, net);
		cks_station_let_go_end(from, index);
		cks_station_look(to);
	}
	put_net(net);
	return err;
}

static void __net_exit namespace_exit(struct net *net)
{
	struct cks_namespace *ns = namespace_of(net);
	struct cks_station *st = ns->station;

	if (!st)
		return;
	mutex_lock(&stations_lock);
	if (home == st)
		home = NULL;
	WRITE_ONCE(ns->station, NULL);
	cks_station_free(st);
	cks_net_forget(net);
	if (home)
		cks_station_look(home);
	mutex_unlock(&stations_lock);
}

/* A device's operations: the sockets are closed while the namespace's interfaces are still up. */
static struct pernet_operations namespace_ops = {
	.exit = namespace_exit,
	.id = &namespace_id,
	.size = sizeof(struct cks_namespace),
};

int cks_namespaces_init(void)
{
	struct cks_station *st;
	int err;

	err = register_pernet_device(&namespace_ops);
	if (err)
		return err;
	st = cks_station_make(&init_net);
	if (IS_ERR(st)) {
		unregister_pernet_device(&namespace_ops);
		return PTR_ERR(st);
	}
	mutex_lock(&stations_lock);
	home = st;
	mutex_unlock(&stations_lock);
	return 0;
}

void cks_namespaces_exit(void)
{
	unregister_pernet_device(&namespace_ops);
}
