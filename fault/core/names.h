/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_NAMES_H
#define __TKFI_NAMES_H

/**
 * tkfi_name() - the name of an object, for people
 * @addr:	its address
 *
 * Return: the name given with tkfi_name_add(), else the kernel symbol @addr lies
 * in; valid for ever.
 */
const char *tkfi_name(const void *addr);

/**
 * tkfi_name_given() - the name that was given to an object
 * @addr:	its address
 *
 * Return: the name given with tkfi_name_add(), NULL if there is none.
 */
const char *tkfi_name_given(const void *addr);

/**
 * tkfi_name_add() - name a member that has no symbol of its own
 * @addr:	its address
 * @name:	a string that is never freed
 */
void tkfi_name_add(const void *addr, const char *name);

#endif
