import type { ServiceLike } from './context.ts'
import type { Pod } from './pod.ts'

/** A port of a Service that leads to one port of the pod. */
export interface Target {
  name: string
  byNumber: boolean
  appProtocol: string | null
}

/** How the Services that select the pod reach its port. */
export function targetsOf(
  services: readonly ServiceLike[],
  pod: Pod,
  port: { name: string | null; number: number },
): Target[] {
  const labels = pod.metadata?.labels ?? {}
  return services
    .filter(({ spec }) => selects(spec?.selector ?? {}, labels))
    .flatMap(({ metadata, spec }) =>
      (spec?.ports ?? []).flatMap(each => {
        const target = each.targetPort ?? each.port
        if (target !== port.number && target !== port.name) return []
        const appProtocol = each.appProtocol ?? null
        return [{ name: metadata?.name ?? '', byNumber: target === port.number, appProtocol }]
      }),
    )
}

/** A Service without a selector selects nothing. */
function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const wanted = Object.entries(selector)
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
}
