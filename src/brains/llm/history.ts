import type { ModelMessage } from 'ai';
import type { Json } from '../../kit/json.ts';
import type { Item } from '../../ports/brain.ts';

/** More of a conversation than this is not sent again with every question; the oldest goes first. */
const MAX_ITEMS = 400;

/**
 * The conversation as a model reads it: of what the agent said only what the caller heard, never what was merely sent.
 * Everything that is neither speech nor a tool is a remark in parentheses.
 */
export function historyOf(conversation: readonly Item[]): ModelMessage[] {
  const messages = inOrder(conversation.slice(-MAX_ITEMS)).flatMap(messagesOf);
  // Some providers refuse a conversation that the assistant begins.
  return messages[0]?.role === 'user' ? messages : [remark('The call begins.'), ...messages];
}

/**
 * Tools that an answer prepared before the turn was certainly over has run stand before the words they answer: a model
 * would read a look-up without a question, and then a question without an answer.
 */
function inOrder(items: readonly Item[]): readonly Item[] {
  const ordered: Item[] = [];
  let early: Item[] = [];
  for (const item of items) {
    if (item.kind === 'tool' && (early.length > 0 || ordered.at(-1)?.kind === 'agent')) early.push(item);
    else {
      ordered.push(...(item.kind === 'caller' ? [item, ...early] : [...early, item]));
      early = [];
    }
  }
  return [...ordered, ...early];
}

function messagesOf(item: Item): ModelMessage[] {
  switch (item.kind) {
    case 'caller':
      return [{ role: 'user', content: item.text }];
    case 'agent':
      if (item.text === '') return [];
      return [{ role: 'assistant', content: item.cut ? `${item.text} …` : item.text }];
    case 'unclear':
      return [remark('The caller said something that was not understood.')];
    case 'keys':
      return [remark(`The caller pressed the keys ${item.digits}.`)];
    case 'silence':
      return [remark('The caller says nothing.')];
    case 'move':
      return item.outcome.ok ? [] : [remark(`The ${item.move} did not work: ${item.outcome.why}.`)];
    case 'tool':
      return toolMessages(item);
  }
}

function toolMessages(item: Extract<Item, { kind: 'tool' }>): ModelMessage[] {
  // Providers allow letters, digits, "_" and "-" here, and at most 64 of them.
  const toolCallId = item.tool.replace(/[^A-Za-z0-9_-]/g, '_').slice(-64);
  const { outcome } = item;
  return [
    {
      role: 'assistant',
      content: [{ type: 'tool-call', toolCallId, toolName: item.name, input: objectOf(item.input) }],
    },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId,
          toolName: item.name,
          output: outcome.ok
            ? { type: 'text', value: JSON.stringify(outcome.value) }
            : { type: 'error-text', value: `${outcome.why}: ${outcome.error}` },
        },
      ],
    },
  ];
}

/** Input that was no JSON was refused; providers want an object in its place all the same. */
function objectOf(input: Json): Json {
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : {};
}

function remark(text: string): ModelMessage {
  return { role: 'user', content: `(${text})` };
}
