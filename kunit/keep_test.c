// SPDX-License-Identifier: GPL-2.0
/* A state in two files of the host: one of them is whole, whatever happens to the other. */
#include <kunit/test.h>
#include <linux/string.h>
#include <os.h>

#include "saved_file.h"
#include "result.h"

/* A state, and what a file has besides. */
#define WORDS		1000
#define HEADER		32
#define FILE_SIZE	(HEADER + WORDS * sizeof(u32))

static struct tkfi_saved *writer, *reader;
static char name[TKFI_SAVED_FILE];
static u32 state[WORDS];

/* Where results can be written, so can this. */
static int keep_suite_init(struct kunit_suite *suite)
{
	const char *result = tkfi_result_file();

	if (!result ||
	    snprintf(name, sizeof(name), "%s.kept", result) >= sizeof(name))
		name[0] = '\0';
	writer = tkfi_saved_file_create(name);
	reader = tkfi_saved_file_create(name);
	return writer && reader ? 0 : -ENOMEM;
}

static void keep_suite_exit(struct kunit_suite *suite)
{
	tkfi_saved_file_destroy(reader);
	tkfi_saved_file_destroy(writer);
}

static int open_file(u64 number, struct openflags flags)
{
	char file[TKFI_SAVED_FILE + 2];

	snprintf(file, sizeof(file), "%s.%u", name, (unsigned int)(number % 2));
	return os_open_file(file, flags, 0644);
}

static int keep_test_init(struct kunit *test)
{
	int fd;

	if (!name[0])
		kunit_skip(test, "tkfi.result= names no file, or one too long to write beside");
	fd = open_file(0, of_create(of_write(OPENFLAGS())));
	if (fd < 0)
		kunit_skip(test, "cannot write %s.0: %d", name, fd);
	os_close_file(fd);
	tkfi_saved_file_clear(writer);
	return 0;
}

/* Nothing is left but two empty files. */
static void keep_test_exit(struct kunit *test)
{
	if (test->status != KUNIT_SKIPPED)
		tkfi_saved_file_clear(writer);
}

/* What the state of a number is. */
static void fill(u64 number)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		state[i] = number * 1000000 + i;
}

static int write(struct tkfi_saved *keep)
{
	fill(keep->number + 1);
	tkfi_saved_begin(keep);
	tkfi_saved_move(keep, state, sizeof(state));
	return tkfi_saved_write(keep);
}

/* As another boot would read it. Returns the number of a whole state, 0 if none. */
static u64 read(struct kunit *test)
{
	static u32 got[WORDS];
	int ret;

	reader->number = 0;
	tkfi_saved_begin(reader);
	ret = tkfi_saved_read(reader);
	if (ret) {
		KUNIT_EXPECT_EQ(test, ret, -ENOENT);
		return 0;
	}
	tkfi_saved_move(reader, got, sizeof(got));
	fill(reader->number);
	KUNIT_EXPECT_FALSE(test, reader->failed);
	KUNIT_EXPECT_EQ(test, memcmp(got, state, sizeof(state)), 0);
	return reader->number;
}

/* Change a byte of a state's file, if it is in there, and cut what comes after @size. */
static void damage(struct kunit *test, u64 number, size_t byte, size_t size)
{
	static u8 bytes[FILE_SIZE + 1];
	int fd = open_file(number, of_read(OPENFLAGS()));

	KUNIT_ASSERT_GE(test, fd, 0);
	KUNIT_EXPECT_EQ(test, os_read_file(fd, bytes, sizeof(bytes)), FILE_SIZE);
	os_close_file(fd);
	bytes[byte] ^= 1;
	fd = open_file(number, of_trunc(of_write(OPENFLAGS())));
	KUNIT_ASSERT_GE(test, fd, 0);
	KUNIT_EXPECT_EQ(test, os_write_file(fd, bytes, size), size);
	os_close_file(fd);
}

