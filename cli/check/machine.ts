import { accessSync, constants, existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { readPlan } from '../../local/file.ts'
import { localEnvironment } from '../../local/config.ts'
import { problemsBefore } from '../../local/start.ts'
import { walk } from '../../controller/record/chain.ts'
import { wordsOf } from '../../controller/record/open.ts'
import { logDirOf } from '../../controller/journal.ts'
import { wordsOfError } from '../../core/runtime/log.ts'
import { fine, many, wrong, type Finding } from './finding.ts'

/** Is this machine fit for `outrigger up`? */
export interface MachineFacts {
  /** "26.1.0" */
  node: string
  state: string
  /** Why it can't be written; null: it can. */
  unwritable: string | null
  /** Null where there is no such file. */
  plan: { file: string; problems: string[] } | null
  /** Null where there is none. */
  log: { records: number; broken: string | null } | null
}

const PLAN = 'outrigger.yaml'
const NODE = { major: 22, minor: 15 }

export async function gatherMachine(state: string): Promise<MachineFacts> {
  return {
    node: process.versions.node,
    state,
    unwritable: writable(state),
    plan: existsSync(PLAN) ? { file: PLAN, problems: await problemsIn(PLAN) } : null,
    log: existsSync(logDirOf(state)) ? await logOf(logDirOf(state)) : null,
  }
}

function writable(state: string): string | null {
  try {
    if (existsSync(state)) accessSync(state, constants.W_OK)
    else {
      mkdirSync(state)
      rmdirSync(state)
    }
    return null
  } catch (error) {
    return wordsOfError(error)
  }
}

async function problemsIn(file: string): Promise<string[]> {
  const read = readPlan(file)
  if ('errors' in read) return read.errors
  const path = localEnvironment().inherited['PATH'] ?? ''
  return (await problemsBefore(read.plan, path, '127.0.0.1')).map(({ sentence }) => sentence)
}

async function logOf(dir: string): Promise<{ records: number; broken: string | null }> {
  const { records, broken } = await walk(dir)
  // A torn tail is cut at the next start, or being written just now.
  return { records, broken: broken === null || broken.tail ? null : wordsOf(broken) }
}

export function judgeMachine({ node, state, unwritable, plan, log }: MachineFacts): Finding[] {
  const [major = 0, minor = 0] = node.split('.').map(Number)
  const newEnough = major > NODE.major || (major === NODE.major && minor >= NODE.minor)
  const nodeWords = `Node.js ${node}.`
  const wanted = `${NODE.major}.${NODE.minor}`
  return [
    newEnough ? fine('node', nodeWords) : wrong('node', 'failure', wanted, nodeWords),
    unwritable === null
      ? fine('state-folder', 'It can be written.', state)
      : wrong('state-folder', 'failure', state, `${unwritable}.`),
    ...(plan === null ? [] : planFindings(plan)),
    ...(log === null
      ? []
      : [
          log.broken === null
            ? fine('log', `It verifies: ${many(log.records, 'record')}.`)
            : wrong('log', 'failure', '', log.broken),
        ]),
  ]
}

function planFindings({ file, problems }: { file: string; problems: string[] }): Finding[] {
  if (problems.length === 0) return [fine('plan', 'All that it asks for is there.', file)]
  return problems.map(problem => wrong('plan', 'failure', file, problem))
}
