#!/bin/sh
# Becomes the packaged game: `exec` on the program itself, not on the script that Unreal packages
# beside it, which would start it as a child and keep every signal from it.
set -eu

binary=$(find /opt/unreal -path '*/Binaries/Linux/*' -type f -name "${PROJECT}*" \
    ! -name '*.debug' ! -name '*.sym' ! -name '*.so*' -perm -u+x | head -n 1)
if [ -z "${binary}" ]; then
    echo "no program ${PROJECT}* below /opt/unreal/*/Binaries/Linux" >&2
    exit 1
fi

# EXTRA_ARGS is a list of flags, split at blanks on purpose.
# shellcheck disable=SC2086
exec "${binary}" "${PROJECT}" \
    "-PixelStreamingURL=${SIGNAL_URL}" \
    "${FPS_FLAG}=${MAX_FPS}" \
    -RenderOffscreen -Unattended -ForceRes "-ResX=${RES_X}" "-ResY=${RES_Y}" \
    -StdOut -FullStdOutLogOutput \
    ${EXTRA_ARGS} "$@"
