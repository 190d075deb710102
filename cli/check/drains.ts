import {
  conditionOf,
  nameOf,
  type Condition,
  type Deployment,
  type Meta,
  type Pod,
} from '../../controller/kubernetes/watch/objects.ts'
import { hasEnded } from '../../controller/kubernetes/watch/pod.ts'
import { wrong, type Finding } from './finding.ts'

/** What is read of a PodDisruptionBudget (policy/v1). Without a selector it selects none; an empty one, all. */
export interface DisruptionBudget {
  metadata: Meta
  spec?: { selector?: Selector }
  status?: {
    disruptionsAllowed?: number
    currentHealthy?: number
    desiredHealthy?: number
    expectedPods?: number
    conditions?: Condition[]
  }
}

interface Selector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** Budgets that let no pod of the endpoint be evicted. Outrigger evicts none, so they bound drains alone. */
export function drains(
  deployment: Deployment,
  pods: readonly Pod[],
  budgets: readonly DisruptionBudget[],
): Finding[] {
  const living = pods.filter(pod => !hasEnded(pod) && pod.metadata.deletionTimestamp === undefined)
  return budgets
    .filter(({ metadata }) => metadata.namespace === deployment.metadata.namespace)
    .filter(({ status }) => status?.disruptionsAllowed === 0)
    .filter(({ spec }) => living.some(({ metadata }) => selects(spec?.selector, metadata.labels)))
    .map(budget => finding(nameOf(deployment), budget))
}

function finding(endpoint: string, { metadata, status = {} }: DisruptionBudget): Finding {
  const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0 } = status
  const allowed = conditionOf(status.conditions, 'DisruptionAllowed')
  // Its numbers are not to be trusted then.
  const failed = allowed?.reason === 'SyncFailed'
  const why = failed
    ? (allowed.message ?? 'its pods could not be counted')
    : `${currentHealthy} of ${expectedPods} pods ${currentHealthy === 1 ? 'is' : 'are'} ready, and it wants ${desiredHealthy}`
  const words = `PodDisruptionBudget ${metadata.name} allows no disruption (${why}): node drains will wait. Outrigger's own scaling down is not bound by it.`
  const passes = !failed && desiredHealthy < expectedPods
  const fix = passes ? 'Wait until more of its pods are ready, or see why they are not.' : undefined
  return wrong('drains', 'warning', endpoint, words, fix)
}

/** As the API matches a LabelSelector; an operator that nobody knows matches nothing. */
function selects(selector: Selector | undefined, labels: Record<string, string> = {}): boolean {
  if (selector === undefined) return false
  const { matchLabels = {}, matchExpressions = [] } = selector
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key]
      if (operator === 'In') return value !== undefined && values.includes(value)
      if (operator === 'NotIn') return value === undefined || !values.includes(value)
      if (operator === 'Exists') return value !== undefined
      return operator === 'DoesNotExist' && value === undefined
    })
  )
}
