import type { LanguageModel } from 'ai';
import type { LlmSpec, ModelProvider } from '../../agent/llm.ts';

/** The keys in force, asked for when a call begins, so that a changed one counts from the next call on. */
export type ModelKeys = () => Readonly<Record<ModelProvider, readonly string[]>>;

/** The AI SDK, and how to come by the agent's model. */
export interface LoadedModel {
  readonly sdk: typeof import('ai');
  /** Such as `openai/gpt-5-mini`; for people, without any secret. */
  readonly name: string;
  open(): LanguageModel;
}

/** A model that cannot be used until somebody changes the installation or the settings. */
export class ModelUnusable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ModelUnusable';
  }
}

/** The variable of the environment in which each provider's key is. */
export const KEY_NAMES: Readonly<Record<ModelProvider, string>> = {
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  google: 'GOOGLE_GENERATIVE_AI_API_KEY',
  groq: 'GROQ_API_KEY',
};

type Opener = (id: string, apiKey: string) => LanguageModel;

const PROVIDERS: Readonly<Record<ModelProvider, () => Promise<Opener>>> = {
  openai: async () => {
    const { createOpenAI } = await installed('@ai-sdk/openai', () => import('@ai-sdk/openai'));
    // Chat completions: one history of our own per question, and nothing kept at the provider.
    return (id, apiKey) => createOpenAI({ apiKey }).chat(id);
  },
  anthropic: async () => {
    const { createAnthropic } = await installed('@ai-sdk/anthropic', () => import('@ai-sdk/anthropic'));
    return (id, apiKey) => createAnthropic({ apiKey })(id);
  },
  google: async () => {
    const { createGoogleGenerativeAI } = await installed('@ai-sdk/google', () => import('@ai-sdk/google'));
    return (id, apiKey) => createGoogleGenerativeAI({ apiKey })(id);
  },
  groq: async () => {
    const { createGroq } = await installed('@ai-sdk/groq', () => import('@ai-sdk/groq'));
    return (id, apiKey) => createGroq({ apiKey })(id);
  },
};

/**
 * Loads what an agent's model needs, before the first call.
 * @throws ModelUnusable saying which package to install or which key to set
 */
export async function loadModel({ model }: LlmSpec, keys: ModelKeys): Promise<LoadedModel> {
  const sdk = await installed('ai', () => import('ai'));
  if (typeof model === 'string') {
    const provider = model.slice(0, model.indexOf('/')) as ModelProvider;
    const key = () => {
      const [first] = keys()[provider];
      if (first === undefined)
        throw new ModelUnusable(`the model ${model} needs a key: set ${KEY_NAMES[provider]}`);
      return first;
    };
    key();
    const open = await PROVIDERS[provider]();
    return { sdk, name: model, open: () => open(model.slice(provider.length + 1), key()) };
  }
  if ('url' in model) {
    const { createOpenAICompatible } = await installed(
      '@ai-sdk/openai-compatible',
      () => import('@ai-sdk/openai-compatible'),
    );
    const { host } = new URL(model.url);
    const endpoint = createOpenAICompatible({ name: 'endpoint', baseURL: model.url, includeUsage: true });
    return { sdk, name: `${host}/${model.model}`, open: () => endpoint(model.model) };
  }
  return { sdk, name: `${model.provider}/${model.modelId}`, open: () => model as unknown as LanguageModel };
}

async function installed<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new ModelUnusable(
      `an agent's model needs the package ${name}: npm install ${name} (docs/providers.md)`,
    );
  }
}
