import { BACKENDS, type Backend, serverWords } from './config.ts';
import type { Fleet, Ingress } from './description.ts';

/** What one step does. Plain data: a plan can be printed, tested, and carried out by `execute`. */
export type Action =
  /** Makes the files for these fleets, has HAProxy check them on a copy, and moves them into place. */
  | { readonly do: 'files'; readonly fleets: readonly Fleet[] }
  /** One command to the running HAProxy, which must answer with `says` (nothing when absent). */
  | { readonly do: 'tell'; readonly command: string; readonly says?: string }
  /** The same, told again while HAProxy answers with `while`. */
  | { readonly do: 'tell-until'; readonly command: string; readonly says: string; readonly while: string }
  /** Waits until the server is well in this backend, in or out of rotation. */
  | {
      readonly do: 'await-server';
      readonly backend: Backend;
      readonly server: string;
      readonly as: 'DRAIN' | 'UP';
    }
  /** Waits until the fleet itself has no call left; HAProxy's count misses those of old processes. */
  | { readonly do: 'await-idle'; readonly fleet: Fleet }
  /** A test call over plain audio, through the ingress to exactly this fleet. */
  | { readonly do: 'smoke'; readonly server: string }
  /** Writes drains and states where HAProxy reads them at its next start or reload. */
  | { readonly do: 'save-state' }
  /** Tells the master to reload, and waits for a new worker process. */
  | { readonly do: 'reload' };

export interface Step {
  /** What it is for, in words for whoever watches. */
  readonly say: string;
  readonly actions: readonly Action[];
  /** What takes it back, should a later step fail. */
  readonly undo?: readonly Action[];
}

/** `hot`: by the runtime interface, no new process. `reload`: by the files and a graceful reload. */
export type Way = 'hot' | 'reload';

const IN_ROTATION: readonly Backend[] = ['cxb_calls', 'cxb_starts'];
const REGISTERED = 'New server registered.';
const DELETED = 'Server deleted.';
/** HAProxy keeps a server for as long as a connection of its own refers to it. */
const BUSY_SERVER = 'Server still has connections attached to it';

/** The steps that bring a fleet into rotation that has passed its preflight. */
export function planAdd(
  ingress: Ingress,
  fleet: Fleet,
  way: Way,
  options: { readonly smoke: boolean },
): readonly Step[] {
  const before = ingress.fleets;
  const files: Step = {
    say: `write the files with ${fleet.name}, and have HAProxy check them`,
    actions: [{ do: 'files', fleets: [...before, fleet] }],
    undo: [{ do: 'files', fleets: before }],
  };
  const smoke: Step[] = options.smoke
    ? [
        {
          say: `place a test call on ${fleet.name} through the ingress`,
          actions: [{ do: 'smoke', server: fleet.name }],
        },
      ]
    : [];
  const keep: Step = { say: 'keep drains and states for the next reload', actions: [{ do: 'save-state' }] };
  if (way === 'reload') {
    return [
      files,
      {
        say: 'reload HAProxy; calls stay where they are until they end',
        actions: [{ do: 'save-state' }, { do: 'reload' }],
        undo: [{ do: 'files', fleets: before }, { do: 'save-state' }, { do: 'reload' }],
      },
      waitFor(fleet, 'UP'),
      ...smoke,
      keep,
    ];
  }
  return [
    files,
    ...BACKENDS.map((backend) => addServer(backend, fleet, ingress.name)),
    {
      say: `check ${fleet.name} out of rotation`,
      actions: [
        ...BACKENDS.map((backend) => tell(`enable health ${backend}/${fleet.name}`)),
        ...setState(BACKENDS, fleet, 'drain'),
      ],
    },
    waitFor(fleet, 'DRAIN'),
    ...smoke,
    {
      say: `take ${fleet.name} into rotation`,
      actions: [
        ...IN_ROTATION.map((backend) => tell(`enable agent ${backend}/${fleet.name}`)),
        ...setState(BACKENDS, fleet, 'ready'),
      ],
    },
    waitFor(fleet, 'UP'),
    keep,
  ];
}

export interface RemoveOptions {
  /** The host is gone: nobody can be asked for calls. */
  readonly lost: boolean;
}

