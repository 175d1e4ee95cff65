/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options, from the command line and from a configuration file.
 */
#ifndef STATIOND_OPTIONS_H
#define STATIOND_OPTIONS_H

#include <limits.h>

#include "station.h"

#define LANES_MAX	256

/**
 * struct options - what was asked for
 * @settings: for the station
 * @transport: kind of machine, a colon, and its address
 * @lanes: file with a line "lane coupler" for each lane
 * @journal: directory
 * @summary: JSON file to be written at the end, or empty
 * @progress: show the progress line
 */
struct options {
	struct settings settings;
	char transport[PATH_MAX];
	char lanes[PATH_MAX];
	char journal[PATH_MAX];
	char summary[PATH_MAX];
	bool progress;
};

/**
 * options_parse() - read the command line, and the file that it names
 * @o: filled with defaults first
 * Return: -1 to go on, or the exit status after a message or the help
 */
int options_parse(struct options *o, int argc, char **argv);

/**
 * options_read_lanes() - read the file of lanes
 * @path: file
 * @ret_coupler: coupler of lane N at index N
 * @ret_n: number of lanes
 * Return: 0 or -1 after a message; lanes are numbered from 0 without gaps
 */
int options_read_lanes(const char *path, uint32_t ret_coupler[static LANES_MAX],
		       unsigned int *ret_n);

#endif
