#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Install what tkfi needs from Debian, and the packages that are named. Python may not be there yet, so this
# is plain sh.
# Exit status: 0 everything is there, 2 it is not (and what to do was printed).
# With --missing first nothing is installed: what is missing is printed, one package a line.

look=
if [ "$1" = --missing ]; then
	look=1
	shift
fi
packages="bc binutils bison debian-archive-keyring flake8 flex gcc git libc6-dev libelf-dev
	libssl-dev make mypy patch perl python3 python3-click python3-hypothesis python3-jinja2
	python3-junitparser python3-matplotlib python3-networkx python3-numpy python3-psutil python3-pytest
	python3-rich python3-unidiff xz-utils yamllint $*"

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "tkfi: this is not Debian. Please install, by your system's means:" >&2
	echo "  gcc (C compiler, libc headers), make, flex, bison, bc, patch, xz, binutils, git," >&2
	echo "  headers of libelf and OpenSSL, apt and dpkg-deb with Debian's archive keyring" >&2
	echo "  (for Debian's kernels; not for KERNEL=/path), and for /usr/bin/python3 (3.11 or" >&2
	echo "  later): click, hypothesis, jinja2, junitparser, matplotlib, networkx, numpy," >&2
	echo "  psutil, rich, unidiff, pytest, mypy, flake8; and perl, yamllint" >&2
	exit 2
fi

# shellcheck disable=SC2086 # a list of words
there="
$(dpkg-query -W -f='${Status} ${Package}\n' $packages 2>/dev/null)
"
missing=
for package in $packages; do
	case "$there" in
	*" ok installed $package
"*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0
if [ -n "$look" ]; then
	# shellcheck disable=SC2086 # a list of words
	printf '%s\n' $missing
	exit 2
fi

install="apt-get install -y --no-install-recommends$missing"
echo "tkfi: going to install from Debian:$missing"
if [ "$(id -u)" = 0 ]; then
	as_root=
elif sudo -n true 2>/dev/null; then
	as_root="sudo -n"
else
	echo "tkfi: that needs root, and sudo does not work here. Please run:" >&2
	echo "  apt-get update && $install" >&2
	exit 2
fi
# shellcheck disable=SC2086 # lists of words
if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive $install; }; then
	echo "tkfi: installing failed. Please make this work, as root:" >&2
	echo "  apt-get update && $install" >&2
	exit 2
fi
