import { readFileSync } from 'node:fs'
import test from 'ava'
import { made, rules, type Rule } from '../../../cli/check/rules.ts'
import { manifestsFile } from '../../../scripts/chart.ts'
import { objectsOf, type KubeObject } from '../../deploy/objects.ts'

const objects = objectsOf(readFileSync(manifestsFile, 'utf8'))
const roles: Record<keyof typeof rules, string> = {
  endpoints: 'ClusterRole outrigger-controller',
  own: 'Role outrigger-own',
  nodes: 'ClusterRole outrigger-nodes',
  webhook: 'ClusterRole outrigger-webhook',
}

/** One line each right. */
function rightsOf(some: readonly Rule[]): string[] {
  return some
    .flatMap(({ group, resource, verbs, names = ['*'] }) =>
      verbs.flatMap(verb => names.map(name => `${verb} ${group}/${resource} ${name}`)),
    )
    .toSorted()
}

function givenIn({ rules: some = [] }: KubeObject): string[] {
  return rightsOf(
    some.flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
      apiGroups.flatMap(group =>
        resources.map(resource => ({
          group,
          resource,
          verbs,
          ...(resourceNames === undefined ? {} : { names: resourceNames }),
        })),
      ),
    ),
  )
}

for (const [name, role] of Object.entries(roles) as [keyof typeof rules, string][]) {
  test(`the rights that are checked are those that the chart gives: ${role}`, t => {
    const found = objects.find(each => `${each.kind} ${each.metadata.name}` === role)
    t.deepEqual(rightsOf(rules[name]), givenIn(found as KubeObject))
  })
}

test('what one has to be able to create is what the chart has', t => {
  const kinds = objects
    .filter(({ kind }) => kind !== 'Namespace')
    .map(({ apiVersion, kind, metadata }) => {
      const [version, group] = apiVersion.split('/').toReversed()
      t.truthy(version)
      const plural = `${kind.toLowerCase()}s`
      const scope = metadata.namespace === undefined ? 'clusterWide' : 'namespaced'
      return `${scope} ${group === undefined ? plural : `${group}/${plural}`}`
    })
  const own = Object.entries(made).flatMap(([scope, all]) => all.map(each => `${scope} ${each}`))
  t.deepEqual(own.toSorted(), [...new Set(kinds)].toSorted())
})
