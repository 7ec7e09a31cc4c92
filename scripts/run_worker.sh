#!/usr/bin/env bash
# Runs one worker. One process is one worker, and a worker carries one call.
#
#   CXBCORE_SOCKET=/tmp/cxbcore_3.sock   socket mode: worker 3 behind a front (production)
#   CXBCORE_HOST, CXBCORE_PORT           TCP mode when there is no CXBCORE_SOCKET (development)
#   LOG_LEVEL                            trace, debug, info, warning, error or critical
#
# A socket file that is already there is not removed: the worker replaces a dead one, and a live one has an owner.
set -euo pipefail

here="$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")"
main="$here/../dist/worker/main.js"
if [ ! -f "$main" ]; then
  echo "run_worker.sh: $main is missing; run \"npm run build\" first" >&2
  exit 78
fi

export CXBCORE_SOCKET="${CXBCORE_SOCKET:-}"
export CXBCORE_HOST="${CXBCORE_HOST:-127.0.0.1}"
export CXBCORE_PORT="${CXBCORE_PORT:-8001}"
export LOG_LEVEL="${LOG_LEVEL:-info}"

# One heap of the C library for all threads instead of one each, whose gaps nobody fills: 16 to 18 MB less for each worker.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}"

# A young generation of 1 MB instead of 16: about 35 MB less for each worker, and no more processor time for a call.
exec node --max-semi-space-size=1 "$main"
