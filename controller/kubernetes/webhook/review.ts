import {
  bool,
  check,
  isMapping,
  object,
  oneOf,
  optional,
  sentence,
  text,
  that,
  nullable,
  type Infer,
} from '../../../core/model/schema.ts'

/** AdmissionReview of admission.k8s.io/v1: what the API server asks, and what it is answered. */
const mapping = that<Record<string, unknown>>('a mapping', isMapping)
const kind = object({ group: text(), version: text(), kind: text() })
const resource = object({ group: text(), version: text(), resource: text() })
/** Names and uids of who asks may be long: certificates and OpenID tokens make them. */
const long = text(4096)

const requestSchema = object({
  uid: text(),
  kind,
  resource,
  subResource: optional(text()),
  name: optional(text(300)),
  namespace: optional(text()),
  operation: oneOf('CREATE', 'UPDATE', 'DELETE', 'CONNECT'),
  userInfo: optional(object({ username: optional(long), uid: optional(long) })),
  object: optional(nullable(mapping)),
  oldObject: optional(nullable(mapping)),
  dryRun: optional(nullable(bool)),
})
const reviewSchema = object({
  apiVersion: oneOf('admission.k8s.io/v1'),
  kind: oneOf('AdmissionReview'),
  request: requestSchema,
})

export type AdmissionRequest = Infer<typeof requestSchema>

export type Parsed = { ok: true; request: AdmissionRequest } | { ok: false; why: string }

/** What a body asks, or all that is wrong with it in words. */
export function parseReview(body: string): Parsed {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return { ok: false, why: 'the body: expected an AdmissionReview in JSON, got something else' }
  }
  const checked = check(reviewSchema, value)
  if (checked.ok) return { ok: true, request: checked.value.request }
  return { ok: false, why: checked.issues.map(sentence).join('; ') }
}

export interface Admitted {
  patch?: readonly unknown[]
  warnings?: readonly string[]
  /** Goes into the audit log of the API server, each name behind the webhook's own. */
  audit?: Readonly<Record<string, string>>
}

/** An answer that lets pass: ours always does. */
export function allowed(uid: string, { patch = [], warnings = [], audit = {} }: Admitted): unknown {
  const fitting = fit(warnings)
  const patched = {
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
  }
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: true,
      ...(patch.length === 0 ? {} : patched),
      ...(fitting.length === 0 ? {} : { warnings: fitting }),
      ...(Object.keys(audit).length === 0 ? {} : { auditAnnotations: audit }),
    },
  }
}

/** What Kubernetes asks of warnings: each short, all together bounded, no control characters. */
const LONGEST_WARNING = 120
const MOST_WARNINGS = 4096

/** A long one is told in several: its fix is often at its end. */
function fit(warnings: readonly string[]): string[] {
  const out: string[] = []
  let bytes = 0
  for (const warning of new Set(warnings)) {
    const lines = linesOf(
      warning
        .toWellFormed()
        .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
        .trim(),
    )
    bytes += Buffer.byteLength(lines.join(''))
    if (bytes > MOST_WARNINGS) break
    out.push(...lines)
  }
  return out
}

function linesOf(text: string): string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > LONGEST_WARNING) {
    const space = rest.lastIndexOf(' ', LONGEST_WARNING)
    const end = space > 0 ? space : LONGEST_WARNING
    lines.push(rest.slice(0, end).toWellFormed())
    rest = rest.slice(end).trim().toWellFormed()
  }
  return rest === '' ? lines : [...lines, rest]
}
