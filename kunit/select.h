/* SPDX-License-Identifier: GPL-2.0 */
/* Where the kernel's linker script puts all KUnit suites. */
#ifndef __TKFI_SELECT_H
#define __TKFI_SELECT_H

struct kunit_suite;

extern struct kunit_suite * const __kunit_suites_start[];
extern struct kunit_suite * const __kunit_suites_end[];

#endif
