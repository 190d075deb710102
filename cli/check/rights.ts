import { wordsOfError } from '../../core/runtime/log.ts'
import { fine, unknown, wrong, type Finding } from './finding.ts'
import { made, rules, type Rule } from './rules.ts'
import type { Scene } from './scene.ts'

/** May you install it, and may the controller do what it has to? */
export interface Asking {
  /** As people say it: "create deployments.apps in ml". */
  words: string
  attributes: {
    group: string
    resource: string
    subresource?: string
    verb: string
    namespace?: string
    name?: string
  }
}

export interface RightsFacts {
  check: 'install-rights' | 'controller-rights'
  asked: { words: string; allowed: boolean }[]
  /** Why it could not be asked. */
  why: string | null
}

export async function gatherRights(scene: Scene): Promise<RightsFacts> {
  const { installed, release } = scene
  if (installed === null)
    return reviewed(scene, 'install-rights', installing(release), {
      path: 'selfsubjectaccessreviews',
      who: {},
    })
  const service = `system:serviceaccount:${release}:outrigger-controller`
  const groups = [
    'system:serviceaccounts',
    `system:serviceaccounts:${release}`,
    'system:authenticated',
  ]
  return reviewed(scene, 'controller-rights', controlling(scene), {
    path: 'subjectaccessreviews',
    who: { user: service, groups },
  })
}

async function reviewed(
  { cluster }: Scene,
  check: RightsFacts['check'],
  askings: Asking[],
  { path, who }: { path: string; who: object },
): Promise<RightsFacts> {
  const review = async ({ words, attributes }: Asking): Promise<RightsFacts['asked'][number]> => {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: path.startsWith('self') ? 'SelfSubjectAccessReview' : 'SubjectAccessReview',
      spec: { ...who, resourceAttributes: attributes },
    }
    const answer = await cluster.kube.create<{ status?: { allowed?: boolean } }>(
      `/apis/authorization.k8s.io/v1/${path}`,
      body,
    )
    return { words, allowed: answer.status?.allowed === true }
  }
  try {
    return { check, asked: await Promise.all(askings.map(review)), why: null }
  } catch (error) {
    return { check, asked: [], why: wordsOfError(error) }
  }
}

function installing(release: string): Asking[] {
  return [
    ...made.namespaced.map(each => creating(each, release)),
    ...made.clusterWide.map(each => creating(each, null)),
  ]
}

function creating(what: string, namespace: string | null): Asking {
  const [resource = '', group = ''] = what.split('/').toReversed()
  return askingOf({ group, resource, verbs: ['create'] }, 'create', namespace, null)
}

function controlling({ installed, release }: Scene): Asking[] {
  const places = installed?.watchNamespaces ?? []
  const everywhere: (string | null)[] = places.length === 0 ? [null] : places
  const webhook = installed?.webhook === true
  const own = webhook ? rules.own : rules.own.map(withoutWebhook)
  return [
    ...everywhere.flatMap(place => askings(rules.endpoints, place)),
    ...askings(own, release),
    ...(installed?.kubelets === true ? askings(rules.nodes, null) : []),
    ...(webhook ? askings(rules.webhook, null) : []),
  ]
}

function withoutWebhook(rule: Rule): Rule {
  if (rule.names === undefined) return rule
  return { ...rule, names: rule.names.filter(name => name !== 'outrigger-webhook-tls') }
}

function askings(some: readonly Rule[], namespace: string | null): Asking[] {
  return some.flatMap(rule =>
    (rule.names ?? [null]).flatMap(name =>
      rule.verbs.map(verb => askingOf(rule, verb, namespace, name)),
    ),
  )
}

function askingOf(
  { group, resource: whole }: Rule,
  verb: string,
  namespace: string | null,
  name: string | null,
): Asking {
  const [resource = '', subresource] = whole.split('/')
  const what = group === '' ? whole : `${whole}.${group}`
  const which = name === null ? '' : ` ${name}`
  return {
    words: `${verb} ${what}${which}${namespace === null ? '' : ` in ${namespace}`}`,
    attributes: {
      group,
      resource,
      verb,
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === null ? {} : { namespace }),
      ...(name === null ? {} : { name }),
    },
  }
}

export function judgeRights({ check, asked, why }: RightsFacts): Finding[] {
  if (why !== null) return [unknown(check, why)]
  const missing = asked.filter(({ allowed }) => !allowed).map(({ words }) => words)
  if (missing.length === 0) {
    const who = check === 'install-rights' ? 'You have' : 'It has'
    return [fine(check, `${who} all ${asked.length} rights that it takes.`)]
  }
  if (check === 'controller-rights')
    return [wrong(check, 'failure', '', `It may not ${missing.join('; ')}.`)]
  const about = missing.map(words => words.replace(/^create /, '')).join(', ')
  return [wrong(check, 'failure', about, `You may not ${missing.join('; ')}.`)]
}
