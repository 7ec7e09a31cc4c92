import { minutesOf } from '../../agent/hear/calendar.ts';
import { type Understood, understand } from '../../agent/hear/understand.ts';
import { DAY_PARTS, type Universal } from '../../agent/hear/vocabulary.ts';
import { change, type Draft, missing, say, stateOf } from './draft.ts';
import { PLACE_SLOT } from './expectations.ts';
import { afterConfirming, enter, goOn } from './flow.ts';
import { keyed } from './keypad.ts';
import { emptyMemory } from './memory.ts';
import type { News } from './news.ts';
import { askAgain, askNow, end, expectationOf, person } from './ways.ts';

/** What the caller said or keyed, and what follows from it. */

/** True when what the caller said or keyed was of use. */
export function answered(d: Draft, news: News): boolean {
  if (news.keys !== '') return pressed(d, news.keys);
  if (news.text === '') return false;
  const expected = expectationOf(d);
  const understood = understand(news.text, expected, {
    today: d.now.date,
    parts: d.memory.parts,
    filled: new Set(Object.keys(d.memory.slots)),
    ...(d.memory.offered && { offered: d.memory.offered }),
  });
  if (!understood.any) return false;
  if (understood.universal) wished(d, understood.universal);
  else if (d.memory.phase === 'confirming') return confirmed(d, understood);
  else take(d, understood);
  return true;
}

function wished(d: Draft, wish: Universal): void {
  switch (wish) {
    case 'person':
      return person(d);
    case 'repeat':
      return askAgain(d);
    case 'restart':
      say(d, d.phrases.restart);
      change(d, { ...emptyMemory(d.spec.start), seen: d.memory.seen });
      return enter(d, d.spec.start);
    case 'goodbye':
      say(d, d.phrases.goodbye);
      return end(d, 'agent.finished');
    case 'hold':
      say(d, d.phrases.hold);
      change(d, { waiting: { for: 'hold' } });
      d.parts.push({ kind: 'expect', expectation: expectationOf(d) });
      d.parts.push({ kind: 'move', move: { kind: 'hold', maxS: 30 } });
  }
}

/** Fills what was understood into the slots and goes on. */
function take(d: Draft, understood: Understood): void {
  const values = { ...understood.values };
  const place = values[PLACE_SLOT];
  delete values[PLACE_SLOT];
  const offered = d.memory.offered;
  // "Number two" is a place in a list only as far as the list was heard.
  const chosen = offered && place !== undefined ? offered.values[Number(place) - 1] : undefined;
  if (offered && chosen !== undefined) values[offered.slot] = chosen;
  fill(d, { ...understood, values });
  change(d, { tries: 0, phase: 'asking', offered: null });
  goOn(d);
}

function fill(d: Draft, { values, parts }: Pick<Understood, 'values' | 'parts'>): void {
  const slots = { ...d.memory.slots, ...values };
  const known = { ...d.memory.parts, ...parts };
  for (const [slot, part] of Object.entries(parts)) {
    // "In the afternoon" about a time that is known moves it there, or asks for it anew.
    const range = DAY_PARTS[part];
    const time = slots[slot];
    if (slot in values || typeof time !== 'string' || !range) continue;
    const inside = [minutesOf(time), (minutesOf(time) + 720) % 1440].find(
      (one) => one >= range[0] && one < range[1],
    );
    if (inside === undefined) delete slots[slot];
    else slots[slot] = `${String(Math.floor(inside / 60)).padStart(2, '0')}:${time.slice(3)}`;
  }
  for (const slot of Object.keys(known)) if (slot in slots) delete known[slot];
  change(d, { slots, parts: known });
}

/** An answer to what was read back: yes, no, or what is different. False when it was none. */
function confirmed(d: Draft, understood: Understood): boolean {
  const { values, parts, answer } = understood;
  const different = Object.entries(values).some(([slot, value]) => d.memory.slots[slot] !== value);
  if (different || Object.keys(parts).length > 0) {
    fill(d, understood);
    change(d, { tries: 0, phase: 'asking' });
    const { corrected } = stateOf(d);
    if (corrected !== undefined) enter(d, corrected);
    else goOn(d);
    return true;
  }
  if (answer === false) {
    const { refused } = stateOf(d);
    change(d, { tries: 0, phase: refused === undefined ? 'changing' : 'asking' });
    if (refused === undefined) askNow(d);
    else enter(d, refused);
    return true;
  }
  // Who repeats what was read back, agrees with it.
  if (answer === true || Object.keys(values).length > 0) {
    change(d, { tries: 0, phase: 'asking' });
    afterConfirming(d);
    return true;
  }
  return false;
}

/** Keys, as many as answer the present question and perhaps the next ones. False when they answer nothing. */
function pressed(d: Draft, keys: string): boolean {
  if (keys.includes('*')) {
    askAgain(d);
    return true;
  }
  const digits = keys.replace(/#/g, '');
  if (d.memory.phase === 'confirming') {
    if (digits === '0') return toPerson(d);
    if (digits !== '1' && digits !== '2') return false;
    return confirmed(d, { values: {}, parts: {}, any: true, answer: digits === '1' });
  }
  let rest = digits;
  const values: Record<string, string | boolean> = {};
  const { offered } = d.memory;
  for (const slot of missing(d)) {
    const hear = d.spec.slots[slot];
    if (rest === '' || !hear) break;
    const place =
      stateOf(d).offer && offered?.slot === slot ? offered.values[Number(rest[0]) - 1] : undefined;
    const read = place === undefined ? keyed(hear, rest, d.now.date) : { value: place, rest: rest.slice(1) };
    if (!read) break;
    values[slot] = read.value;
    ({ rest } = read);
  }
  if (Object.keys(values).length === 0) return digits === '0' ? toPerson(d) : false;
  fill(d, { values, parts: {} });
  change(d, { tries: 0, phase: 'asking', offered: null });
  goOn(d);
  return true;
}

function toPerson(d: Draft): true {
  person(d);
  return true;
}
