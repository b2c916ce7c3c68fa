#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Whether a command of kbuild's try-run succeeds. kbuild asks some 35 times in every make, and takes a
# compiler each time; here an answer is kept, for as long as the versions of the tools are the same.
# Usage: try-run.sh DIRECTORY VERSIONS COMMAND
name=$(printf '%s\n' "$2" "$3" | md5sum)
answer=$1/${name%% *}
if ! { read -r status < "$answer"; } 2> /dev/null; then
	mkdir -p "$1" && TMP=$(mktemp "$1/try.XXXXXX") || exit 2
	( eval "$3" ) > /dev/null 2>&1
	status=$?
	# Who was killed has not answered.
	if [ $status -gt 128 ] || ! echo $status > "$TMP" || ! mv "$TMP" "$answer"; then
		rm -f "$TMP"
	fi
fi
exit "$status"