/** The steps that take a fleet out for good, once its last call is over. */
export function planRemove(
  ingress: Ingress,
  fleet: Fleet,
  way: Way,
  options: RemoveOptions,
): readonly Step[] {
  const before = ingress.fleets;
  const after = before.filter(({ name }) => name !== fleet.name);
  const idle: Step[] = options.lost
    ? []
    : [{ say: `wait until the last call on ${fleet.name} is over`, actions: [{ do: 'await-idle', fleet }] }];
  const files: Step = {
    say: `write the files without ${fleet.name}, and have HAProxy check them`,
    actions: [{ do: 'files', fleets: after }],
    undo: [{ do: 'files', fleets: before }],
  };
  const first = [...planDrain(fleet), ...idle, files];
  if (way === 'reload') {
    return [
      ...first,
      {
        say: 'reload HAProxy; calls stay where they are until they end',
        actions: [{ do: 'save-state' }, { do: 'reload' }],
        undo: [{ do: 'files', fleets: before }, { do: 'save-state' }, { do: 'reload' }],
      },
    ];
  }
  return [
    ...first,
    ...BACKENDS.flatMap((backend) => takeOut(backend, fleet, ingress.name)),
    { say: 'keep drains and states for the next reload', actions: [{ do: 'save-state' }] },
  ];
}

/** No new calls or starts; ids that are known there, status and webhooks still get to it. */
export function planDrain(fleet: Fleet): readonly Step[] {
  return [
    {
      say: `send ${fleet.name} no new calls`,
      actions: [...setState(IN_ROTATION, fleet, 'drain'), { do: 'save-state' }],
      undo: [...setState(IN_ROTATION, fleet, 'ready'), { do: 'save-state' }],
    },
  ];
}

export function planUndrain(fleet: Fleet): readonly Step[] {
  return [
    {
      say: `send ${fleet.name} calls again`,
      actions: [...setState(IN_ROTATION, fleet, 'ready'), { do: 'save-state' }],
      undo: [...setState(IN_ROTATION, fleet, 'drain'), { do: 'save-state' }],
    },
  ];
}

function addServer(backend: Backend, fleet: Fleet, node: string): Step {
  return {
    say: `add ${fleet.name} to ${backend}`,
    actions: [
      {
        do: 'tell',
        command: `add server ${backend}/${fleet.name} ${serverWords(fleet, backend, node)}`,
        says: REGISTERED,
      },
    ],
    undo: [tell(`set server ${backend}/${fleet.name} state maint`), deleteServer(backend, fleet)],
  };
}

/** Two steps, because a server that cannot be deleted yet is still there to be put back to work. */
function takeOut(backend: Backend, fleet: Fleet, node: string): readonly Step[] {
  const at = `${backend}/${fleet.name}`;
  const asked = backend !== 'cxb_control';
  return [
    {
      say: `take ${fleet.name} out of ${backend}`,
      actions: [...(asked ? [tell(`disable agent ${at}`)] : []), tell(`set server ${at} state maint`)],
      undo: [
        ...(asked ? [tell(`enable agent ${at}`)] : []),
        tell(`set server ${at} state ${asked ? 'drain' : 'ready'}`),
      ],
    },
    {
      say: `delete ${fleet.name} from ${backend}`,
      actions: [deleteServer(backend, fleet)],
      undo: [...addServer(backend, fleet, node).actions, tell(`enable health ${at}`)],
    },
  ];
}

function deleteServer(backend: Backend, fleet: Fleet): Action {
  return {
    do: 'tell-until',
    command: `del server ${backend}/${fleet.name}`,
    says: DELETED,
    while: BUSY_SERVER,
  };
}

function waitFor(fleet: Fleet, as: 'DRAIN' | 'UP'): Step {
  return {
    say: `wait until ${fleet.name} is well in every backend`,
    actions: BACKENDS.map((backend) => ({ do: 'await-server', backend, server: fleet.name, as })),
  };
}

function setState(backends: readonly Backend[], fleet: Fleet, state: 'drain' | 'ready'): Action[] {
  return backends.map((backend) => tell(`set server ${backend}/${fleet.name} state ${state}`));
}

function tell(command: string): Action {
  return { do: 'tell', command };
}
