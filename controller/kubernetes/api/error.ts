/** An answer of the API server that is no success: metav1.Status, or what a proxy in front of it said. */
export class ApiError extends Error {
  readonly status: number
  /** NotFound, Conflict, AlreadyExists, Expired...; empty when the answer was no Status. */
  readonly reason: string
  /** When the server wants to be asked again, if it said so (429, 503). */
  readonly retryAfterMs: number | null

  constructor(status: number, reason: string, message: string, retryAfterMs: number | null = null) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

/** What was sent is not what the API speaks. */
export class Nonsense extends Error {}

export function statusOf(error: unknown): number | null {
  return error instanceof ApiError ? error.status : null
}

/** Of a body and the HTTP status that came with it, or of the Status within a watch. */
export function apiError(body: unknown, httpStatus: number, retryAfter?: string): ApiError {
  const status = (typeof body === 'object' && body !== null ? body : {}) as {
    kind?: unknown
    code?: unknown
    reason?: unknown
    message?: unknown
  }
  const isStatus = status.kind === 'Status'
  const code = isStatus && typeof status.code === 'number' ? status.code : httpStatus
  const reason = isStatus && typeof status.reason === 'string' ? status.reason : ''
  const message =
    isStatus && typeof status.message === 'string' && status.message !== ''
      ? status.message
      : `answered ${httpStatus}: ${brief(body)}`
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : null
  return new ApiError(code, reason, message, seconds === null ? null : seconds * 1000)
}

function brief(body: unknown): string {
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}
