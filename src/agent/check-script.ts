import type { Hear } from './hear.ts';
import type { Mistake } from './mistakes.ts';
import type { AnyState, ScriptSpec } from './script.ts';
import type { Tool } from './tool.ts';
import type { Transfer } from './transfer.ts';

/** Targets that are no states. */
const ENDS = ['end', 'person', 'message'] as const;

const STATE_KEYS = [
  'forget',
  'say',
  'rephrase',
  'keypad',
  'hear',
  'also',
  'offer',
  'confirm',
  'corrected',
  'refused',
  'run',
  'input',
  'set',
  'result',
  'transfer',
  'uninterruptible',
  'next',
];

type Report = (path: string, message: string) => void;

/** Checks a script as far as it can be without running it, and names its tools into `tools`. */
export function checkScript(spec: ScriptSpec, tools: Record<string, Tool>, mistakes: Mistake[]): void {
  const report: Report = (path, message) => void mistakes.push({ path, message });
  const states = Object.keys(spec.states ?? {});
  if (states.length === 0) report('states', 'must have at least one state');
  for (const name of ENDS)
    if (states.includes(name))
      report(`states.${name}`, `"${name}" has a meaning of its own; use another name`);
  if (!states.includes(spec.start))
    report('start', `there is no state "${spec.start}"${didYouMean(spec.start, states)}`);
  if (spec.person) checkTransfer(spec.person, 'person', report);
  if (spec.message !== false && !(spec.message.maxS >= 1 && spec.message.maxS <= 600))
    report('message.maxS', 'must be 1 to 600 seconds');
  if ('place' in (spec.slots ?? {}))
    report('slots.place', '"place" is kept for "the second one"; use another name');
  for (const [name, slot] of Object.entries(spec.slots ?? {})) checkSlot(slot, `slots.${name}`, report);
  for (const [name, state] of Object.entries(spec.states ?? {})) checkState(name, state, spec, tools, report);
  // A wrong target leaves states unreached: that is said already.
  if (mistakes.length === 0) checkReach(spec, report);
}

function checkState(
  name: string,
  state: AnyState,
  spec: ScriptSpec,
  tools: Record<string, Tool>,
  report: Report,
): void {
  const at = `states.${name}`;
  const states = Object.keys(spec.states);
  for (const key of Object.keys(state))
    if (!STATE_KEYS.includes(key)) report(`${at}.${key}`, `is unknown${didYouMean(key, STATE_KEYS)}`);
  const targets = [...states, ...ENDS];
  if (state.next === undefined) report(`${at}.next`, 'is missing: say where the conversation goes from here');
  else if (typeof state.next === 'string' && !targets.includes(state.next))
    report(`${at}.next`, `there is no state "${state.next}"${didYouMean(state.next, targets)}`);
  if (state.corrected !== undefined && !states.includes(state.corrected))
    report(`${at}.corrected`, `there is no state "${state.corrected}"${didYouMean(state.corrected, states)}`);
  if (state.refused !== undefined && !targets.includes(state.refused))
    report(`${at}.refused`, `there is no state "${state.refused}"${didYouMean(state.refused, targets)}`);
  if (state.confirm !== undefined && state.refused === undefined && slotNames(state.hear).length === 0)
    report(`${at}.refused`, 'is missing: say where a "no" leads, since there is no slot to correct');
  for (const key of ['hear', 'also', 'forget'] as const)
    for (const slot of slotNames(state[key]))
      if (!(slot in spec.slots))
        report(`${at}.${key}`, `there is no slot "${slot}"${didYouMean(slot, Object.keys(spec.slots))}`);
  const needs = slotNames(state.hear);
  if (needs.length > 0 && state.say === undefined && state.confirm === undefined && state.offer === undefined)
    report(`${at}.say`, 'is missing: a state that hears must ask');
  if (state.offer && needs.length === 0)
    report(`${at}.hear`, 'is missing: the options that are offered need a slot to go to');
  if (state.transfer) checkTransfer(state.transfer, `${at}.transfer`, report);
  if (state.run) nameTool(name, state.run, tools, report);
  else if (state.input) report(`${at}.input`, 'has no tool: add run, or leave input out');
}

