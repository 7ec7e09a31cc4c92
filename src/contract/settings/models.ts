import { secrets } from './kinds.ts';

/** Keys of language models, by the names their vendors use. The first of several is used. */
export const MODEL_SETTINGS = {
  openaiApiKeys: secrets('OPENAI_API_KEY', 'Keys for models named `openai/…`.', false),
  anthropicApiKeys: secrets('ANTHROPIC_API_KEY', 'Keys for models named `anthropic/…`.', false),
  googleApiKeys: secrets('GOOGLE_GENERATIVE_AI_API_KEY', 'Keys for models named `google/…`.', false),
  groqApiKeys: secrets('GROQ_API_KEY', 'Keys for models named `groq/…`.', false),
};
