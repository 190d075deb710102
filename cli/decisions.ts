import { parseArgs } from 'node:util'
import { explain } from '../controller/explain.ts'
import type { AnyRecord } from '../controller/record/line.ts'
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
  type PlaceValues,
} from './place.ts'

export const command: Command = {
  summary: 'List, show, follow, verify and replay the decision log.',
  usage: [
    'Usage: outrigger decisions list|show ID|follow|verify|replay [OPTIONS]',
    '',
    '  list      decisions, oldest first; holds that only repeat one before are not in it',
    '  show ID   one decision in sentences, by its id or its record number',
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

interface Wanted {
  source: Source
  endpoint: string | null
  since: number | null
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
  const [verb, id] = positionals
  const { source, namespace } = await sourceOf(values)
  const wanted: Wanted = {
    source,
    endpoint: values.endpoint === undefined ? null : endpointNamed(values.endpoint, namespace),
    since: values.since === undefined ? null : timeOf(values.since),
    changes: values.changes,
    json: values.json,
  }
  if (verb === 'list') return list({ ...wanted, since: wanted.since ?? timeOf('10m') }, false)
  if (verb === 'follow') return list({ ...wanted, since: wanted.since ?? timeOf('0s') }, true)
  if (verb === 'show' && id !== undefined) return show(wanted, id)
  if (verb === 'verify') return verifyLog(localDir(wanted.source, verb), wanted.json)
  if (verb === 'replay') return replayLog(localDir(wanted.source, verb), wanted)
  throw new Failure(
    exit.badInput.code,
    'Say which: outrigger decisions list|show ID|follow|verify|replay',
  )
}

async function sourceOf(values: PlaceValues): Promise<{ source: Source; namespace: string }> {
  const place = placeOf(values)
  const dir = logIn(place)
  if (dir !== null) return { source: { dir }, namespace: 'local' }
  const way = await wayTo(place)
  return { source: { way }, namespace: way.namespace }
}

/** Verifying and replaying read every byte: that is done where the files are. */
function localDir(source: Source, verb: string): string {
  if ('dir' in source) return source.dir
  throw new Failure(
    exit.badInput.code,
    `${verb} reads the log's files: name the state folder with --state DIR.`,
  )
}

async function list(
  { source, endpoint, since, changes, json }: Wanted,
  follow: boolean,
): Promise<number> {
  for await (const record of recordsOf(source, since ?? 0, follow)) {
    if (record.kind !== 'decision' || record.body.now < (since ?? 0)) continue
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

async function show({ source, json }: Wanted, id: string): Promise<number> {
  const record = await findIn(source, id)
  if (record === null) {
    throw new Failure(
      exit.notFound.code,
      `There is no record ${id} in the log. See: outrigger decisions list`,
    )
  }
  if (json) console.log(JSON.stringify(record))
  else if (record.kind === 'decision') console.log(shown(explain(record)).join('\n'))
  else console.log(`Record ${record.seq} is of kind ${record.kind}: ${JSON.stringify(record.body)}`)
  return exit.fine.code
}
