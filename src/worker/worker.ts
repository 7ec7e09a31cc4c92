import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ExitName } from '../contract/exit-codes.ts';
import type { Settings } from '../contract/settings.ts';
import { type Clock, sleep } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { within } from '../kit/within.ts';
import { type Controlled, openAnswer, openControl } from './control.ts';
import type { Identity } from './identity.ts';
import { Lifecycle } from './lifecycle.ts';
import { Listener } from './listener.ts';
import { openMetrics, type WorkerMetrics } from './metrics.ts';
import { NotNow } from './ownership.ts';
import { type ParkedMark, parkedMark } from './parked.ts';
import { Recycle } from './recycle.ts';
import { recycleMark } from './recycle-mark.ts';
import { Reload } from './reload.ts';
import { Seat } from './seat.ts';
import type { StartServer } from './server.ts';
import { type OpenServices, type Services, Unusable } from './services.ts';
import { openStarts } from './starts.ts';
import { type Life, type LifeEffect, stateOf } from './state.ts';

export interface WorkerOptions {
  readonly settings: Settings;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Log;
  readonly build: string;
  readonly openServices: OpenServices;
  /** Reads the secrets again into the settings above. @throws when they cannot be used, with nothing changed */
  readonly rereadSecrets?: () => void;
  /** Told of each change of the worker's life. */
  readonly onLife?: (life: Life) => void;
}

/** Between two looks whether the socket in the file system is still ours. */
const VERIFY_MS = 1000;
/** How long engines may take to close; then the process ends without it. */
const CLOSE_MS = 1000;
/** The longest wait before loading and warming up are tried again. */
const WARM_UP_RETRY_MAX_MS = 60_000;

/**
 * One worker: joins its life, its sockets, its seat and its services. The seat must be owned already.
 *
 * In: connections, signals (`drain`, `stop`), control requests. Out: answers, calls, and `done` with the exit code.
 */
