#!/usr/bin/env bash
# Runs fleetd, the always-free process of a host: refusals with their cause, webhooks, records, the guard of the workers.
set -euo pipefail

here="$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")"
main="$here/../dist/fleet/fleetd/main.js"
if [ ! -f "$main" ]; then
  echo "run_fleetd.sh: $main is missing; run \"npm run build\" first" >&2
  exit 78
fi

exec node "$main"