function nameTool(state: string, tool: Tool, tools: Record<string, Tool>, report: Report): void {
  if (tool.kind !== 'tool' || typeof tool.execute !== 'function')
    return report(`states.${state}.run`, 'must be what tool({ … }) returns');
  if (Object.values(tools).includes(tool)) return;
  const name = tool.name ?? state;
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(name))
    report(`states.${state}.run`, `"${name}" cannot name a tool: letters, digits, "_" and "-" only`);
  else if (name in tools)
    report(`states.${state}.run`, `there are two tools with the name "${name}"; give one another name`);
  tools[name] = tool;
}

function checkSlot(slot: Hear, at: string, report: Report): void {
  if (slot.kind === 'digits' && !(slot.min >= 1 && slot.max >= slot.min && slot.max <= 40))
    report(at, `digits must be 1 to 40, the smaller number first; this is ${slot.min} to ${slot.max}`);
  if (slot.kind === 'time' && slot.fromHour !== undefined && !(slot.fromHour >= 0 && slot.fromHour <= 23))
    report(`${at}.fromHour`, 'must be an hour from 0 to 23');
  if (slot.kind !== 'choice' && slot.kind !== 'name') return;
  if (slot.options.length === 0) report(at, 'must have at least one option');
  const seen = new Map<string, string>();
  for (const { value, phrases, key } of slot.options) {
    if (phrases.length === 0) report(`${at}.${value}`, 'must have at least one phrase');
    if (key !== undefined && !/^[0-9]$/.test(key)) report(`${at}.${value}`, `"${key}" is no key from 0 to 9`);
    for (const phrase of phrases) {
      const same = phrase.toLowerCase().trim();
      const other = seen.get(same);
      if (other !== undefined && other !== value)
        report(`${at}.${value}`, `"${phrase}" already stands for "${other}"`);
      seen.set(same, value);
      if (!/^[a-z][a-z' .-]*$/i.test(phrase))
        report(
          `${at}.${value}`,
          `"${phrase}" must be written as it is spoken: English words, numbers written out`,
        );
    }
  }
}

function checkTransfer(target: Transfer, at: string, report: Report): void {
  if (!/^(tel:\+?[0-9]{2,20}|sips?:[^\s]+)$/.test(target.to))
    report(at, `"${target.to}" is no number to call: use tel:+15550100 or sip:desk@example.com`);
  if (!(target.ringS >= 1 && target.ringS <= 120)) report(at, 'ringS must be 1 to 120 seconds');
}

/** States that nothing leads to are mostly misspelled targets; functions may lead anywhere, so they end the check. */
function checkReach(spec: ScriptSpec, report: Report): void {
  const all = Object.values(spec.states);
  if (all.some((state) => typeof state.next === 'function')) return;
  const reached = new Set<string>([spec.start]);
  for (const name of reached) {
    const state = spec.states[name];
    if (typeof state?.next === 'string') reached.add(state.next);
    if (state?.corrected) reached.add(state.corrected);
    if (state?.refused) reached.add(state.refused);
  }
  for (const name of Object.keys(spec.states))
    if (!reached.has(name)) report(`states.${name}`, 'no state leads here');
}

/** The slots of `hear`, `also` or `forget`, which may be one name, several, or absent. */
export function slotNames(given: string | readonly string[] | undefined): readonly string[] {
  if (given === undefined) return [];
  return typeof given === 'string' ? [given] : given;
}

function didYouMean(given: string, known: readonly string[]): string {
  const near = known.find((name) => distance(given.toLowerCase(), name.toLowerCase()) <= 2);
  if (near !== undefined) return `; did you mean "${near}"?`;
  return known.length > 0 && known.length <= 12 ? `; there are ${known.join(', ')}` : '';
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
