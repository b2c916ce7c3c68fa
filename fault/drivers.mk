# SPDX-License-Identifier: GPL-2.0
# At the end of drivers/Makefile: directories that kbuild would walk through for nothing.
# That is half of all that it enters, and some seconds of each build.
tkfi-idle-y := $(if $(CONFIG_MEDIA_SUPPORT)$(CONFIG_CEC_CORE),,media/)
tkfi-idle-y += $(if $(CONFIG_DRM)$(CONFIG_VGA_SWITCHEROO),,gpu/)
tkfi-idle-y += $(if $(CONFIG_COMMON_CLK),,clk/)

ifdef CONFIG_TKFI
obj-y := $(filter-out $(tkfi-idle-y),$(obj-y))
endif
