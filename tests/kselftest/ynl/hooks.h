/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the linker puts between the generated client, its library and the kernel (--wrap).
 */
#ifndef KSELFTEST_YNL_HOOKS_H
#define KSELFTEST_YNL_HOOKS_H

#include <sys/types.h>

struct nlattr;
struct ynl_parse_arg;

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);

int __real_ynl_attr_validate(struct ynl_parse_arg *arg, const struct nlattr *attr);
int __wrap_ynl_attr_validate(struct ynl_parse_arg *arg, const struct nlattr *attr);

#endif