/* By name and number: two files, and there is always one to go on from. */
static void newest(struct kunit *test)
{
	u64 number;

	KUNIT_EXPECT_EQ(test, read(test), 0);
	for (number = 1; number <= 5; number++) {
		KUNIT_ASSERT_EQ(test, write(writer), 0);
		KUNIT_EXPECT_EQ(test, read(test), number);
	}
	tkfi_saved_file_clear(writer);
	KUNIT_EXPECT_EQ(test, read(test), 0);
}

/* Ways to damage a file. */
static const struct kind {
	size_t byte;
	size_t size;
} kinds[] = {
	{ 0, FILE_SIZE },			/* of the magic */
	{ 8 + 1, FILE_SIZE },			/* of the number: 256 later */
	{ 16, FILE_SIZE },			/* of the size */
	{ HEADER - 1, FILE_SIZE },		/* of the hash */
	{ HEADER, FILE_SIZE },
	{ FILE_SIZE - 1, FILE_SIZE },
	{ FILE_SIZE, FILE_SIZE - 1 },		/* nothing; but cut short */
	{ FILE_SIZE, HEADER },
	{ FILE_SIZE, HEADER - 1 },
	{ FILE_SIZE, 0 },
};

/* The newer one is damaged, then the older one too. The newer one is .0, or .1. */
static void damaged(struct kunit *test)
{
	unsigned int i;
	u64 nr;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (nr = 2; nr <= 3; nr++) {
			tkfi_saved_file_clear(writer);
			while (writer->number < nr)
				KUNIT_ASSERT_EQ(test, write(writer), 0);
			damage(test, nr, kinds[i].byte, kinds[i].size);
			KUNIT_EXPECT_EQ_MSG(test, read(test), nr - 1, "way %u", i);
			damage(test, nr - 1, kinds[i].byte, kinds[i].size);
			KUNIT_EXPECT_EQ_MSG(test, read(test), 0, "way %u", i);
		}
	}
}

/* Who goes on from the older one writes where the damaged one is. */
static void goes_on(struct kunit *test)
{
	while (writer->number < 3)
		KUNIT_ASSERT_EQ(test, write(writer), 0);
	damage(test, 3, HEADER, FILE_SIZE);
	KUNIT_ASSERT_EQ(test, read(test), 2);
	KUNIT_ASSERT_EQ(test, write(reader), 0);
	KUNIT_EXPECT_EQ(test, read(test), 3);
	damage(test, 3, HEADER, FILE_SIZE);
	KUNIT_EXPECT_EQ(test, read(test), 2);
}

/* Who asks for more than was saved gets nothing; who saves too much writes nothing. */
static void too_much(struct kunit *test)
{
	static u8 more[sizeof(state) + 1];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, write(writer), 0);
	KUNIT_ASSERT_EQ(test, read(test), 1);
	tkfi_saved_move(reader, more, 1);
	KUNIT_EXPECT_TRUE(test, reader->failed);
	KUNIT_ASSERT_EQ(test, tkfi_saved_read(reader), 0);
	tkfi_saved_move(reader, more, sizeof(more));
	KUNIT_EXPECT_TRUE(test, reader->failed);
	KUNIT_EXPECT_EQ(test, more[0], 0);

	tkfi_saved_begin(writer);
	for (i = 0; i <= TKFI_SAVED_SIZE / sizeof(state); i++)
		tkfi_saved_move(writer, state, sizeof(state));
	KUNIT_EXPECT_EQ(test, tkfi_saved_write(writer), -E2BIG);
	KUNIT_EXPECT_EQ(test, read(test), 1);
}

static struct kunit_case keep_cases[] = {
	KUNIT_CASE(newest),
	KUNIT_CASE(damaged),
	KUNIT_CASE(goes_on),
	KUNIT_CASE(too_much),
	{}
};

static struct kunit_suite keep_suite = {
	.name = "tkfi_engine_keep",
	.suite_init = keep_suite_init,
	.suite_exit = keep_suite_exit,
	.init = keep_test_init,
	.exit = keep_test_exit,
	.test_cases = keep_cases,
};

kunit_test_suite(keep_suite);
