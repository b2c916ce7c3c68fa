/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_SWITCH_H
#define __TKFI_SWITCH_H

/**
 * struct tkfi_context - a stopped flow of control
 * @sp:		its stack pointer; callee-saved registers lie on the stack
 * @stack:	lowest address of a stack of its own, NULL for the engine's caller
 */
struct tkfi_context {
	unsigned long sp;
	void *stack;
};

/**
 * tkfi_stack_alloc() - a stack for one VCPU
 *
 * THREAD_SIZE bytes, aligned to THREAD_SIZE: kernels that find current by masking
 * the stack pointer find it here too. Free with tkfi_stack_free().
 *
 * Return: the lowest address, NULL when out of memory.
 */
void *tkfi_stack_alloc(void);

/**
 * tkfi_stack_free() - free the stack of a VCPU
 * @stack:	as returned by tkfi_stack_alloc(); NULL is ignored
 */
void tkfi_stack_free(void *stack);

/**
 * tkfi_context_init() - prepare a flow of control that has not run yet
 * @ctx:	context; @ctx->stack must be set. Whatever ran there is forgotten
 * @entry:	what it will run; must never return
 *
 * To be called by the task that will switch to @ctx.
 */
void tkfi_context_init(struct tkfi_context *ctx, void (*entry)(void));

/**
 * tkfi_switch() - switch from one flow of control to another one
 * @from:	receives the one that executes; tkfi_switch() returns when it is switched to
 * @to:		the one that goes on
 */
asmlinkage void tkfi_switch(struct tkfi_context *from, struct tkfi_context *to);

#endif
