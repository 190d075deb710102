import { parseArgs } from 'node:util'
import { answersAt, type Answered } from '../controller/answers.ts'
import type { Explanation } from '../controller/explain.ts'
import type { Belief } from '../controller/learned/belief.ts'
import { believedIn } from '../controller/learned/in-log.ts'
import type { EndpointView } from '../controller/view.ts'
import { beliefLines } from './belief.ts'
import { Failure, flag, type Command } from './command.ts'
import { exit } from './exit.ts'
import {
  endpointNamed,
  endpointPath,
  logIn,
  placeHelp,
  placeOf,
  placeOptions,
  timeOf,
  wayTo,
  type Place,
} from './place.ts'
import { ask } from './way.ts'

export const command: Command = {
  usage: [
    'Usage: outrigger explain ENDPOINT [--at TIME] [--json] [--state DIR | --url URL | --cluster]',
    '',
    'Shows what was decided about the replicas and the limit, newest at TIME (now), and the last change',
    'before it: inputs, what each rule proposed, what bounded it, the outcome and the reasons. Without --at it',
    'begins with what is to be said of the endpoint now: why replicas are missing, who decides instead. It ends',
    'with what the learner believes of the limit and how sure it is, what it tries next, what holds it, and a',
    'chart of throughput against requests in flight.',
    '',
    '  --at TIME     UTC: 2026-01-31T03:12:00Z, 03:12 (today), or an age such as 10m',
    '  --json        one JSON object',
    ...placeHelp,
    '',
    'A state folder is read also when nothing runs. In a cluster an endpoint is NAMESPACE/DEPLOYMENT, or',
    "DEPLOYMENT in the namespace of the kubeconfig's context.",
    '',
    'Exit codes: 0 done, 2 bad input, 6 controller not reached, 8 no such decision,',
    '9 not allowed in the cluster.',
  ].join('\n'),
  examples: [
    'outrigger explain digits',
    'outrigger explain digits --at 03:12',
    'outrigger explain ml/digits --cluster',
  ],
  run,
}

async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...placeOptions,
      at: { type: 'string' },
      json: flag,
    },
  })
  const [name, ...rest] = positionals
  if (name === undefined || rest.length > 0) {
    throw new Failure(
      exit.badInput.code,
      'Name one endpoint: outrigger explain ENDPOINT [--at TIME]',
    )
  }
  const at = timeOf(values.at ?? '0s')
  const place = placeOf(values)
  const { endpoint, answers, says } = await answersFor(name, at, place)
  if (answers.length === 0) {
    const words = `No decision about ${endpoint} at ${new Date(at).toISOString()} is in the log. See: outrigger decisions list`
    throw new Failure(exit.notFound.code, words)
  }
  // What is of now says nothing of another time.
  const belief = values.at === undefined ? await beliefFor(endpoint, place) : null
  if (values.json)
    console.log(JSON.stringify({ endpoint, at: new Date(at).toISOString(), answers, says, belief }))
  else {
    const now =
      values.at === undefined && says.length > 0
        ? [says.map(each => `Now: ${each}`).join('\n')]
        : []
    const width = process.stdout.columns ?? 80
    const learned = belief === null ? [] : [beliefLines(belief, width).join('\n')]
    console.log([...now, ...answers.map(inWords), ...learned].join('\n\n'))
  }
  return exit.fine.code
}

async function answersFor(
  name: string,
  at: number,
  place: Place,
): Promise<{ endpoint: string; answers: Answered[]; says: string[] }> {
  const dir = logIn(place)
  if (dir !== null) {
    const endpoint = endpointNamed(name, 'local')
    return {
      endpoint,
      answers: await answersAt(dir, endpoint, at),
      says: await saidHere(place, endpoint),
    }
  }
  const way = await wayTo(place)
  const endpoint = endpointNamed(name, way.namespace)
  const answer = await ask(way, 'GET', `/v1/explain/${endpointPath(endpoint)}?at=${at}`)
  const { answers, says = [] } = answer as { answers: Answered[]; says?: string[] }
  return { endpoint, answers, says }
}

/** By the controller; where none runs, as the log ends. null where a controller is too old to tell. */
async function beliefFor(endpoint: string, place: Place): Promise<Belief | null> {
  const dir = logIn(place)
  try {
    return (await ask(await wayTo(place), 'GET', `/v1/learned/${endpointPath(endpoint)}`)) as Belief
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return dir === null ? null : believedIn(dir, endpoint)
  }
}

/** Where nothing runs, nothing is to be said of now. */
async function saidHere(place: Place, endpoint: string): Promise<string[]> {
  try {
    const answer = await ask(await wayTo(place), 'GET', '/v1/endpoints')
    const { endpoints } = answer as { endpoints: EndpointView[] }
    return endpoints.find(each => each.endpoint === endpoint)?.says ?? []
  } catch (error) {
    if (error instanceof Failure) return []
    throw error
  }
}

function inWords({ newest, repeated, change }: Answered): string {
  const again = repeated === null ? [] : [againWords(repeated)]
  const before = change === null ? [] : ['', 'The last change before it:', ...shown(change)]
  return [...shown(newest), ...again, ...before].join('\n')
}

function againWords({ times, until }: NonNullable<Answered['repeated']>): string {
  const more = times === 1 ? 'once more' : `${times} more times`
  return `Decided the same ${more}, until ${new Date(until).toISOString()}.`
}

/** One decision for people: also `decisions show`, with what came of it. */
export function shown(it: Explanation, cameOfIt: string[] = []): string[] {
  const list = (title: string, lines: string[]): string[] =>
    lines.length === 0 ? [] : [`  ${title}`, ...lines.map(line => `    ${line}`)]
  return [
    `${it.time}  ${it.endpoint}  ${it.headline}  (record ${it.seq}, ${it.id})`,
    ...it.reasons.map(({ sentence }) => `  ${sentence}`),
    ...list('Inputs', it.inputs),
    ...list('Proposals', it.proposals),
    ...list('Bounds', it.bounds),
    ...list('Outcome', [it.outcome]),
    ...list('What came of it', cameOfIt),
  ]
}
