import { PLACES } from './facts.ts';

/** The settings of a host that has none yet. */
export function starterEnv(start: {
  readonly workers: number;
  readonly dataDir: string;
  readonly keys: { readonly api: string; readonly token: string };
  /** Whether the example agents answer, because there are no others. */
  readonly example: boolean;
}): string {
  return `# The settings of this host; systemd and the cxbcore command read them. docs/reference/settings.md lists them all.
# It holds secrets: keep it at mode 0640, owner root, group cxbcore. After a change: cxbcore reload (agents and secrets),
# or cxbcore restart (everything else). CXBCORE_WORKERS, _SOCKET_DIR, _DATA_DIR and _HTTP_PORT are also in the
# units and in nginx's configuration: run cxbcore install again.
CXBCORE_WORKERS=${start.workers}

# Where calls and agents are kept, for the units and for commands alike.
CXBCORE_DATA_DIR=${start.dataDir}
CXBCORE_AGENTS=${PLACES.agents}

# Whoever starts calls by request sends this key. Several, separated by commas, for rotation.
CXBCORE_API_KEYS=${start.keys.api}
# Signs one-use media tokens; the same on all hosts behind one ingress.
CXBCORE_TOKEN_KEYS=${start.keys.token}

# How the outside reaches this host; needed as soon as a carrier is set up.
#CXBCORE_PUBLIC_URL=https://voice.example.com
#TWILIO_AUTH_TOKEN=

# Who answers a call whose start names no agent.
${start.example ? 'CXBCORE_AGENT=clinic' : '#CXBCORE_AGENT='}
`;
}

/** nginx and the workers log elsewhere than Debian's own rules look, so that no file has two. */
export function logrotateText(): string {
  return `${PLACES.logs}/*.log {
  daily
  rotate 14
  maxsize 500M
  missingok
  notifempty
  compress
  delaycompress
  create 0640 www-data adm
  sharedscripts
  postrotate
    [ ! -f /run/nginx.pid ] || kill -USR1 "$(cat /run/nginx.pid)"
  endscript
}
`;
}

/** needrestart restarts what uses an upgraded library: here that would end calls, or wait for them for an hour. */
export function needrestartText(): string {
  return `# Written by cxbcore install. A restart of these is for an operator: see docs/operations/one-host.md.
$nrconf{override_rc}{qr(^cxbcore)} = 0;
$nrconf{override_rc}{qr(^nginx)} = 0;
$nrconf{override_rc}{qr(^haproxy)} = 0;
1;
`;
}

/** Debian stops nginx and HAProxy for an upgrade after five seconds, with every call they carry. */
export function unattendedText(): string {
  return `// Written by cxbcore install. Upgrade these by hand: see docs/operations/one-host.md.
Unattended-Upgrade::Package-Blacklist {
  "^nginx";
  "^libnginx";
  "^haproxy";
  "^nodejs";
};
Unattended-Upgrade::Automatic-Reboot "false";
`;
}

export function nodeDropIn(folder: string): string {
  return `# Written by cxbcore install: this host's Node is not where units look by themselves.
[Service]
Environment=PATH=${folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
`;
}
