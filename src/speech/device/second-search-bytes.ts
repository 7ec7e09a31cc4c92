/** second-search.wat as bytes, made by scripts/build-wasm.mjs: 163 of them, in base64. */
export const SECOND_SEARCH_BASE64 =
  'AGFzbQEAAAABDAJgAX8Bf2ACf38BfwI/BAZzZWFyY2gFc3RhcnQAAAZzZWFyY2gEc3RlcAABBnNlYXJjaAZmaW5pc2gAAAZz' +
  'ZWFyY2gGc2Vjb25kA38AAwQDAAEABxkDBXN0YXJ0AAMEc3RlcAAEBmZpbmlzaAAFCikDCwAgABAAIwAQAHILDwAgACABEAEj' +
  'ACABEAFyCwsAIAAQAiMAEAJyCw==';