export class Worker implements Controlled {
  readonly #options: WorkerOptions;
  readonly #life: Lifecycle;
  readonly #metrics: WorkerMetrics;
  readonly #seat: Seat;
  readonly #starts: StartServer;
  readonly #parked: ParkedMark;
  readonly #recycle: Recycle;
  readonly #reload: Reload;
  readonly #listener: Listener | undefined;
  /** Accepted connections that keep the worker from listening. */
  readonly #waiting = new Set<Duplex>();
  #control: Listener | undefined;
  #tcp: Server | undefined;
  #services: Services | undefined;
  #warmUpMs: Record<string, number> = {};
  #warmUpError: string | undefined;
  #finish: (exit: ExitName) => void = () => undefined;
  /** Resolves when the process may end. */
  readonly done: Promise<ExitName>;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { clock, log, settings, identity } = options;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#parked = parkedMark(settings.dataDir, identity.stem, log);
    const alwaysOpen = identity.socket === undefined;
    this.#life = new Lifecycle({
      clock,
      log,
      alwaysOpen,
      act: (effect) => this.#act(effect),
      ...(options.onLife && { changed: options.onLife }),
    });
    this.#metrics = openMetrics(() => ({
      state: stateOf(this.#life.life),
      draining: this.#life.life.draining !== 'no',
      warmUpMs: this.#warmUpMs,
    }));
    this.#seat = new Seat({
      settings,
      clock,
      log,
      metrics: this.#metrics,
      send: (event) => this.#life.send(event),
    });
    this.#reload = new Reload({
      clock,
      log,
      limitMs: settings.warmUpS * 1000,
      rereadSecrets: options.rereadSecrets ?? (() => undefined),
    });
    const mark = recycleMark(settings.dataDir, identity.worker, clock, log);
    this.#recycle = new Recycle({ settings, log, mark, calls: () => this.#metrics.calls() });
    this.#starts = this.#openStarts();
    if (identity.socket !== undefined) {
      this.#listener = new Listener({
        path: identity.socket,
        mode: 0o660,
        clock,
        onConnection: (socket) => this.#accepted(socket),
      });
    }
  }

  /** Opens the control socket (and the port of TCP mode) and begins to warm up. @throws NotNow */
  async start(): Promise<void> {
    const { identity, clock, log } = this.#options;
    try {
      this.#control = openControl(identity.control, this, clock);
    } catch (error) {
      throw new NotNow(`the control socket ${identity.control} cannot be opened`, { cause: error });
    }
    if (!this.#listener) this.#tcp = await this.#openPort();
    if (this.#parked.isSet()) {
      log.warn('parked before the restart: taking no calls until /undrain');
      this.#life.send({ kind: 'drain', how: 'parked' });
    }
    this.#recycle.start();
    this.#life.send({ kind: 'booted' });
    this.#verifySoon();
  }

  /** Takes no new call; the live one goes on to its end, then the process ends. */
  leave(why: string): void {
    const { clock, log, settings } = this.#options;
    log.info('leaving: no new call, the live one goes on to its end', { why });
    this.#life.send({ kind: 'drain', how: 'leaving' });
    clock.after(settings.drainS * 1000, () => this.stop('CXBCORE_DRAIN_S is over'));
  }

  /** Ends the live call, then the process. */
  stop(why: string): void {
    this.#options.log.info('stopping: the live call ends now', { why });
    this.#life.send({ kind: 'stop' });
  }

  status(): ReturnType<Controlled['status']> {
    const { life, sinceMs } = this.#life;
    return {
      worker: this.#options.identity.worker,
      state: stateOf(life),
      draining: life.draining !== 'no',
      degraded: this.#seat.trouble ?? this.#warmUpError ?? this.#services?.degraded ?? null,
      since_ms: sinceMs,
      build: this.#options.build,
      calls: this.#metrics.calls(),
      warm_up_ms: this.#warmUpMs,
      agents: this.#services?.agents() ?? null,
      reload: this.#reload.status,
      call: this.#seat.status(),
    };
  }

  metricsPage(): string {
    return this.#metrics.page();
  }

  drain(): void {
    this.#parked.set();
    this.#life.send({ kind: 'drain', how: 'parked' });
  }

  undrain(): void {
    this.#parked.clear();
    this.#life.send({ kind: 'undrain' });
  }

  reload(): void {
    const free = stateOf(this.#life.life) === 'free';
    this.#reload.ask(free ? this.#services : undefined);
  }

  hangUp(): string | null {
    const callId = this.#seat.callId;
    if (callId !== null) this.#seat.end('operator.hung_up');
    return callId;
  }

  #openStarts(): StartServer {
    const { settings, clock, log, identity } = this.#options;
    return openStarts({
      settings,
      identity,
      clock,
      log,
      metrics: this.#metrics,
      life: this.#life,
      seat: this.#seat,
      services: () => this.#services,
      answered: (socket) => this.#over(socket),
      ...(identity.socket === undefined && { extra: (method, path) => openAnswer(this, method, path) }),
    });
  }

  #accepted(socket: Socket): void {
    socket.once('close', () => this.#over(socket));
    this.#waiting.add(socket);
    this.#life.send({ kind: 'connected' });
    this.#starts.connection(socket);
  }

  /** No call can come of this connection any more, or the one that did has left it. */
  #over(socket: Duplex): void {
    if (this.#waiting.delete(socket)) this.#life.send({ kind: 'disconnected' });
  }

  #openPort(): Promise<Server> {
    const { host, port } = this.#options.settings;
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) =>
        this.#starts.connection(socket),
      );
      server.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'another process listens there' : error.message;
        reject(new NotNow(`cannot listen on ${host}:${port}: ${why}`, { cause: error }));
      });
      server.listen({ host, port }, () => resolve(server));
    });
  }

  #act(effect: LifeEffect): void {
    switch (effect.kind) {
      case 'warm-up':
        void this.#warmUp(effect.failures);
        return;
      case 'listen':
        this.#listen();
        return;
      case 'stop-listening':
        this.#listener?.stop();
        return;
      case 'leave-rotation':
        void Promise.resolve(this.#listener?.leave()).then(() => this.#life.send({ kind: 'left' }));
        return;
      case 'end-call':
        this.#seat.end(effect.reason);
        return;
      case 'clean':
        void this.#clean();
        return;
      case 'exit':
        void this.#exit(effect.exit);
        return;
    }
  }

  #listen(): void {
    try {
      this.#listener?.start();
      // The one stamp after which a refused start would be a false refusal; placement is measured against it.
      this.#options.log.debug('listening');
    } catch (error) {
      this.#options.log.error('cannot listen', { error });
      void this.#exit('notNow');
    }
  }

  async #warmUp(failures: number): Promise<void> {
    const { clock, log, openServices, settings, build, identity } = this.#options;
    if (failures > 0) await sleep(clock, Math.min(WARM_UP_RETRY_MAX_MS, 250 * 2 ** failures));
    const stages: Record<string, number> = {};
    const stage = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      const startedMs = clock.now();
      try {
        return await work();
      } finally {
        stages[name] = Math.round(clock.now() - startedMs);
      }
    };
    try {
      const context = {
        settings,
        clock,
        log,
        build,
        worker: identity.worker,
        metrics: this.#metrics.call,
        stage,
      };
      this.#services = await openServices(context);
      this.#warmUpMs = stages;
      this.#warmUpError = undefined;
      log.info('warmed up', { warm_up_ms: stages });
      void this.#reload.run(this.#services);
      this.#life.send({ kind: 'warmed-up' });
      this.#recycle.ready();
      this.#services.onBroken((why) => this.#broken(why));
    } catch (error) {
      this.#warmUpMs = stages;
      if (error instanceof Unusable) {
        log.error('agents or settings cannot be used; another try would not help', { error });
        void this.#exit('settings');
        return;
      }
      this.#warmUpError = `warm-up failed: ${error instanceof Error ? error.message : String(error)}`;
      log.error('warm-up failed; it will be tried again', { error, failures: failures + 1 });
      this.#life.send({ kind: 'warm-up-failed' });
    }
  }

  #broken(why: string): void {
    this.#options.log.error('the engines have died; another process takes the seat over', { why });
    this.#life.send({ kind: 'broken' });
  }

  async #clean(): Promise<void> {
    const { clock, settings } = this.#options;
    try {
      await within(clock, settings.resetMs, 'the reset of the engines', this.#ready().reset());
    } catch (error) {
      // What cannot be reset must not reach the next caller: a fresh process takes the seat over.
      this.#options.log.error('the engines could not be reset between calls', { error });
      void this.#exit('bug');
      return;
    }
    await this.#reload.run(this.#ready());
    if (await this.#recycle.due()) this.#life.send({ kind: 'drain', how: 'leaving' });
    this.#life.send({ kind: 'cleaned' });
  }

  #ready(): Services {
    if (!this.#services) throw new Error('a call was opened before the worker was ready');
    return this.#services;
  }

  /** Puts back what others remove, such as a cleaner of temporary files. */
  #verifySoon(): void {
    const { clock, log } = this.#options;
    clock.after(VERIFY_MS, () => {
      try {
        if (this.#control?.verify()) log.warn('the control socket had been replaced and was put back');
        if (this.#listener?.verify()) {
          this.#metrics.republished();
          log.warn('the call socket had been replaced and was put back');
        }
      } catch (error) {
        log.error('a socket is gone and cannot be put back', { error });
      }
      this.#verifySoon();
    });
  }

  async #exit(exit: ExitName): Promise<void> {
    const { clock } = this.#options;
    this.#listener?.stop();
    this.#tcp?.close();
    this.#control?.remove();
    await Promise.race([this.#services?.close().catch(() => undefined), sleep(clock, CLOSE_MS)]);
    this.#finish(exit);
  }
}
