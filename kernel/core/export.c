// SPDX-License-Identifier: GPL-2.0-only
/*
 * What drivers and the router use of the engine. The engine's own files are shared with
 * userspace and know nothing of modules.
 */
#include <linux/export.h>

#include "iso7816/iso7816.h"

EXPORT_SYMBOL_GPL(iso7816_fi);
EXPORT_SYMBOL_GPL(iso7816_di);
EXPORT_SYMBOL_GPL(iso7816_strerror);
EXPORT_SYMBOL_GPL(iso7816_errno);
EXPORT_SYMBOL_GPL(iso7816_config_allow);
EXPORT_SYMBOL_GPL(iso7816_config_allows);
