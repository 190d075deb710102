import { constants } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { isMapping } from '../../core/model/schema.ts'
import { wordsOfError } from '../../core/runtime/log.ts'
import { parseTrace, type Trace } from '../../simulate/traffic/trace.ts'
import type { Asked, Engine } from './engine.ts'

export interface ScenarioFile<S> {
  name: string
  scenario: S
  /** The file that its traffic names. */
  trace?: Trace
}

/** The scenarios of all files, or every error of every file in words. A file that is named twice is read once. */
export function readScenarios<S extends Asked>(
  files: readonly string[],
  engine: Engine<S>,
): { scenarios: ScenarioFile<S>[]; errors: string[] } {
  const errors: string[] = []
  const all = [...new Set(files)].map(file => ({ file, read: readOne(file, engine, errors) }))
  const read = all.flatMap(({ file, read: one }) => (one === null ? [] : [{ file, ...one }]))
  const names = read.map(({ file, scenario }) => nameOf(file, scenario))
  const scenarios = read.map(({ file, ...one }) => {
    const name = nameOf(file, one.scenario)
    const twice = names.indexOf(name) !== names.lastIndexOf(name)
    return { ...one, name: twice ? `${name} (${file})` : name }
  })
  return { scenarios, errors }
}

/** Nothing in it may move a terminal's cursor. */
function nameOf(file: string, { name }: Asked): string {
  return (name ?? basename(file, extname(file))).replace(/\p{Cc}/gu, ' ')
}

function readOne<S extends Asked>(
  file: string,
  engine: Engine<S>,
  errors: string[],
): Omit<ScenarioFile<S>, 'name'> | null {
  const raw = said(file, errors, () => yamlIn(file))
  if (raw === null) return null
  const traced = said(file, errors, () => traceOf(raw.value, file))
  const scenario = said(file, errors, () => engine.scenarioFrom(raw.value))
  return traced === null || scenario === null ? null : { scenario, ...traced }
}

/** What went wrong is kept, a line each, with the name of the file. */
function said<T>(file: string, errors: string[], read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    const lines = wordsOfError(error).split('\n')
    errors.push(...lines.map(line => `${file}: ${line}`))
    return null
  }
}

function yamlIn(file: string): { value: unknown } {
  const counter = new LineCounter()
  const source = contents(file)
  const document = parseDocument(source, { lineCounter: counter, prettyErrors: false })
  const errors = document.errors.map(
    ({ message, pos }) => `line ${counter.linePos(pos[0]).line} is not YAML: ${message}`,
  )
  if (errors.length > 0) throw new Error(errors.join('\n'))
  return { value: document.toJS({ maxAliasCount: 100 }) as unknown }
}

/** `traffic: { trace: { file } }`: relative to the scenario's file. */
function traceOf(raw: unknown, file: string): { trace?: Trace } {
  const named = inside(inside(inside(raw, 'traffic'), 'trace'), 'file')
  if (typeof named !== 'string') return {}
  try {
    return { trace: parseTrace(contents(resolve(dirname(file), named))) }
  } catch (error) {
    const lines = wordsOfError(error).split('\n')
    const words = lines.map(line => `traffic.trace.file ${named}: ${line}`)
    throw new Error(words.join('\n'), { cause: error })
  }
}

/** No string is longer. */
const MOST_BYTES = constants.MAX_STRING_LENGTH

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function inside(value: unknown, key: string): unknown {
  return isMapping(value) ? value[key] : undefined
}

function contents(file: string): string {
  if (sizeOf(file) > MOST_BYTES)
    throw new Error(
      `it is larger than ${MOST_BYTES >> 20} MiB: cut it, or count the requests of each second`,
    )
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`it can't be read: ${wordsOfError(error)}`, { cause: error })
  }
}
