/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of libcksnl share: the handle, and messages from and to objects.
 */
#ifndef LIBCKSNL_INTERNAL_H
#define LIBCKSNL_INTERNAL_H

#include "cksnl.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct nl_msg;
struct nlattr;
struct nlmsghdr;

/* Add all attributes that are in @obj's has. Return: 0 or -ENOBUFS */
int cksnl_put(struct nl_msg *msg, const struct cksnl_set *set, const void *obj);

/* Parse a message of the family; @obj is cleared first. Return: 0 or -EBADMSG */
int cksnl_parse(const struct nlmsghdr *nlh, const struct cksnl_set *set, void *obj);

/*
 * One command and its answer. @req may be NULL; @reply_set NULL if no answer but an error code is
 * expected.
 */
int cksnl_do(struct cksnl *nl, uint8_t cmd, const struct cksnl_set *req_set, const void *req,
	     const struct cksnl_set *reply_set, void *reply);
int cksnl_dump(struct cksnl *nl, uint8_t cmd, const struct cksnl_set *set, cksnl_each_fn each,
	       void *arg);

#endif
