/** Every route we serve, and on which socket. `docs/reference/routes.md` is made from this table. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'UPGRADE';
  readonly path: string;
  /** `call`: open only while the seat is free. `control`: always open, the same user only. `front`: nginx itself. */
  readonly socket: 'call' | 'control' | 'front';
  readonly means: string;
}

export const ROUTES: readonly Route[] = [
  { method: 'UPGRADE', path: '/media/twilio', socket: 'call', means: 'A call over Twilio Media Streams.' },
  { method: 'UPGRADE', path: '/media/pcm', socket: 'call', means: 'A call over plain 16-bit audio.' },
  {
    method: 'UPGRADE',
    path: '/media/<carrier>/r/<fleet>/<worker>/<token>',
    socket: 'call',
    means: 'The media of a reservation; that seat alone listens for it, on a socket of its own.',
  },
  {
    method: 'POST',
    path: '/attach',
    socket: 'call',
    means:
      'Starts a call of which the other party connects to us, waits in a LiveKit room, or is a server to dial.',
  },
  {
    method: 'POST',
    path: '/livekit/dialout',
    socket: 'call',
    means: "Dials a number through LiveKit's telephony.",
  },
  { method: 'POST', path: '/livekit/widget', socket: 'call', means: 'Lets a visitor of a web page talk.' },
  {
    method: 'POST',
    path: '/livekit/dispatch',
    socket: 'call',
    means: 'Answers a call that rings in a LiveKit room.',
  },
  {
    method: 'POST',
    path: '/continue',
    socket: 'call',
    means: 'For fleetd: goes on with a call whose worker died. The front has no way to it.',
  },
  {
    method: 'GET',
    path: '/health/live',
    socket: 'control',
    means: 'Answers 200 while the process runs its loop.',
  },
  { method: 'GET', path: '/status', socket: 'control', means: 'What the worker is and does, as JSON.' },
  {
    method: 'GET',
    path: '/metrics',
    socket: 'control',
    means: 'Counters and gauges in the Prometheus text format.',
  },
  { method: 'POST', path: '/drain', socket: 'control', means: 'Takes no new call until /undrain.' },
  { method: 'POST', path: '/undrain', socket: 'control', means: 'Takes calls again.' },
  {
    method: 'POST',
    path: '/leave',
    socket: 'control',
    means:
      'Ends the process when the seat has no call, for another one to take over; twice is the same as once.',
  },
  {
    method: 'POST',
    path: '/reload',
    socket: 'control',
    means: 'Reads agents and secrets again, at once or after the call; /status says what became of it.',
  },
  { method: 'POST', path: '/hangup', socket: 'control', means: 'Ends the live call with operator.hung_up.' },
  {
    method: 'GET',
    path: '/health/live',
    socket: 'front',
    means:
      'Answers 200 while the host runs, however full it is; 503 when no worker does. Through the front to fleetd; without fleetd nginx answers.',
  },
  {
    method: 'GET',
    path: '/health/capacity',
    socket: 'front',
    means:
      'How many calls the host takes now: 200 while it takes one more, else 503 with the same body. Answered by fleetd.',
  },
  {
    method: 'GET',
    path: '/metrics',
    socket: 'front',
    means:
      'What the whole host counts: refusals by cause and route, and each worker. Answered by fleetd; with an API key.',
  },
  {
    method: 'POST',
    path: '/webhooks/livekit',
    socket: 'front',
    means: "LiveKit's webhook, signed: a caller who rings is given a seat. Answered by fleetd.",
  },
  {
    method: 'GET',
    path: '/api/openapi.json',
    socket: 'front',
    means: 'The starts and the calls API as OpenAPI 3.1. Answered by fleetd; without a key.',
  },
  {
    method: 'GET',
    path: '/api/calls',
    socket: 'front',
    means:
      'The calls of this host, page by page: those that run, then those that ended, newest first; by state, agent and carrier. With an API key.',
  },
  {
    method: 'GET',
    path: '/api/calls/<id>',
    socket: 'front',
    means: 'What this host knows of a call: its state, what was said so far, or its record. With an API key.',
  },
  {
    method: 'GET',
    path: '/api/fleets/<fleet>/calls/<id>',
    socket: 'front',
    means: 'The same, with the fleet in the path, so that an ingress finds it. With an API key.',
  },
  {
    method: 'GET',
    path: '/api/calls/<id>/events',
    socket: 'front',
    means:
      'The progress of a call as server-sent events, to its end; also below /api/fleets/<fleet>. With an API key.',
  },
  {
    method: 'POST',
    path: '/api/calls/<id>/hangup',
    socket: 'front',
    means: 'Ends a call that runs here. With an API key.',
  },
];
