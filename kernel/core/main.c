// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: class, device numbers, workqueue and netlink family, in the order of their use.
 */
#include <linux/fs.h>
#include <linux/module.h>

#include "core.h"
#include "netlink_gen.h"

struct workqueue_struct *cks_wq;
dev_t cks_devt;

static char *cks_devnode(const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "cks/%s", dev_name(dev));
}

const struct class cks_class = {
	.name = "cks",
	.devnode = cks_devnode,
};

static int __init cks_init(void)
{
	int err;

	/* Unbound: an owner's callback that sleeps must not hold up the interrupt's CPU. */
	cks_wq = alloc_workqueue("cks", WQ_HIGHPRI | WQ_UNBOUND, 0);
	if (!cks_wq)
		return -ENOMEM;

	err = class_register(&cks_class);
	if (err)
		goto err_wq;

	err = alloc_chrdev_region(&cks_devt, 0, CKS_COUPLERS_MAX, "cks");
	if (err)
		goto err_class;

	err = genl_register_family(&cks_nl_family);
	if (err)
		goto err_region;

	return 0;

err_region:
	unregister_chrdev_region(cks_devt, CKS_COUPLERS_MAX);
err_class:
	class_unregister(&cks_class);
err_wq:
	destroy_workqueue(cks_wq);
	return err;
}
module_init(cks_init);

static void __exit cks_exit(void)
{
	genl_unregister_family(&cks_nl_family);
	unregister_chrdev_region(cks_devt, CKS_COUPLERS_MAX);
	class_unregister(&cks_class);
	destroy_workqueue(cks_wq);
	cks_kept_exit();
}
module_exit(cks_exit);

MODULE_DESCRIPTION("Card station: ISO/IEC 7816-3 couplers");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(CKS_FAMILY_NAME);
