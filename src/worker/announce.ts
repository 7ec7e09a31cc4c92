import type { Clock } from '../kit/clock.ts';
import type { Notifier } from '../kit/notify.ts';
import type { Life } from './state.ts';

/** A worker may take as long as it needs to warm up, such as for its turn, as long as its loop runs and says so. */
const EXTEND_EVERY_MS = 15_000;
/** What one sign of life is good for: several of them may be missed. */
const EXTEND_BY_MS = 90_000;

/** Tells the service manager what a worker's life comes to. @returns what to call after each change of it */
export function announcer(notifier: Notifier, clock: Clock): (life: Life) => void {
  let ready = false;
  let stopping = false;
  const askForTime = () => {
    if (ready || stopping) return;
    notifier.extend(EXTEND_BY_MS);
    clock.after(EXTEND_EVERY_MS, askForTime);
  };
  askForTime();
  return (life) => {
    if (!stopping && (life.draining === 'leaving' || life.phase.name === 'stopped')) {
      stopping = true;
      notifier.stopping(statusText(life));
    } else if (!ready && life.phase.name === 'free') {
      ready = true;
      notifier.ready(statusText(life));
    } else {
      notifier.status(statusText(life));
    }
  };
}

function statusText({ phase, draining }: Life): string {
  const words = {
    starting: 'starting',
    warming: 'warming up',
    free: draining === 'parked' ? 'drained: takes no calls until it is undrained' : 'free',
    reserved: 'a call is coming in',
    live: 'in a call',
    ending: 'ending a call',
    stopped: 'stopped',
  }[phase.name];
  const callId = phase.name === 'live' ? ` (${phase.callId})` : '';
  const failed = phase.name === 'warming' && phase.failures > 0 ? `, failed ${phase.failures} times` : '';
  const leaving = draining === 'leaving' && phase.name !== 'stopped' ? '; leaves after that' : '';
  return `${words}${callId}${failed}${leaving}`;
}
