/** The body of an answer of our own, in place of the model's: small JSON {error: {reason, message}}. */
export function errorBody(reason: string, message: string): string {
  return `${JSON.stringify({ error: { reason, message } })}\n`
}
