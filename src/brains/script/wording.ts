import { slotNames } from '../../agent/check-script.ts';
import { sayList, sayValue } from '../../agent/hear/say.ts';
import { cardinal, words } from '../../agent/hear/text.ts';
import type { Hear } from '../../agent/hear.ts';
import { aboutOf, calling, type Draft, missing, sentence, slotsOf, stateOf } from './draft.ts';
import { MAX_OFFERS } from './expectations.ts';
import type { ReadOut } from './memory.ts';

/** A question and the options it reads out, if it does. */
export interface Question {
  readonly text: string;
  readonly offered: ReadOut | null;
}

/**
 * The present question in the words for this try: as written, rephrased, then for the keypad. So nobody hears the
 * same words three times.
 */
export function questionOf(d: Draft): Question {
  const state = stateOf(d);
  const { phase, tries } = d.memory;
  if (phase === 'confirming') return plain(confirmation(d));
  if (phase === 'changing' && tries === 0) return plain(d.phrases.change);
  const needs = slotNames(state.hear);
  const open = missing(d);
  const [slot = needs[0] ?? ''] = open;
  const hear = d.spec.slots[slot];
  if (!hear) return plain(sentence(d, 'say', state.say));
  if (state.offer && open.includes(needs[0] ?? '')) return offering(d, needs[0] ?? '');
  // With a part of the answer known, only the rest is asked for.
  const whole = phase === 'asking' && open.length === needs.length && !(slot in d.memory.parts);
  const text =
    tries === 0
      ? whole
        ? sentence(d, 'say', state.say)
        : askFor(d, slot, hear)
      : tries === 1
        ? (whole && sentence(d, 'rephrase', state.rephrase)) || rephrase(hear)
        : (whole && sentence(d, 'keypad', state.keypad)) || keypad(hear);
  return { text, offered: readOut(slot, hear, text) };
}

function plain(text: string): Question {
  return { text, offered: null };
}

/** The options of a choice in the order in which a question happens to name them. */
function readOut(slot: string, hear: Hear, text: string): ReadOut | null {
  if (hear.kind !== 'choice' && hear.kind !== 'name') return null;
  const all = words(text);
  const named = hear.options
    .map(({ value, phrases }) => {
      const places = phrases.map((phrase) => ({ phrase, at: placeIn(all, words(phrase), 0) }));
      const [first] = places.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
      return { value, said: first?.phrase ?? '', at: first?.at ?? -1 };
    })
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  if (named.length === 0) return null;
  return {
    slot,
    values: named.map(({ value }) => value),
    said: named.map(({ said }) => said),
    begun: named.length,
  };
}

function placeIn(all: readonly string[], wanted: readonly string[], from: number): number {
  return all.findIndex(
    (_, index) => index >= from && wanted.every((word, offset) => all[index + offset] === word),
  );
}

function confirmation(d: Draft): string {
  const { confirm } = stateOf(d);
  if (d.memory.tries >= 2) return d.phrases.confirmKeys;
  const text = sentence(d, 'confirm', confirm);
  return d.memory.tries === 1 ? `${text} ${d.phrases.confirmAgain}` : text;
}

function offering(d: Draft, slot: string): Question {
  const state = stateOf(d);
  const hear = d.spec.slots[slot];
  const offers = calling(d, 'offer', () => state.offer?.(slotsOf(d), aboutOf(d)) ?? []).slice(0, MAX_OFFERS);
  const values = offers.map((offer) => (typeof offer === 'string' ? offer : offer.value));
  const said = offers.map((offer, index) => {
    if (typeof offer !== 'string') return offer.say;
    return hear ? sayValue(hear, values[index] ?? '', d.now.date) : offer;
  });
  const offered = values.length === 0 ? null : { slot, values, said, begun: values.length };
  if (offered === null) return plain(sentence(d, 'say', state.say));
  const { tries } = d.memory;
  if (tries >= 2) return { text: pressFor(said.map((one, index) => [String(index + 1), one])), offered };
  const list = `${sayList(said)}.`;
  if (tries === 1) {
    const before = sentence(d, 'rephrase', state.rephrase) || 'Please choose one of these:';
    return { text: `${before} ${list}`, offered };
  }
  return { text: `${sentence(d, 'say', state.say)} ${list}`, offered };
}

function askFor(d: Draft, slot: string, hear: Hear): string {
  const part = d.memory.parts[slot];
  if (hear.kind === 'time' && part !== undefined)
    return part === 'night' || part === 'tonight'
      ? `At what time ${part === 'night' ? 'at night' : part}?`
      : `At what time in the ${part}?`;
  if (hear.ask !== undefined) return hear.ask;
  switch (hear.kind) {
    case 'date':
      return 'For which day?';
    case 'time':
      return 'At what time?';
    case 'digits':
      return 'What is the number?';
    case 'yesno':
      return 'Yes or no?';
    case 'choice':
    case 'name':
      return `Which one: ${sayList(labels(hear))}?`;
    case 'free':
      return 'Please tell me.';
  }
}

function rephrase(hear: Hear): string {
  switch (hear.kind) {
    case 'date':
      return 'Please say a day, such as Monday, tomorrow, or May fourth.';
    case 'time':
      return 'Please say a time, such as ten thirty, or two in the afternoon.';
    case 'digits':
      return `Please say the ${howMany(hear)}digits one by one.`;
    case 'yesno':
      return 'Please say yes or no.';
    case 'choice':
    case 'name':
      return `You can say: ${sayList(labels(hear))}.`;
    case 'free':
      return 'Please say it in other words.';
  }
}

function keypad(hear: Hear): string {
  switch (hear.kind) {
    case 'date':
      return hear.lies === 'behind'
        ? 'Please key in two digits for the month, two for the day, and four for the year.'
        : 'Please key in two digits for the month and two for the day.';
    case 'time':
      return 'Please key in four digits, such as one four three zero for half past two.';
    case 'digits':
      return `Please key in the ${howMany(hear)}digits${hear.min === hear.max ? '' : ', and then the pound key'}.`;
    case 'yesno':
      return 'Press one for yes, or two for no.';
    case 'choice':
    case 'name':
      return pressFor(hear.options.map(({ key = '', phrases }) => [key, phrases[0] ?? '']));
    case 'free':
      return 'Please say it once more, or press zero for a person.';
  }
}

function howMany(hear: { readonly min: number; readonly max: number }): string {
  return hear.min === hear.max ? `${cardinal(hear.min).join(' ')} ` : '';
}

function pressFor(options: readonly (readonly [key: string, label: string])[]): string {
  const keys = options
    .filter(([key]) => key !== '')
    .map(([key, label]) => `${cardinal(Number(key)).join(' ')} for ${label}`);
  return `Press ${sayList(keys)}.`;
}

function labels(hear: { readonly options: readonly { readonly phrases: readonly string[] }[] }): string[] {
  return hear.options.slice(0, 9).map(({ phrases }) => phrases[0] ?? '');
}

/**
 * The options as far as they were at least begun in what the caller heard of a reply.
 *
 * @param full the reply as it was written
 * @param heard as much of it as the caller heard
 */
export function heardOf(offered: ReadOut, full: string, heard: string): ReadOut {
  const all = words(full);
  const reached = words(heard).length;
  let from = 0;
  let begun = 0;
  for (const option of offered.said) {
    const wanted = words(option);
    const at = placeIn(all, wanted, from);
    if (at < 0 || at >= reached) break;
    begun++;
    from = at + wanted.length;
  }
  return { ...offered, begun };
}
