/* SPDX-License-Identifier: GPL-2.0-only */
/* Log lines: one event, key=value. No secret is ever given to it. */
#ifndef CASD_LOG_H
#define CASD_LOG_H

/* Each writes "time level=... event=... " and what @format makes: key=value pairs. */
void log_info(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_error(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
