/**
 * What went wrong at a provider, in words that may be logged: the SDK's own errors carry the whole question, and with
 * it what the caller said; a provider's message may show parts of the key.
 */
export class ModelFailed extends Error {
  /** The provider's HTTP status; absent where there was no answer. */
  readonly status: number | undefined;

  constructor(model: string, what: string, status?: number) {
    super(`the model ${model} ${what}`);
    this.name = 'ModelFailed';
    this.status = status;
  }

  static from(model: string, error: unknown): ModelFailed {
    if (typeof error === 'object' && error !== null && 'statusCode' in error) {
      const { statusCode } = error;
      if (typeof statusCode === 'number' && statusCode >= 400)
        return new ModelFailed(model, `answered ${statusCode}${meaningOf(statusCode)}`, statusCode);
    }
    return new ModelFailed(
      model,
      `failed: ${error instanceof Error ? error.name : 'its stream had an error'}`,
    );
  }
}

function meaningOf(status: number): string {
  if (status === 401 || status === 403) return ': the key is wrong, or not allowed to use this model';
  if (status === 404) return ': there is no such model';
  if (status === 429) return ': too many requests, or the account is used up';
  return '';
}
