import type { Mistake } from './mistakes.ts';
import type { Tool } from './tool.ts';
import type { Transfer } from './transfer.ts';

/** Providers that a model can be named from, such as `openai/gpt-5-mini`. */
export const MODEL_PROVIDERS = ['openai', 'anthropic', 'google', 'groq'] as const;

export type ModelProvider = (typeof MODEL_PROVIDERS)[number];

/** The versions of model objects that the AI SDK 6 takes. */
const SPECIFICATIONS: readonly string[] = ['v2', 'v3'];

/** A server that speaks OpenAI's chat completions, such as Ollama or vLLM. */
export interface ModelEndpoint {
  /** Such as `http://127.0.0.1:11434/v1`. */
  readonly url: string;
  readonly model: string;
}

/** Any model object of the AI SDK; only what tells it from other objects is named here. */
export interface SdkModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
}

/** What instructions written as a function may look at. */
export interface InstructionsContext {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly line: { readonly from?: string; readonly to?: string };
  /** Now in the agent's time zone: `YYYY-MM-DD`, and `HH:MM`. */
  readonly today: string;
  readonly time: string;
}

/** What a user writes. */
export interface LlmSource {
  /** `provider/model`, an endpoint, or a model object of the AI SDK. */
  readonly model: string | ModelEndpoint | SdkModel;
  readonly instructions: string | ((about: InstructionsContext) => string);
  /** By the name the model calls them. A transfer is offered to the model like a tool. */
  readonly tools?: Readonly<Record<string, Tool | Transfer>>;
  /** Tokens, in and out together, after which the agent says that it has to end the call; 200,000 when absent. */
  readonly maxTokens?: number;
  /** Tokens of one answer; 400 when absent. */
  readonly maxAnswerTokens?: number;
}

/** An agent's language model with every default filled in; `brains/llm` talks with it. */
export interface LlmSpec {
  readonly kind: 'llm';
  readonly model: string | ModelEndpoint | SdkModel;
  readonly instructions: string | ((about: InstructionsContext) => string);
  readonly tools: Readonly<Record<string, Tool | Transfer>>;
  readonly maxTokens: number;
  readonly maxAnswerTokens: number;
}

/** The tool every model has besides the agent's own: it ends the call when what was said before has been heard. */
export const HANG_UP = 'hang_up';

/** A brain that is a language model, through the Vercel AI SDK. */
export function llm(source: LlmSource): LlmSpec {
  return {
    kind: 'llm',
    model: source.model,
    instructions: source.instructions,
    tools: source.tools ?? {},
    maxTokens: source.maxTokens ?? 200_000,
    maxAnswerTokens: source.maxAnswerTokens ?? 400,
  };
}

/** Checks what can be known without asking the provider, and names the tools into `tools`. */
export function checkLlm(spec: LlmSpec, tools: Record<string, Tool>, mistakes: Mistake[]): void {
  const report = (path: string, message: string) => void mistakes.push({ path, message });
  checkModel(spec.model, report);
  if (
    typeof spec.instructions === 'string'
      ? spec.instructions.trim() === ''
      : typeof spec.instructions !== 'function'
  )
    report('instructions', 'must be a text, or a function that gives one');
  for (const key of ['maxTokens', 'maxAnswerTokens'] as const)
    if (!Number.isInteger(spec[key]) || spec[key] < 1)
      report(key, 'must be a whole number of tokens, at least 1');
  for (const [name, entry] of Object.entries(spec.tools)) {
    const path = `tools.${name}`;
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name))
      report(path, 'must be named with 1 to 64 letters, digits, "_" or "-"');
    else if (name === HANG_UP) report(path, `"${HANG_UP}" is there already; use another name`);
    else if (entry?.kind === 'tool') tools[name] = entry;
    else if (entry?.kind !== 'transfer') report(path, 'must be what tool({ … }) or transfer({ … }) returns');
    else if (!/^(tel:\+?[0-9]{2,20}|sips?:[^\s]+)$/.test(entry.to))
      report(path, `"${entry.to}" is no number to call: use tel:+15550100 or sip:desk@example.com`);
  }
}

function checkModel(model: LlmSpec['model'], report: (path: string, message: string) => void): void {
  if (typeof model === 'string') {
    const [provider, ...name] = model.split('/');
    if (!MODEL_PROVIDERS.some((known) => known === provider) || name.join('/') === '')
      report('model', `"${model}" is no provider/model; the providers are ${MODEL_PROVIDERS.join(', ')}`);
  } else if (typeof model !== 'object' || model === null) report('model', 'is missing');
  else if ('url' in model) {
    if (!URL.canParse(model.url) || !/^https?:/.test(model.url))
      report('model.url', 'must be an address such as http://127.0.0.1:11434/v1');
    if (typeof model.model !== 'string' || model.model === '') report('model.model', 'is missing');
  } else if (!SPECIFICATIONS.includes(model.specificationVersion))
    report('model', 'must be provider/model, { url, model }, or a model object of the AI SDK 6');
}
