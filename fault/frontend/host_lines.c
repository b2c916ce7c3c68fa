// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <os.h>

#include "host_lines.h"

int tkfi_host_lines_open(struct tkfi_host_lines *lines, const char *name, bool again)
{
	lines->fd = os_open_file(name, of_read(OPENFLAGS()), 0);
	lines->again = again;
	lines->len = 0;
	lines->at = 0;
	return lines->fd < 0 ? lines->fd : 0;
}

/* Returns how many bytes there are now, or the host's error. */
static int fill(struct tkfi_host_lines *lines)
{
	int ret = os_read_file(lines->fd, lines->buf, sizeof(lines->buf));

	if (!ret && lines->again) {
		ret = os_seek_file(lines->fd, 0);
		if (ret >= 0)
			ret = os_read_file(lines->fd, lines->buf, sizeof(lines->buf));
	}
	lines->len = ret < 0 ? 0 : ret;
	lines->at = 0;
	return ret;
}

int tkfi_host_lines_next(void *arg, char *line, size_t size)
{
	struct tkfi_host_lines *lines = arg;
	size_t len = 0;
	int ret;
	char c;

	for (;;) {
		if (lines->at == lines->len) {
			ret = fill(lines);
			if (ret < 0)
				return ret;
			if (!ret)
				break;
		}
		c = lines->buf[lines->at++];
		if (c == '\n') {
			line[len] = '\0';
			return 1;
		}
		if (len + 1 == size)
			return -EINVAL;
		line[len++] = c;
	}
	line[len] = '\0';
	return len > 0;
}

void tkfi_host_lines_close(struct tkfi_host_lines *lines)
{
	if (lines->fd >= 0)
		os_close_file(lines->fd);
	lines->fd = -1;
}
