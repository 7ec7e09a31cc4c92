#!/usr/bin/env bash
# systemd runs this after a worker has ended, however it ended (ExecStopPost). The call it was in, if any, gets the
# cause as systemd saw it; its record is written by who comes next.
set -euo pipefail

# A worker that ended by itself with nothing wrong has ended its call itself.
if [ "${SERVICE_RESULT:-}" = success ] && [ "${EXIT_CODE:-}" = exited ]; then exit 0; fi

here="$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")"
exec node "$here/../dist/worker/ended.js"
