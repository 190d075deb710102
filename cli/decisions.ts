import { parseArgs } from 'node:util'
import { actuationWords, explain } from '../controller/explain.ts'
import type { AnyRecord } from '../controller/record/line.ts'
import { logDirOf } from '../controller/journal.ts'
import { lineOf } from '../controller/view.ts'
import { replayLog, verifyLog } from './check-log.ts'
import { Failure, flag, type Command } from './command.ts'
import { exit } from './exit.ts'
import { shown } from './explain.ts'
import { findIn, recordsOf, type Source } from './log-source.ts'
import {
  endpointNamed,
  logIn,
  placeHelp,
  placeOf,
  placeOptions,
  timeOf,
  wayTo,
  type Place,
} from './place.ts'

export const command: Command = {
  usage: [
    'Usage: outrigger decisions list|show ID|follow|verify|replay [OPTIONS]',
    '',
    '  list      decisions, oldest first; holds that only repeat one before are not in it',
    '  show ID   one decision in sentences and what came of it, by its id or its record number',
    '  follow    decisions as they come',
    '  verify    checks the hash chain from the oldest record kept to the newest',
    '  replay    decides everything again from the recorded inputs and compares the bytes',
    '',
    '  --endpoint NAME   only of this endpoint',
    '  --since TIME      UTC: 2026-01-31T03:12:00Z, 03:12, or an age such as 10m; list: 10m, replay: all',
    '  --changes         only those that changed something',
    '  --json            one JSON object a line: list, show and follow give whole records',
    ...placeHelp,
    '',
    'A state folder is read also when nothing runs. verify and replay read files: of a state folder only.',
    '',
    'Exit codes: 0 done, 2 bad input, 6 no log or controller found, 7 does not verify or replay, 8 not found,',
    '9 not allowed in the cluster.',
  ].join('\n'),
  examples: [
    'outrigger decisions list --since 1h --changes',
    'outrigger decisions show 1284',
    'outrigger decisions follow --cluster --endpoint ml/digits --json',
    'outrigger decisions replay --state .outrigger',
  ],
  run,
}

const verbs = new Set(['list', 'show', 'follow', 'verify', 'replay'])

interface Wanted {
  source: Source
  endpoint: string | null
  since: number
  changes: boolean
  json: boolean
}

async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...placeOptions,
      endpoint: { type: 'string' },
      since: { type: 'string' },
      changes: flag,
      json: flag,
    },
  })
  const [verb = '', id = ''] = positionals
  if (!verbs.has(verb) || (verb === 'show') !== (id !== '')) {
    const words = 'Say which: outrigger decisions list|show ID|follow|verify|replay'
    throw new Failure(exit.badInput.code, words)
  }
  const { endpoint: name, changes, json } = values
  const since = values.since === undefined ? null : timeOf(values.since)
  const place = placeOf(values)
  if (verb === 'verify') return verifyLog(filesOf(place, verb), json)
  if (verb === 'replay') {
    const endpoint = name === undefined ? null : endpointNamed(name, 'local')
    return replayLog(filesOf(place, verb), { endpoint, since, json })
  }
  const { source, namespace } = await sourceOf(place)
  if (verb === 'show') return show(source, id, json)
  const endpoint = name === undefined ? null : endpointNamed(name, namespace)
  const follow = verb === 'follow'
  const from = since ?? timeOf(follow ? '0s' : '10m')
  return list({ source, endpoint, since: from, changes, json }, follow)
}

async function sourceOf(place: Place): Promise<{ source: Source; namespace: string }> {
  const dir = logIn(place)
  if (dir !== null) return { source: { dir }, namespace: 'local' }
  const way = await wayTo(place)
  return { source: { way }, namespace: way.namespace }
}

/** Verifying and replaying read every byte: that is done where the files are. */
function filesOf(place: Place, verb: string): string {
  const dir = logIn(place)
  if (dir !== null) return dir
  const [code, missing] =
    place.kind === 'state'
      ? [exit.unreachable.code, `There is no log in ${logDirOf(place.dir)}`]
      : [exit.badInput.code, `${verb} reads the log's files`]
  const words = `${missing}: name the state folder with --state DIR. In a cluster: docs/decision-log.md#checking.`
  throw new Failure(code, words)
}

async function list(
  { source, endpoint, since, changes, json }: Wanted,
  follow: boolean,
): Promise<number> {
  for await (const record of recordsOf(source, since, follow)) {
    if (record.kind !== 'decision' || record.body.now < since) continue
    if (endpoint !== null && record.body.endpoint !== endpoint) continue
    if (changes && record.body.outcome.action === 'hold') continue
    console.log(json ? JSON.stringify(record) : row(record))
  }
  return exit.fine.code
}

function row(record: Extract<AnyRecord, { kind: 'decision' }>): string {
  const { seq, now, endpoint, headline, sentence } = lineOf(record)
  const time = new Date(now).toISOString().slice(0, 19)
  return `${time}Z  ${String(seq).padStart(7)}  ${endpoint.padEnd(20)}  ${headline.padEnd(32)}  ${sentence}`
}

async function show(source: Source, id: string, json: boolean): Promise<number> {
  const found = await findIn(source, id)
  if (found === null) {
    throw new Failure(
      exit.notFound.code,
      `There is no record ${id} in the log. See: outrigger decisions list`,
    )
  }
  const { record, actuations = [] } = found
  if (json) console.log(JSON.stringify(record))
  else if (record.kind === 'decision')
    console.log(shown(explain(record), actuations.map(actuationWords)).join('\n'))
  else console.log(`Record ${record.seq} is of kind ${record.kind}: ${JSON.stringify(record.body)}`)
  return exit.fine.code
}
