import { hasSidecar } from '../../controller/kubernetes/watch/names.ts'
import { statusOf } from '../../controller/kubernetes/api/error.ts'
import { certificatesIn, validity } from '../../controller/kubernetes/webhook/x509.ts'
import { wordsOfError } from '../../core/runtime/log.ts'
import { fine, ifKnown, known, unknown, wrong, type Finding, type Known } from './finding.ts'
import { podToTry } from './trial.ts'
import type { Scene } from './scene.ts'

/** Do pods that ask for a sidecar get one? */
export interface WebhookFacts {
  release: string
  now: number
  registered: Known<Hook | null>
  certificates: Known<{ bundle: string; serving: string }>
  trial: Trial
}

/** What is read of inject.outrigger.dev. */
export interface Hook {
  name: string
  clientConfig?: { caBundle?: string; service?: { name?: string; namespace?: string } }
  namespaceSelector?: {
    matchExpressions?: { key: string; operator: string; values?: string[] }[]
  }
}

/** A pod that was made as a dry run. */
export type Trial =
  | { namespace: string; injected: boolean }
  | { namespace: string; refused: string; status: number | null }

const NAME = 'inject.outrigger.dev'
const AT_START = 'A controller makes them at its start: see why none does (the pods, their logs).'
const DAY = 86_400_000
const ENDS_SOON = 20 * DAY

export async function gatherWebhook(scene: Scene): Promise<WebhookFacts> {
  const { release } = scene
  const { kube } = scene.cluster
  const registered = await known(hookOf(scene))
  const hook = 'value' in registered ? registered.value : null
  const certificates = known(
    kube
      .get<{ data?: Record<string, string> }>(
        `/api/v1/namespaces/${release}/secrets/outrigger-webhook-tls`,
      )
      .then(({ data = {} }) => ({
        bundle: plain(data['ca.crt']),
        serving: plain(data['tls.crt']),
      })),
  )
  const trial = tried(scene, placeToTry(scene, hook))
  const now = scene.serverTime ?? scene.time
  return { release, now, registered, certificates: await certificates, trial: await trial }
}

async function hookOf({ cluster }: Scene): Promise<Hook | null> {
  const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/outrigger'
  try {
    const { webhooks = [] } = await cluster.kube.get<{ webhooks?: Hook[] }>(path)
    return webhooks.find(({ name }) => name === NAME) ?? null
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw error
  }
}

function plain(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}

/** Where endpoints may be: of the namespaces that are watched, else the context's unless it is left out. */
function placeToTry({ installed, cluster, release }: Scene, hook: Hook | null): string {
  const [watched] = installed?.watchNamespaces ?? []
  if (watched !== undefined) return watched
  const left = (hook?.namespaceSelector?.matchExpressions ?? [])
    .filter(({ operator }) => operator === 'NotIn')
    .flatMap(({ values = [] }) => values)
  const good = [cluster.namespace, 'default'].find(name => name !== release && !left.includes(name))
  return good ?? 'default'
}

async function tried({ cluster }: Scene, namespace: string): Promise<Trial> {
  try {
    const pod = await cluster.kube.create<Parameters<typeof hasSidecar>[0]>(
      `/api/v1/namespaces/${namespace}/pods`,
      podToTry(namespace),
      { dryRun: 'All' },
    )
    return { namespace, injected: hasSidecar(pod) }
  } catch (error) {
    return { namespace, refused: wordsOfError(error), status: statusOf(error) }
  }
}

export function judgeWebhook(facts: WebhookFacts): Finding[] {
  const { registered, certificates, release } = facts
  return [
    ...ifKnown('webhook-registered', registered, hook => [registration(hook, release)]),
    ...trust(facts),
    ...ifKnown('webhook-certificate', certificates, ({ serving }) => [lasts(serving, facts.now)]),
    trialFinding(facts.trial),
  ]
}

function registration(hook: Hook | null, release: string): Finding {
  if (hook === null)
    return wrong('webhook-registered', 'failure', '', `There is no ${NAME}: no pod is injected.`)
  const { service } = hook.clientConfig ?? {}
  const leads = `${service?.namespace}/${service?.name}`
  const wanted = `${release}/outrigger-webhook`
  return leads === wanted
    ? fine('webhook-registered', `${NAME} leads to ${wanted}.`)
    : wrong('webhook-registered', 'failure', '', `${NAME} leads to ${leads}, not to ${wanted}.`)
}

function trust({ registered, certificates }: WebhookFacts): Finding[] {
  if (!('value' in registered) || registered.value === null) return []
  if (!('value' in certificates)) return [unknown('webhook-trust', certificates.why)]
  const bundle = plain(registered.value.clientConfig?.caBundle)
  const prints = (pem: string): string[] =>
    certificatesIn(pem)
      .map(({ certificate }) => certificate.fingerprint256)
      .toSorted()
  const [there, own] = [prints(bundle), prints(certificates.value.bundle)]
  if (own.length === 0)
    return [wrong('webhook-trust', 'failure', '', 'No certificates have been made yet.', AT_START)]
  if (there.length === 0) return [wrong('webhook-trust', 'failure', '', 'The caBundle is empty.')]
  return [
    there.join() === own.join()
      ? fine('webhook-trust', 'The caBundle is that of Secret outrigger-webhook-tls.')
      : wrong(
          'webhook-trust',
          'failure',
          '',
          'The caBundle is another than that of Secret outrigger-webhook-tls.',
        ),
  ]
}

function lasts(serving: string, now: number): Finding {
  const [found] = certificatesIn(serving)
  if (found === undefined)
    return wrong('webhook-certificate', 'failure', '', 'There is none that can be read.', AT_START)
  const { until } = validity(found.certificate)
  const words = `It ends on ${new Date(until).toISOString().slice(0, 10)}.`
  return until - now > ENDS_SOON
    ? fine('webhook-certificate', words)
    : wrong('webhook-certificate', 'failure', '', words)
}

function trialFinding(trial: Trial): Finding {
  const about = trial.namespace
  if ('injected' in trial) {
    if (trial.injected)
      return fine('webhook-answers', 'A pod that asks for a sidecar gets one.', about)
    const words = 'A pod that asks for a sidecar comes back without: the webhook was not asked.'
    const fix =
      'See whether the namespace is left out (webhook.excludedNamespaces), or apply the chart again.'
    return wrong('webhook-answers', 'failure', about, words, fix)
  }
  const { refused, status } = trial
  if (refused.includes(`"${NAME}"`))
    return wrong('webhook-answers', 'failure', about, `It can't be reached: ${refused}.`)
  if (status === 403 && refused.includes('cannot create'))
    return unknown('webhook-answers', refused, about)
  const words = `It could not be tried: ${refused}.`
  const fix = 'Name a namespace where you may make pods: set it in the context of the kubeconfig.'
  return wrong('webhook-answers', 'warning', about, words, fix)
}
