import {
  check,
  int,
  list,
  object,
  oneOf,
  optional,
  type Infer,
  type Issue,
  type Schema,
} from './schema.ts'

/** HorizontalPodAutoscalerBehavior of autoscaling/v2, verbatim. */
const scalingRules = object(
  {
    stabilizationWindowSeconds: optional(int(0, 3600)),
    selectPolicy: optional(oneOf('Max', 'Min', 'Disabled')),
    policies: optional(
      list(
        object(
          { type: oneOf('Pods', 'Percent'), value: int(1), periodSeconds: int(1, 1800) },
          { strict: true },
        ),
        10,
      ),
    ),
    tolerance: optional<number>({
      expected: 'a share from 0 to 1',
      check(value, path, issues) {
        if (typeof value !== 'number' || value < 0 || value > 1) {
          issues.push({ path, expected: 'a share from 0 to 1', got: String(value) })
        }
      },
    }),
  },
  { strict: true },
)
export type ScalingRules = Infer<typeof scalingRules>

const schema: Schema<{ scaleUp?: ScalingRules; scaleDown?: ScalingRules }> = object(
  { scaleUp: optional(scalingRules), scaleDown: optional(scalingRules) },
  { strict: true },
)
export type Behavior = Infer<typeof schema>

/** From YAML, or from an annotation's JSON text. */
export function behavior(value: unknown, path: string, issues: Issue[]): Behavior | undefined {
  const parsed = typeof value === 'string' ? parse(value) : value
  const checked = check(schema, parsed)
  if (checked.ok) return checked.value
  issues.push(
    ...checked.issues.map(issue => ({
      ...issue,
      path: issue.path === '' ? path : `${path}.${issue.path}`,
    })),
  )
  return undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
