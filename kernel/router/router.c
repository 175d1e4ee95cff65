// SPDX-License-Identifier: GPL-2.0-only
/*
 * cks_router: the card station's way to the card administration system. Loading it is inert: it
 * listens nowhere until the control unit says so by netlink.
 */
#include <linux/module.h>

#include "router.h"

static int __init cks_router_init(void)
{
	int err;

	err = cks_namespaces_init();
	if (err)
		return err;
	err = cks_router_netlink_init();
	if (err)
		cks_namespaces_exit();
	return err;
}

/* Sockets are closed, sessions end and couplers are given back, whatever is going on. */
static void __exit cks_router_exit(void)
{
	cks_router_netlink_exit();
	cks_namespaces_exit();
}

module_init(cks_router_init);
module_exit(cks_router_exit);

MODULE_DESCRIPTION("Card station: router between smart card couplers and a card administration system");
MODULE_AUTHOR("The cardstation authors");
MODULE_LICENSE("GPL");
